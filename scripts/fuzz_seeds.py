"""Small whole files of every format that is read, to begin fuzzing with."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from colorizer.photo.formats import SNIFF_BYTES, sniff

_HEIGHT, _WIDTH = 18, 26
_LARGEST = 2_000_000  # bytes of a file that is taken from a folder


def of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(format or "other", bytes) of the files below a folder, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            data = path.read_bytes()
            yield (sniff(data[:SNIFF_BYTES]) or "other").lower(), data


def generated() -> Iterator[tuple[str, bytes]]:
    """(format, bytes), some hundred bytes to some thousand each; HEIC only if it is installed."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    grey = ((x * 9 + y * 5) % 256).astype(np.uint8)
    colour = np.stack([grey, grey[::-1], 255 - grey], -1)
    for name, files in (
        ("png", _png(grey, colour)),
        ("jpeg", _jpeg(grey, colour)),
        ("tiff", _tiff(grey, colour)),
        ("webp", _webp(colour)),
        ("bmp", _bmp(grey, colour)),
        ("pnm", _pnm(grey, colour)),
        ("gif", _gif(grey, colour)),
        ("avif", _avif(colour)),
        ("heic", _heic(colour)),
        ("jpeg 2000", _jpeg2000(grey, colour)),
        ("jpeg xl", _jpegxl(grey, colour)),
    ):
        for data in files:
            yield name, data


def _saved(array: NDArray[Any] | Image.Image, format: str, **options: Any) -> bytes:
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _notes() -> dict[str, Any]:
    """An orientation, a resolution, a profile: what a camera writes beside the picture."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9003] = 6, "Camera", "1931:05:01 12:00:00"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {"exif": exif.tobytes(), "icc_profile": profile, "dpi": (300, 300)}


_IIM = b"\x1c\x02\x19\0\x03sea\x1c\x02\x78\0\x07Harbour"
_RESOURCES = b"8BIM\x04\x04\0\0\0\0" + struct.pack(">H", len(_IIM)) + _IIM
_LIST = "<dc:subject><rdf:Bag><rdf:li>{}</rdf:li></rdf:Bag></dc:subject>"


def _xmp(attributes: str, *words: str) -> bytes:
    return (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'"
        f" xmlns:n='http://ns.adobe.com/xmp/note/' {attributes}>"
        f"{''.join(map(_LIST.format, words))}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _captioned_jpeg(jpeg: bytes) -> bytes:
    """With comment, IPTC-IIM, and XMP in two parts."""
    guid, second = b"0" * 32, _xmp("", "sea", "ship")
    bodies = (
        (0xFE, b"A remark"),
        (0xED, b"Photoshop 3.0\0" + _RESOURCES),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _xmp(f"n:HasExtendedXMP='{'0' * 32}'", "sea")),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + guid
            + struct.pack(">II", len(second), 0) + second),
    )  # fmt: skip
    segments = [struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in bodies]
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def _captioned_png(grey: NDArray[np.uint8]) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Harbour")
    info.add_itxt("Description", "Großmutter", "de", "Beschreibung")
    profile = f"\niptc\n{len(_RESOURCES):8}\n{_RESOURCES.hex()}\n"
    info.add_text("Raw profile type iptc", profile, zip=True)
    return _saved(grey, "PNG", pnginfo=info)


def _with_alpha(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([colour, colour[..., :1]], -1)


def _png(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    palette = Image.fromarray(colour).quantize(16)
    yield _saved(grey, "PNG", **_notes())
    yield _captioned_png(grey)
    yield _saved(grey.astype(np.uint16) * 257, "PNG")
    yield _saved(Image.fromarray(grey).convert("1"), "PNG")
    yield _saved(palette, "PNG", transparency=3)
    yield _saved(colour, "PNG")
    yield _saved(_with_alpha(colour), "PNG")
    frames = [Image.fromarray(np.roll(colour, i, 1)) for i in range(3)]
    yield _saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


def _jpeg(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield _saved(grey, "JPEG", **_notes())
    yield _captioned_jpeg(_saved(grey, "JPEG"))
    yield _saved(colour, "JPEG", progressive=True, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    yield _saved(colour, "JPEG", subsampling=2, restart_marker_rows=1)
    yield _saved(Image.fromarray(colour).convert("CMYK"), "JPEG")
    yield bytes(imagecodecs.jpeg8_encode(grey.astype(np.uint16) * 16, bitspersample=12))
    yield bytes(imagecodecs.jpeg8_encode(grey, lossless=True))
    yield bytes(imagecodecs.jpegls_encode(colour))


def _tiff(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    import tifffile

    def written(array: NDArray[Any], **options: Any) -> bytes:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, array, metadata=None, **options)
        return buffer.getvalue()

    for codec in (None, "lzw", "deflate", "packbits", "zstd", "lzma"):
        yield written(grey, compression=codec)
    yield written(colour, photometric="rgb", compression="jpeg")
    yield written(colour, photometric="rgb", compression="deflate", predictor=True)
    yield written(np.moveaxis(colour, -1, 0), photometric="rgb", planarconfig="separate")
    yield written(np.tile(grey, (3, 3)), tile=(16, 16), compression="lzw")
    yield written(grey.astype(np.uint16) * 257, bigtiff=True, byteorder=">")
    yield written(grey.astype(np.float32) / 255)
    for codec in ("webp", "jpeg2000", "jpegxl"):
        yield written(colour, photometric="rgb", compression=codec)
    pages = [Image.fromarray(np.roll(grey, i, 1)) for i in range(3)]
    yield _saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for codec in ("group3", "group4", "tiff_ccitt"):
        yield _saved(Image.fromarray(grey).convert("1"), "TIFF", compression=codec)
    yield written(grey, extratags=[(33723, 7, len(_IIM), _IIM, True)])
    yield _saved(Image.fromarray(colour).quantize(16), "TIFF")
    yield _saved(Image.fromarray(colour).convert("YCbCr"), "TIFF")
    yield _saved(Image.fromarray(colour).convert("CMYK"), "TIFF", **_notes())


def _webp(colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield _saved(colour, "WEBP", **_notes())
    yield _saved(_with_alpha(colour), "WEBP", lossless=True)
    frames = [Image.fromarray(np.roll(colour, i, 1)) for i in range(3)]
    yield _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])


def _bmp(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    for mode in ("1", "L"):
        yield _saved(Image.fromarray(grey).convert(mode), "BMP")
    yield _saved(Image.fromarray(colour).quantize(16), "BMP")
    yield _saved(colour, "BMP")
    yield _saved(_with_alpha(colour), "BMP")
    rows = b"".join(bytes([_WIDTH, value, 0, 0]) for value in range(_HEIGHT)) + b"\0\1"
    palette = b"".join(bytes([i, i, i, 0]) for i in range(256))
    start = 14 + 40 + len(palette)
    info = (40, _WIDTH, _HEIGHT, 1, 8, 1, len(rows), 2835, 2835, 256, 0)  # runs of equal bytes
    head = b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start)
    yield head + struct.pack("<IiiHHIIiiII", *info) + palette + rows


def _pnm(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    size = f"{_WIDTH} {_HEIGHT}"
    yield f"P1\n# plain\n{size}\n".encode() + b"10 " * (_WIDTH * _HEIGHT // 2)
    yield f"P2\n{size}\n255\n".encode() + " ".join(map(str, grey.ravel())).encode()
    yield f"P3\n{size}\n255\n".encode() + " ".join(map(str, colour.ravel())).encode()
    yield f"P4\n{size}\n".encode() + np.packbits(grey > 99, axis=1).tobytes()
    yield f"P5\n{size}\n65535\n".encode() + (grey.astype(">u2") * 257).tobytes()
    yield f"P6\n{size}\n255\n".encode() + colour.tobytes()
    tuple_type = f"WIDTH {_WIDTH}\nHEIGHT {_HEIGHT}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\n"
    yield f"P7\n{tuple_type}ENDHDR\n".encode() + _with_alpha(colour).tobytes()
    yield f"Pf\n{size}\n-1.0\n".encode() + (grey / 255).astype("<f4").tobytes()


def _gif(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield _saved(grey, "GIF")
    frames = [Image.fromarray(np.roll(colour, i, 1)).quantize(16) for i in range(3)]
    yield _saved(frames[0], "GIF", save_all=True, append_images=frames[1:], transparency=2)


def _avif(colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield _saved(colour, "AVIF", **_notes())
    yield _saved(_with_alpha(colour), "AVIF", quality=90)


def _jpeg2000(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield bytes(imagecodecs.jpeg2k_encode(colour))
    yield bytes(imagecodecs.jpeg2k_encode(grey.astype(np.uint16) * 257, reversible=True))
    yield bytes(imagecodecs.jpeg2k_encode(_with_alpha(colour), codecformat="j2k"))


def _jpegxl(grey: NDArray[np.uint8], colour: NDArray[np.uint8]) -> Iterator[bytes]:
    yield bytes(imagecodecs.jpegxl_encode(grey.astype(np.uint16) * 257))
    yield bytes(imagecodecs.jpegxl_encode(_with_alpha(colour), usecontainer=True))
    yield bytes(imagecodecs.jpegxl_encode(colour, lossless=False))


def _heic(colour: NDArray[np.uint8]) -> Iterator[bytes]:
    try:
        import pillow_heif
    except ImportError:
        return
    for array, mode in ((colour, "RGB"), (_with_alpha(colour), "RGBA")):
        image = pillow_heif.from_bytes(mode, array.shape[1::-1], array.tobytes())
        buffer = io.BytesIO()
        image.save(buffer, quality=60)
        yield buffer.getvalue()
