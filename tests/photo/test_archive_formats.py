"""The formats of archives: JPEG 2000, JPEG XL, JPEG-LS, JPEG of 12 bits and lossless."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from colorizer.errors import CorruptImage, UnsupportedImage
from colorizer.photo import Photo, probe, read
from colorizer.photo.decoders import jpegxl_header
from colorizer.photo.icc import made_profile

from .pictures import exif, iim, jpeg12, noise, reference_grey, same, saved, smooth, tiff, xmp


def assert_luminance(photo: Photo, rgb: NDArray[Any], tolerance: float = 2e-5) -> None:
    assert np.abs(photo.pixels / 65535 - reference_grey(rgb)).max() <= tolerance


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


# JPEG 2000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("codec", ["jp2", "j2k"])
def test_jpeg2000(channels: int, dtype: type, codec: str) -> None:
    samples = noise(20, 30, channels, dtype=dtype)
    data = imagecodecs.jpeg2k_encode(samples.squeeze(), reversible=True, codecformat=codec)
    photo = read(bytes(data))
    assert photo.metadata.source_format == "JPEG 2000"
    assert photo.bit_depth == np.dtype(dtype).itemsize * 8
    if channels < 3:
        assert np.array_equal(photo.pixels, samples[..., 0])
    else:
        assert_luminance(photo, samples[..., :3])
    assert same(photo.alpha, samples[..., -1]) is (channels in (2, 4))


@pytest.mark.parametrize("bits", [10, 12])
def test_jpeg2000_of_other_depths(bits: int) -> None:
    values = noise(20, 30, dtype=np.uint16) >> (16 - bits)
    data = imagecodecs.jpeg2k_encode(values, reversible=True, bitspersample=bits)
    expected = np.rint(values * (65535 / ((1 << bits) - 1)))
    assert np.array_equal(read(bytes(data)).pixels, expected)


def test_signed_jpeg2000() -> None:
    values = noise(20, 30)
    signed = (values.astype(np.int16) - 128).astype(np.int8)
    data = imagecodecs.jpeg2k_encode(signed, reversible=True)
    assert np.array_equal(read(bytes(data)).pixels, values)


def _jp2(samples: NDArray[Any], *more: bytes, colour: bytes | None = None) -> bytes:
    """With boxes after the header, and another box for the colour space."""
    data = bytes(imagecodecs.jpeg2k_encode(samples, reversible=True))
    head = data.index(b"jp2h") - 4
    end = head + int.from_bytes(data[head : head + 4], "big")
    inside = data[head + 8 : end]
    if colour is not None:
        at = inside.index(b"colr") - 4
        length = int.from_bytes(inside[at : at + 4], "big")
        inside = inside[:at] + box(b"colr", colour) + inside[at + length :]
    return data[:head] + box(b"jp2h", inside) + b"".join(more) + data[end:]


def test_what_travels_with_jpeg2000() -> None:
    packet = xmp('xmp:Rating="5"')
    samples = noise(20, 30)
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    iptc_uuid = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
    exif_uuid = bytes.fromhex("4a706754696666457869662d3e4a5032")
    data = _jp2(
        samples,
        box(b"uuid", uuid + packet),
        box(b"uuid", exif_uuid + exif(6, t270="Harbour")[6:]),
        box(b"uuid", iptc_uuid + iim((90, b"Z\xc3\xbcrich"))),
    )
    photo = read(data)
    assert photo.metadata.xmp == packet
    assert photo.metadata.exif is not None
    assert b"Harbour" in photo.metadata.exif
    assert photo.metadata.photoshop is not None
    assert "Zürich".encode() in photo.metadata.photoshop
    assert photo.pixels.shape == (30, 20)
    assert probe(data).width == 20


def test_the_resolution_of_jpeg2000() -> None:
    resc = box(b"resc", struct.pack(">4H2b", 300, 254, 150, 254, 4, 4))
    data = _jp2(noise(20, 30))
    at = data.index(b"colr") - 4
    head = data.index(b"jp2h") - 4
    length = int.from_bytes(data[head : head + 4], "big")
    extra = box(b"res ", resc)
    data = data[:head] + struct.pack(">I", length + len(extra)) + data[head + 4 : at] + extra + (
        data[at:]
    )  # fmt: skip
    assert read(data).metadata.dpi == pytest.approx((150, 300), rel=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("space", ["gray", "rgb"])
def test_profiles_of_jpeg2000(space: str, dtype: type) -> None:
    """The decoder would apply them by itself, and reduce the picture to 8 bits."""
    values = noise(20, 30, dtype=dtype)
    samples = values if space == "gray" else np.dstack([values] * 3)
    found = read(_jp2(samples, colour=b"\2\0\0" + made_profile(space, 1.0))).pixels
    y = values / np.iinfo(dtype).max
    expected = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    assert np.abs(found / 65535 - expected).max() < 0.001


def test_jpeg2000_in_cmyk_and_lab() -> None:
    cmyk = noise(20, 30, 4)
    rgb = np.rint((255.0 - cmyk[..., :3]) * (255.0 - cmyk[..., 3:]) / 255).astype(np.uint8)
    photo = read(_jp2(cmyk, colour=b"\1\0\0" + struct.pack(">I", 12)))
    assert photo.alpha is None
    assert_luminance(photo, rgb, 0.005)
    with pytest.raises(UnsupportedImage, match="rare kind of JPEG 2000"):
        read(_jp2(noise(20, 30, 3), colour=b"\1\0\0" + struct.pack(">I", 14)))


def test_jpeg2000_with_many_components_is_refused() -> None:
    with pytest.raises(UnsupportedImage, match="rare kind of JPEG 2000"):
        read(bytes(imagecodecs.jpeg2k_encode(noise(20, 30, 5), reversible=True)))


def test_jpeg2000_written_by_pillow() -> None:
    rgb = smooth()
    photo = read(saved(rgb, "JPEG2000", irreversible=False))
    assert_luminance(photo, rgb)


# JPEG XL


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_jpegxl(channels: int, container: bool) -> None:
    samples = noise(20, 30, channels)
    data = bytes(imagecodecs.jpegxl_encode(samples.squeeze(), usecontainer=container))
    photo = read(data)
    assert photo.metadata.source_format == "JPEG XL"
    assert photo.bit_depth == 8
    assert photo.warnings == ()
    if channels < 3:
        assert np.array_equal(photo.pixels, samples[..., 0])
    else:
        assert_luminance(photo, samples[..., :3])
    assert same(photo.alpha, samples[..., -1]) is (channels in (2, 4))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpegxl_of_more_depth_in_linear_light(channels: int, dtype: type) -> None:
    """imagecodecs writes these as linear light."""
    samples = noise(20, 30, channels, dtype=np.uint16)
    values = samples if dtype is np.uint16 else (samples / 65535).astype(np.float32)
    photo = read(bytes(imagecodecs.jpegxl_encode(values.squeeze())))
    y = samples / 65535
    if channels == 3:
        y = y @ np.array([[0.2126729], [0.7151522], [0.0721750]])
    expected = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)[..., 0]
    assert photo.bit_depth == 16
    assert np.abs(photo.pixels / 65535 - expected).max() < 0.002


def test_lossy_jpegxl() -> None:
    rgb = smooth()
    data = imagecodecs.jpegxl_encode(rgb, lossless=False, distance=0.3)
    assert_luminance(read(bytes(data)), rgb, 0.02)


@pytest.mark.parametrize(
    "shape", [(1, 1), (8, 8), (72, 104), (30, 40), (5, 9000), (50, 40), (256, 1), (9, 16)]
)
@pytest.mark.parametrize("lossless", [False, True])
def test_the_header_of_jpegxl(shape: tuple[int, int], lossless: bool) -> None:
    for channels, dtype in ((1, np.uint8), (2, np.uint16), (3, np.float32), (4, np.uint8)):
        samples = np.zeros(shape if channels == 1 else (*shape, channels), dtype)
        header = jpegxl_header.read(bytes(imagecodecs.jpegxl_encode(samples, lossless=lossless)))
        assert header is not None
        assert (header.height, header.width) == shape
        assert header.bits == samples.dtype.itemsize * 8
        assert header.floating == (dtype is np.float32)
        assert header.xyb == (not lossless)
        if samples.ndim == 3:
            assert header.alpha == (samples.shape[2] in (2, 4))


class Bits:
    """Writes numbers, the least significant bit first."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def put(self, value: int, count: int) -> Bits:
        self._bits += [value >> i & 1 for i in range(count)]
        return self

    def enum(self, value: int) -> Bits:
        if value < 2:
            return self.put(value, 2)
        small = value < 18
        return self.put(2 if small else 3, 2).put(value - (2 if small else 18), 4 if small else 6)

    def done(self) -> bytes:
        padded = self._bits + [0] * (-len(self._bits) % 8)
        return b"\xff\x0a" + bytes(
            sum(bit << i for i, bit in enumerate(padded[at : at + 8]))
            for at in range(0, len(padded), 8)
        )


def _header(orientation: int = 1, profile: bool = False, transfer: int | None = 13,
            gamma: int = 0, primaries: int = 1) -> bytes:  # fmt: skip
    """A header of 16 x 24 pixels, written by the standard."""
    bits = Bits().put(1, 1).put(2, 5).put(0, 3).put(1, 5)  # small; height 24; width 16
    bits.put(0, 1).put(1, 1).put(orientation - 1, 3).put(0, 3)  # extra fields
    bits.put(0, 1).put(0, 2).put(1, 1).put(0, 2)  # 8 bits, no extra channels
    bits.put(0, 1).put(0, 1).put(profile, 1)  # not XYB; not usual colours
    bits.put(0, 2)  # RGB
    if profile:
        return bits.put(0, 30).done()
    bits.put(1, 2)  # D65
    bits.enum(primaries)
    if transfer is None:
        bits.put(1, 1).put(gamma, 24)
    else:
        bits.put(0, 1).enum(transfer)
    return bits.put(1, 2).put(0, 60).done()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_jpegxl_is_the_decoders(orientation: int) -> None:
    header = jpegxl_header.read(_header(orientation))
    assert header is not None
    assert (header.width, header.height, header.orientation) == (16, 24, orientation)
    found = probe(_header(orientation))
    assert (found.width, found.height) == ((24, 16) if orientation > 4 else (16, 24))


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_jpegxl_is_refused(transfer: int, name: str) -> None:
    with pytest.raises(UnsupportedImage, match=f"HDR picture .{name}."):
        read(_header(transfer=transfer, primaries=9))


def test_colour_encodings_of_jpegxl() -> None:
    header = jpegxl_header.read(_header(transfer=None, gamma=4_545_455, primaries=11))
    assert header is not None
    assert header.gamma == pytest.approx(1 / 2.2)
    assert header.primaries == (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
    header = jpegxl_header.read(_header(profile=True))
    assert header is not None
    assert header.profile


def test_what_travels_with_jpegxl() -> None:
    packet = xmp('xmp:Rating="5"')
    data = bytes(imagecodecs.jpegxl_encode(noise(20, 30), usecontainer=True))
    notes = box(b"Exif", bytes(4) + exif(6, t270="Harbour")[6:])
    compressed = box(b"brob", b"xml " + bytes(imagecodecs.brotli_encode(packet)))
    photo = read(data + notes + compressed)
    assert photo.pixels.shape == (20, 30)  # the orientation of EXIF does not count here
    assert photo.metadata.xmp == packet
    assert photo.metadata.exif is not None
    assert b"Harbour" in photo.metadata.exif


def test_bombs_in_the_notes_of_jpegxl_do_not_inflate() -> None:
    data = bytes(imagecodecs.jpegxl_encode(noise(20, 30), usecontainer=True))
    bomb = box(b"brob", b"xml " + bytes(imagecodecs.brotli_encode(bytes(40 << 20))))
    assert read(data + bomb).metadata.xmp is None


# JPEG of other kinds


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_ls(channels: int, dtype: type) -> None:
    samples = noise(20, 30, channels, dtype=dtype)
    photo = read(bytes(imagecodecs.jpegls_encode(samples.squeeze())))
    assert photo.bit_depth == np.dtype(dtype).itemsize * 8
    if channels == 1:
        assert np.array_equal(photo.pixels, samples[..., 0])
    else:
        assert_luminance(photo, samples)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_jpeg(channels: int, bits: int) -> None:
    samples = noise(20, 30, channels, dtype=np.uint16) >> (16 - bits)
    if bits == 8:
        samples = samples.astype(np.uint8)
    data = imagecodecs.jpeg8_encode(
        samples.squeeze(), lossless=True, bitspersample=bits, colorspace="RGB" if channels == 3
        else None, outcolorspace="RGB" if channels == 3 else None,
    )  # fmt: skip
    photo = read(bytes(data))
    assert photo.bit_depth == (8 if bits == 8 else 16)
    full = 255 if bits == 8 else 65535
    values = np.rint(samples * (full / ((1 << bits) - 1))).astype(np.uint8 if bits == 8 else "u2")
    if channels == 1:
        assert np.array_equal(photo.pixels, values[..., 0])
    else:
        assert_luminance(photo, values)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_of_12_bits(channels: int) -> None:
    rgb = smooth(channels)
    photo = read(jpeg12(rgb.squeeze()))
    assert photo.bit_depth == 16
    expected = reference_grey(np.repeat(rgb, 3, -1) if channels == 1 else rgb)
    assert np.abs(photo.pixels / 65535 - expected).max() < 0.02
    assert (photo.pixels % 257 != 0).any()


@pytest.mark.parametrize("kind", ["12 bits", "lossless", "JPEG-LS"])
def test_what_travels_with_other_jpegs(kind: str) -> None:
    grey = noise(20, 30)
    if kind == "12 bits":
        data = jpeg12(grey)
    elif kind == "lossless":
        data = bytes(imagecodecs.jpeg8_encode(grey, lossless=True))
    else:
        data = bytes(imagecodecs.jpegls_encode(grey))
    block = b"Exif\0\0" + exif(6, t270="Harbour")[6:]
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    photo = read(data[:2] + segment + data[2:])
    assert photo.pixels.shape == (30, 20)
    assert photo.metadata.exif is not None
    assert b"Harbour" in photo.metadata.exif


# inside TIFF


@pytest.mark.parametrize("compression", ["webp", "jpeg2000", "jpegxl"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_inside_tiff(compression: str, tile: tuple[int, int] | None) -> None:
    rgb = smooth(3, 64, 96)
    data = tiff(rgb, photometric="rgb", compression=compression, tile=tile)
    assert_luminance(read(data), rgb, 0.03)


@pytest.mark.parametrize("compression", ["jpeg2000", "jpegxl"])
def test_16_bits_inside_tiff(compression: str) -> None:
    grey = noise(64, 96, dtype=np.uint16)
    options = {"compressionargs": {"reversible": True}} if compression == "jpeg2000" else {}
    data = tiff(grey, compression=compression, **options)
    assert np.array_equal(read(data).pixels, grey)


@pytest.mark.parametrize("compression", ["webp", "jpeg2000", "jpegxl"])
def test_a_picture_inside_a_tiff_may_not_be_larger_than_its_strip(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is a second, hidden header."""
    small, large = smooth(3, 32, 32), smooth(3, 512, 512)
    encode = getattr(imagecodecs, {"jpeg2000": "jpeg2k"}.get(compression, compression) + "_encode")
    inside = bytes(encode(large))
    data = tiff(small, photometric="rgb", compression=compression)
    tag = struct.pack("<HHI", 273, 4, 1)
    counts = struct.pack("<HHI", 279, 4, 1)
    changed = bytearray(data)
    for place, value in ((data.find(tag), len(data)), (data.find(counts), len(inside))):
        assert place > 0
        changed[place + 8 : place + 12] = struct.pack("<I", value)
    monkeypatch.setattr("tifffile.TiffPage.asarray", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(CorruptImage, match="larger"):
        read(bytes(changed) + inside)


def test_pillow_agrees_on_faxes() -> None:
    bits = smooth(1)[..., 0] > 100
    for compression in ("tiff_ccitt", "group3", "group4"):
        data = saved(Image.fromarray(bits), "TIFF", compression=compression)
        assert np.array_equal(read(data).pixels, np.asarray(Image.open(io.BytesIO(data))) * 255)
