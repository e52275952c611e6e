"""Pictures that the tests make themselves, and reference formulas independent of the package."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHARED = Path(os.environ.get("COLORIZER_SHARED", Path(__file__).parents[2] / "../shared"))
ODD = SHARED / "data" / "odd"

HEIGHT, WIDTH = 12, 17


def noise(*shape: int, dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Random full-range integers."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape or (HEIGHT, WIDTH)).astype(dtype)


def smooth(channels: int = 3, height: int = 32, width: int = 48) -> NDArray[np.uint8]:
    """Gentle colour gradients, which survive lossy compression."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height), 255 - x * 2]
    return np.stack(planes[:channels], -1).astype(np.uint8)


def saved(array: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    """Whether both are there and equal."""
    return one is not None and other is not None and np.array_equal(one, other)


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    """Encode with tifffile."""
    import tifffile

    buffer = io.BytesIO()
    options.setdefault("metadata", None)
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def png(array: NDArray[Any]) -> bytes:
    """Encode with libpng (8 and 16 bits, 1..4 channels)."""
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(array)))


def jpeg12(array: NDArray[np.uint8]) -> bytes:
    """A JPEG of 12 bits, whose values are those of 8 bits times 16."""
    import imagecodecs

    samples = array.astype(np.uint16) * 16
    return bytes(imagecodecs.jpeg8_encode(samples, 95, bitspersample=12))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments after its first one."""
    end = 4 + int.from_bytes(data[4:6], "big")
    return data[:end] + b"".join(segments) + data[end:]


def iim(*fields: tuple[int, bytes]) -> bytes:
    """IPTC-IIM of record 2, as (data set, value); data set 90 is that of record 1."""
    return b"".join(
        struct.pack(
            ">BBBH", 28, 1 if number == 90 and value[:1] == b"\x1b" else 2, number, len(value)
        )
        + value
        for number, value in fields
    )


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    """One Photoshop image resource."""
    label = bytes([len(name)]) + name
    label += bytes(len(label) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + label
        + struct.pack(">I", len(data))
        + data
        + bytes(len(data) % 2)
    )


def exif(orientation: int | None = None, **tags: Any) -> bytes:
    """An EXIF block made by Pillow; ``tags`` as t270="text"."""
    block = Image.Exif()
    if orientation is not None:
        block[274] = orientation
    for name, value in tags.items():
        block[int(name[1:])] = value
    return block.tobytes()


def xmp(attributes: str = "", elements: str = "") -> bytes:
    """A small XMP packet."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}>{elements}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def reference_grey(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB grey 0..1 of the same CIE Y, by the formulas of IEC 61966-2-1."""
    v = rgb.astype(np.float64) / np.iinfo(rgb.dtype).max
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126729, 0.7151522, 0.0721750])
    return np.asarray(
        np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-12) ** (1 / 2.4) - 0.055)
    )


# How a stored picture looks upright, pixel by pixel: stored[row, column] for orientation 1..8.
STORED_AT = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (h - 1 - c, r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (c, w - 1 - r),
}


def upright(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo an orientation slowly, from the table above (EXIF 2.32, figure for tag 274)."""
    h, w = stored.shape[:2]
    shape = (w, h) if orientation > 4 else (h, w)
    result = np.empty((*shape, *stored.shape[2:]), stored.dtype)
    for r in range(shape[0]):
        for c in range(shape[1]):
            result[r, c] = stored[STORED_AT[orientation](r, c, h, w)]
    return result


def tag_place(data: bytes, code: int) -> int:
    """Where the value of a tag of the first page lies in a TIFF."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as source:
        page = source.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        return int(page.tags[code].valueoffset)
