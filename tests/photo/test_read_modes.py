"""Every kind of pixel that a file can hold, with the values that must come out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from colorizer.errors import CorruptImage, UnsupportedImage
from colorizer.photo import WRITABLE_FORMATS, Photo, read, write

from .pictures import noise, png, reference_grey, same, saved, smooth, tag_place, tiff


def assert_luminance(photo: Photo, rgb: np.ndarray, tolerance: float = 1.0) -> None:
    """``tolerance`` in 16-bit steps."""
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels - reference_grey(rgb) * 65535).max() <= tolerance


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_grey_8_bit_pixels_are_kept_exactly(kind: str) -> None:
    pixels = noise()
    photo = read(saved(pixels, kind))
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, pixels)
    assert (photo.bit_depth, photo.alpha) == (8, None)
    assert photo.metadata.source_format == {"PPM": "PNM"}.get(kind, kind)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM"])
def test_colour_8_bit_becomes_16_bit_luminance(kind: str) -> None:
    rgb = noise(12, 17, 3)
    photo = read(saved(rgb, kind))
    assert_luminance(photo, rgb)
    assert photo.bit_depth == 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_neutral_colour_is_grey(kind: str) -> None:
    grey = noise()
    photo = read(saved(np.dstack([grey] * 3), kind))
    assert np.array_equal(photo.pixels, grey)


def test_sepia_keeps_its_luminance() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    sepia = (grey[..., None] * np.array([1.0, 0.87, 0.65])).astype(np.uint8)
    assert_luminance(read(png(sepia)), sepia)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_all_depths_and_channels(dtype: type, channels: int) -> None:
    samples = noise(12, 17, channels, dtype=dtype)
    photo = read(png(samples.squeeze()))
    bits = np.dtype(dtype).itemsize * 8
    assert photo.bit_depth == bits
    if channels in (2, 4):
        assert photo.alpha is not None
        assert photo.alpha.dtype == dtype
        assert same(photo.alpha, samples[..., -1])
    else:
        assert photo.alpha is None
    if channels < 3:
        assert photo.pixels.dtype == dtype
        assert np.array_equal(photo.pixels, samples[..., 0])
    else:
        assert_luminance(photo, samples[..., :3])


def test_sixteen_bit_colour_is_not_read_as_8_bit() -> None:
    rgb = np.zeros((1, 256, 3), np.uint16)
    rgb[0, :, :] = np.arange(30000, 30256)[:, None]
    assert np.array_equal(read(png(rgb)).pixels[0], np.arange(30000, 30256))
    assert np.array_equal(read(tiff(rgb, photometric="rgb")).pixels[0], np.arange(30000, 30256))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM"])
def test_one_bit(kind: str) -> None:
    bits = noise() > 127
    photo = read(saved(Image.fromarray(bits), kind))
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, np.where(bits, 255, 0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_palette(kind: str) -> None:
    palette = noise(256, 3)
    index = noise()
    image = Image.fromarray(index)
    image.putpalette(palette.tobytes())
    options = {"optimize": False} if kind == "GIF" else {}
    assert_luminance(read(saved(image, kind, **options)), palette[index])


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_a_transparent_colour(kind: str) -> None:
    palette, index = noise(256, 3), noise()
    image = Image.fromarray(index)
    image.putpalette(palette.tobytes())
    photo = read(saved(image, kind, transparency=int(index[0, 0])))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, index == index[0, 0])


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_png_are_left_to_pillow(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older libpng writes beyond its memory with them (CVE-2026-33636)."""
    monkeypatch.delattr("imagecodecs.png_decode")
    palette, index = noise(2**bits, 3), noise(9, 13) >> (8 - bits)
    image = Image.fromarray(index)
    image.putpalette(palette.tobytes())
    assert_luminance(read(saved(image, "PNG", bits=bits)), palette[index])


def test_a_single_grey_pixel_stored_as_colour_can_be_written() -> None:
    photo = read(saved(np.full((1, 1, 3), 77, np.uint8), "PNG"))
    for kind in WRITABLE_FORMATS:
        write(photo, io.BytesIO(), format=kind)


def test_webp_lossless_and_alpha() -> None:
    rgba = noise(12, 17, 4)
    photo = read(saved(rgba, "WEBP", lossless=True, exact=True))
    assert_luminance(photo, rgba[..., :3])
    assert same(photo.alpha, rgba[..., 3])


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.fromarray(np.full((8, 9), v, np.uint8)) for v in (40, 90, 140)]
    buffer = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(read(buffer.getvalue()).pixels, np.full((8, 9), 40))


def test_avif() -> None:
    rgb = smooth()
    photo = read(saved(rgb, "AVIF", quality=100, subsampling="4:4:4"))
    assert np.abs(photo.pixels / 65535 - reference_grey(rgb)).max() < 0.02


def test_jpeg_grey_equals_pillow() -> None:
    data = saved(smooth(1)[..., 0], "JPEG")
    assert np.array_equal(read(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


def test_jpeg_colour_equals_pillow() -> None:
    data = saved(smooth(), "JPEG", quality=90)
    assert_luminance(read(data), np.asarray(Image.open(io.BytesIO(data))))


def test_jpeg_cmyk_as_adobe_writes_it() -> None:
    cmyk = Image.fromarray(smooth()).convert("CMYK")
    data = saved(cmyk, "JPEG", quality=100)
    expected = reference_grey(np.asarray(cmyk.convert("RGB")))
    assert np.abs(read(data).pixels / 65535 - expected).max() < 0.03


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_compressions(compression: str | None, dtype: type) -> None:
    grey = noise(40, 50, dtype=dtype)
    photo = read(tiff(grey, compression=compression, rowsperstrip=7))
    assert photo.pixels.dtype == dtype
    assert np.array_equal(photo.pixels, grey)


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 32)},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"predictor": True, "compression": "lzw"},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (16, 16), "compression": "deflate"},
    ],
)
def test_tiff_layouts(options: dict[str, Any]) -> None:
    rgb = noise(40, 50, 3, dtype=np.uint16)
    if options.get("planarconfig") == "separate":
        data = tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", **options)
    else:
        data = tiff(rgb, photometric="rgb", **options)
    photo = read(data)
    assert photo.bit_depth == 16
    assert_luminance(photo, rgb)


def test_tiff_white_is_zero() -> None:
    grey = noise(dtype=np.uint16)
    photo = read(tiff(grey, photometric="miniswhite"))
    assert np.array_equal(photo.pixels, 65535 - grey)


def test_tiff_group_4_fax() -> None:
    bits = smooth(1)[..., 0] > 100
    data = saved(Image.fromarray(bits), "TIFF", compression="group4")
    assert np.array_equal(read(data).pixels, np.where(bits, 255, 0))


@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14])
def test_tiff_packed_depths_use_the_full_range(bits: int) -> None:
    """Packed by hand, most significant bit first; brightest is white."""
    height, width = 6, 8
    values = noise(height, width, dtype=np.uint16) >> (16 - bits)
    values[0, 0], values[0, 1] = 0, (1 << bits) - 1
    stream = (values[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    packed = np.packbits(stream.reshape(height, -1).astype(np.uint8), axis=1)
    data = bytearray(tiff(packed))  # the right bytes, but described as 8 bits
    places = {code: tag_place(bytes(data), code) for code in (256, 258)}
    for code, value in ((256, width), (258, bits)):
        data[places[code] : places[code] + 2] = value.to_bytes(2, "little")
    photo = read(bytes(data))
    full = 255 if bits <= 8 else 65535
    assert photo.bit_depth == (8 if bits <= 8 else 16)
    assert np.array_equal(photo.pixels, np.rint(values * (full / ((1 << bits) - 1))))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_within_0_to_1_is_kept(dtype: type) -> None:
    values: NDArray[Any] = (noise(dtype=np.uint16) / 131070 + 0.25).astype(dtype)
    photo = read(tiff(values))
    assert photo.bit_depth == 16
    assert np.array_equal(photo.pixels, np.rint(values.astype(np.float64) * 65535))


def test_float_all_nan() -> None:
    assert not read(tiff(np.full((4, 5), np.nan, np.float32))).pixels.any()


def test_float_colour() -> None:
    rgb = noise(12, 17, 3, dtype=np.uint16)
    photo = read(tiff((rgb / 65535).astype(np.float32), photometric="rgb"))
    assert_luminance(photo, rgb)


def test_tiff_alpha_kinds() -> None:
    rgba = noise(12, 17, 4, dtype=np.uint16)
    photo = read(tiff(rgba, photometric="rgb", extrasamples=["unassalpha"]))
    assert same(photo.alpha, rgba[..., 3])
    assert_luminance(photo, rgba[..., :3])

    alpha = np.maximum(rgba[..., 3:], 30000)
    times = np.rint(rgba[..., :3] * (alpha / 65535)).astype(np.uint16)
    photo = read(tiff(np.dstack([times, alpha]), photometric="rgb", extrasamples=["assocalpha"]))
    assert same(photo.alpha, alpha[..., 0])
    assert np.abs(photo.pixels / 65535 - reference_grey(rgba[..., :3])).max() < 1e-3

    photo = read(tiff(rgba, photometric="rgb", extrasamples=["unspecified"]))
    assert photo.alpha is None


def test_tiff_cmyk() -> None:
    cmyk = noise(12, 17, 4)
    photo = read(tiff(cmyk, photometric="separated"))
    rgb = np.rint((255.0 - cmyk[..., :3]) * (255.0 - cmyk[..., 3:]) / 255).astype(np.uint8)
    assert np.abs(photo.pixels / 65535 - reference_grey(rgb)).max() < 0.005


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_lab_keeps_its_lightness(dtype: type) -> None:
    lab = noise(12, 17, 3, dtype=dtype)
    photo = read(tiff(lab, photometric="cielab"))
    expected = lab[..., 0] / np.iinfo(dtype).max * 100
    assert np.abs(photo.lightness() - expected).max() < 0.01


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2)])
def test_tiff_with_jpeg_inside(subsampling: tuple[int, int]) -> None:
    rgb = smooth(3, 64, 64)
    data = tiff(
        rgb,
        photometric="rgb",
        compression="jpeg",
        compressionargs={"level": 95},
        subsampling=subsampling,
        rowsperstrip=32,
    )
    assert np.abs(read(data).pixels / 65535 - reference_grey(rgb)).max() < 0.06


def test_tiff_of_a_camera_is_refused() -> None:
    data = tiff(noise(), extratags=[(50706, 1, 4, b"\1\4\0\0", True)])
    with pytest.raises(UnsupportedImage, match="camera raw"):
        read(data)


PNM = [
    (b"P1 3 2\n1 0 1\n010", [[0, 255, 0], [255, 0, 255]]),
    (b"P1\n#note\n3 2\n101010", [[0, 255, 0], [255, 0, 255]]),
    (b"P2 3 1 #x\n15\n0 5 15", [[0, 85, 255]]),
    (b"P2 2 1 1000\n0 1000", [[0, 65535]]),
    (b"P2 3 1 255\n0000200 00000100 0000000", [[200, 100, 0]]),
    (b"P4 3 2\n\xa0\x40", [[0, 255, 0], [255, 0, 255]]),
    (b"P5 2 1 255\n\x07\xff", [[7, 255]]),
    (b"P5 2 1 4095\n\x00\x00\x0f\xff", [[0, 65535]]),
    (b"P5 2 1 65535\n\x01\x02\xff\xff", [[258, 65535]]),
    (b"P3 2 1 255 9 9 9 200 200 200", [[9, 200]]),
    (b"P6 2 1 65535\n" + b"\x12\x34" * 3 + b"\xab\xcd" * 3, [[0x1234, 0xABCD]]),
    (b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE X\nENDHDR\n\1\2\3\4", [[1, 3]]),
    (b"Pf 1 2 -1.0\n" + np.array([0.0, 1.0], "<f4").tobytes(), [[65535], [0]]),
    (b"PF 1 1 1.0\n" + np.array([1.0, 1.0, 1.0], ">f4").tobytes(), [[65535]]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), PNM)
def test_pnm(data: bytes, expected: list[list[int]]) -> None:
    assert read(data).pixels.tolist() == expected


@pytest.mark.parametrize(
    "data",
    [b"P5 2 1 255\n\x07", b"P5 2", b"P5 0 1 255\n", b"P5 2 1 70000\n1234", b"P5 -1 2 255\n12",
     b"P2 2 1 9\n3 10", b"P2 2 1 9\n3 x", b"P2 1 1 65535\n4295000000", b"P5 2 1 100\n\xff\xff"],
)  # fmt: skip
def test_pnm_broken(data: bytes) -> None:
    with pytest.raises(CorruptImage):
        read(data)


def test_heic(monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    rgb = smooth(3, 64, 64)
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(rgb)).save(buffer, quality=95)
    photo = read(buffer.getvalue())
    assert photo.metadata.source_format == "HEIC"
    assert np.abs(photo.pixels / 65535 - reference_grey(rgb)).max() < 0.06
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(UnsupportedImage, match=r"colorizer\[heic\]"):
        read(buffer.getvalue())


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(png(noise()))
    assert read(path).metadata.source_format == "PNG"
    assert read(str(path)).pixels.shape == (12, 17)
    with path.open("rb") as file:
        assert read(file).pixels.shape == (12, 17)
        assert not file.closed


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"8BPS\0\1", "Photoshop"), (b"%!PS-Adobe EPSF", "PostScript"), (b"%PDF-1.4", "PDF"),
     (b"qoif....", "QOI"), (b"hello world", "not a picture"), (b"\0" * 100, "not a picture"),
     (bytes(128) + b"DICM\2\0", "DICOM"), (b"SIMPLE  =                    T", "FITS"),
     (b"v/1\x01\2\0\0\0", "OpenEXR"), (b"#?RADIANCE\n", "HDR"), (b"IIU\0\x18\0\0\0", "camera raw"),
     (b"IIRO\x08\0\0\0", "camera raw"), (b"FUJIFILMCCD-RAW ", "camera raw"),
     (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw"), (b"<svg>", "SVG"),
     (b"\0\0\0\x18ftypisom\0\0\0\1isommp42", "film"),
     (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG")],
)  # fmt: skip
def test_foreign_files_are_named(data: bytes, word: str) -> None:
    with pytest.raises(UnsupportedImage, match=word):
        read(data)
