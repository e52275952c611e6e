"""Damage: refused, or read and said; and the part of a file that is there."""

from __future__ import annotations

import gc
import io
import random
import re
import struct
import sys
import zlib
from contextlib import suppress
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from colorizer.errors import CorruptImage, ImageError
from colorizer.photo import read

from .pictures import chunk, noise, png, same, saved, smooth, tag_place, tiff, with_chunks

HEIGHT, WIDTH = 96, 128


@cache
def rgb() -> NDArray[np.uint8]:
    return smooth(3, HEIGHT, WIDTH)


@cache
def jpegs() -> dict[str, bytes]:
    return {
        "baseline": saved(rgb(), "JPEG"),
        "grey": saved(rgb()[..., 0], "JPEG"),
        "progressive": saved(rgb(), "JPEG", progressive=True),
        "restarts": saved(rgb(), "JPEG", restart_marker_rows=1),
        "cmyk": saved(Image.fromarray(rgb()).convert("CMYK"), "JPEG"),
    }


KINDS = ["baseline", "grey", "progressive", "restarts", "cmyk"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_jpeg_has_no_warnings(kind: str) -> None:
    assert read(jpegs()[kind]).warnings == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_that_lacks_only_its_end_is_whole(kind: str, lost: int) -> None:
    data = jpegs()[kind]
    photo = read(data[:-lost])
    assert np.array_equal(photo.pixels, read(data).pixels)
    assert photo.warnings == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.6, 0.8, 0.97])
def test_a_jpeg_that_is_cut_off(kind: str, share: float) -> None:
    data = jpegs()[kind]
    cut = data[: int(len(data) * share)]
    with pytest.raises(CorruptImage, match="the file ends before the picture does"):
        read(cut)
    photo = read(cut, salvage=True)
    assert photo.pixels.shape == (HEIGHT, WIDTH)
    assert photo.warnings == ("The picture is incomplete: what is missing of the picture is grey.",)
    if kind != "progressive":
        assert np.array_equal(photo.pixels[:8], read(data).pixels[:8])


@pytest.mark.parametrize("kind", KINDS)
def test_salvage_changes_nothing_of_a_whole_jpeg(kind: str) -> None:
    photo = read(jpegs()[kind], salvage=True)
    assert np.array_equal(photo.pixels, read(jpegs()[kind]).pixels)
    assert photo.warnings == ()


def test_nothing_to_salvage() -> None:
    for data in (jpegs()["baseline"][:100], png(rgb())[:60], b"\xff\xd8\xff"):
        with pytest.raises(CorruptImage):
            read(data, salvage=True)


@pytest.mark.parametrize("kind", KINDS)
def test_bit_rot_in_a_scan_is_said(kind: str) -> None:
    """Nearly always: what makes other codes of the same length cannot be told from a picture."""
    generator = random.Random(1)
    said = 0
    for _ in range(30):
        data = bytearray(jpegs()[kind])
        start = data.rindex(b"\xff\xda") + 20
        place = generator.randrange(start, len(data) - 20)
        data[place : place + 12] = generator.randbytes(12)
        try:
            warnings = read(bytes(data)).warnings
        except CorruptImage:
            continue
        said += warnings == ("The picture is damaged: parts of the picture are wrong.",)
    assert said >= 15


def test_a_progressive_jpeg_that_lacks_whole_scans_is_cut_off() -> None:
    data = jpegs()["progressive"]
    for place in [m.start() for m in re.finditer(b"\xff[\xda\xc4]", data)][4:]:
        with pytest.raises(CorruptImage, match="the file ends"):
            read(data[:place])
        assert read(data[: place + 9], salvage=True).pixels.shape == (HEIGHT, WIDTH)


def test_what_programs_leave_between_the_headers_is_no_damage() -> None:
    data = jpegs()["baseline"]
    at = data.index(b"\xff\xdb")
    photo = read(data[:at] + b"\0\0\0" + data[at:] + b"trailing bytes")
    assert photo.warnings == ()


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_part_of_a_png_that_is_there(channels: int, dtype: type, interlaced: bool) -> None:
    samples = noise(40, 50, channels, dtype=dtype)
    data = _interlaced(samples) if interlaced else png(samples.squeeze())
    whole = read(data)
    cut = data[: int(len(data) * 0.6)]
    with pytest.raises(CorruptImage):
        read(cut)
    photo = read(cut, salvage=True)
    assert photo.pixels.shape == (40, 50)
    assert photo.bit_depth == whole.bit_depth
    kept = (photo.pixels == whole.pixels).mean()
    assert 0.5 < kept < 0.7
    if not interlaced:
        assert np.array_equal(photo.pixels[:20], whole.pixels[:20])
        assert same(photo.alpha, whole.alpha) is False
    share = re.search(r"(\d+) % of it was read, and the rest is black\.", photo.warnings[0])
    assert share is not None
    assert 55 <= int(share[1]) <= 62


def _interlaced(samples: NDArray[Any]) -> bytes:
    """As PNG with Adam7 and no filters."""
    height, width, channels = samples.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2)]  # fmt: skip
    big = samples.astype(samples.dtype.newbyteorder(">"))
    rows = [b"\0" + row.tobytes() for x, y, right, down in passes for row in big[y::down, x::right]]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    depth = samples.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in parts)


def test_salvage_goes_on_over_wrong_checksums() -> None:
    grey = noise(40, 50)
    data = bytearray(png(grey))
    data[data.index(b"IDAT") - 4 + 8 + 30] ^= 1
    with pytest.raises(CorruptImage):
        read(bytes(data))
    photo = read(bytes(data), salvage=True)
    assert "all of it was read, but parts of it may be wrong" in photo.warnings[0]


def test_salvage_of_a_palette() -> None:
    index = noise(40, 50)
    image = Image.fromarray(index)
    image.putpalette(noise(256, 3).tobytes())
    data = saved(image, "PNG")
    photo = read(data[: len(data) // 2], salvage=True)
    assert np.array_equal(photo.pixels[:5], read(data).pixels[:5])


def test_interlaced_pngs_are_read_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    samples = noise(21, 19, 3, dtype=np.uint16)
    assert same(read(_interlaced(samples)).pixels, read(png(samples)).pixels)
    assert capfd.readouterr() == ("", "")


def _strips(data: bytes) -> list[tuple[int, int]]:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        return list(zip(page.dataoffsets, page.databytecounts, strict=True))


def _tiffs() -> dict[str, bytes]:
    grey = rgb()[..., 0]
    bits = Image.fromarray((rgb()[..., 2] ^ rgb()[..., 0]) > 90)
    return {
        "jpeg": tiff(grey, compression="jpeg", rowsperstrip=48),
        "jpeg-colour": tiff(rgb(), photometric="rgb", compression="jpeg", tile=(64, 64)),
        "fax-rle": saved(bits, "TIFF", compression="tiff_ccitt"),
        "fax-3": saved(bits, "TIFF", compression="group3"),
        "fax-4": saved(bits, "TIFF", compression="group4"),
        "zstd": tiff(grey, compression="zstd"),
        "zstd-predictor": tiff(grey, compression="zstd", predictor=True),
        "lzw": tiff(grey, compression="lzw"),
        "webp": tiff(rgb(), photometric="rgb", compression="webp"),
        "jpeg2000": tiff(grey, compression="jpeg2000"),
        "jpegxl": tiff(grey, compression="jpegxl"),
    }


TIFFS = sorted(_tiffs())


@pytest.mark.parametrize("name", TIFFS)
@pytest.mark.parametrize("fill", [0, 255])
def test_tiffs_of_which_the_second_half_is_lost_are_refused(name: str, fill: int) -> None:
    data = bytearray(_tiffs()[name])
    assert read(bytes(data)).warnings == ()
    offset, count = _strips(bytes(data))[-1]
    half = count // 2
    data[offset + half : offset + count] = bytes([fill]) * (count - half)
    with pytest.raises(ImageError):
        read(bytes(data))


@pytest.mark.parametrize("name", ["fax-rle", "fax-3", "fax-4"])
def test_single_bits_of_faxes(name: str) -> None:
    data = _tiffs()[name]
    (offset, count) = _strips(data)[0]
    whole = read(data).pixels
    generator = random.Random(1)
    silent = 0
    for _ in range(100):
        damaged = bytearray(data)
        damaged[offset + generator.randrange(count)] ^= 1 << generator.randrange(8)
        with suppress(CorruptImage):
            silent += not np.array_equal(read(bytes(damaged)).pixels, whole)
    assert silent < 30


@pytest.mark.parametrize("compression", [1, 8])
def test_byte_counts_of_zero(compression: int) -> None:
    grey = noise(30, 40)
    data = bytearray(tiff(grey, compression=compression if compression > 1 else None))
    place = tag_place(bytes(data), 279)
    data[place : place + 2] = bytes(2)
    assert np.array_equal(read(bytes(data)).pixels, grey)


@pytest.mark.parametrize("kind", ["12 bits", "lossless", "JPEG-LS", "JPEG 2000", "JPEG XL"])
def test_archive_formats_that_are_cut_off(kind: str) -> None:
    grey = rgb()[..., 0].astype(np.uint16)
    data = {
        "12 bits": lambda: imagecodecs.jpeg8_encode(grey * 16, bitspersample=12),
        "lossless": lambda: imagecodecs.jpeg8_encode(grey, lossless=True, bitspersample=16),
        "JPEG-LS": lambda: imagecodecs.jpegls_encode(grey),
        "JPEG 2000": lambda: imagecodecs.jpeg2k_encode(grey),
        "JPEG XL": lambda: imagecodecs.jpegxl_encode(grey),
    }[kind]()
    assert read(bytes(data)).pixels.shape == grey.shape
    with pytest.raises(CorruptImage):
        read(bytes(data[:-40]))


def test_jpeg_ls_always_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """CharLS 2.4 runs for ever over damaged data that do not end with the marker."""
    decode, seen = imagecodecs.jpegls_decode, []

    def watched(data: bytes) -> Any:
        seen.append(data[-2:])
        return decode(data)

    monkeypatch.setattr("imagecodecs.jpegls_decode", watched)
    data = bytes(imagecodecs.jpegls_encode(noise()))
    read(data + b"trailing bytes")
    with pytest.raises(CorruptImage):
        read(data[:-2])
    assert seen == [b"\xff\xd9"]


DAMAGED_1X1 = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6368000000820081000000000000000049454e44ae426082"
)


def _damaged_pngs() -> list[bytes]:
    whole = [png(noise(6, 7, c, dtype=d).squeeze()) for c in (1, 2, 3, 4) for d in ("u1", "u2")]
    generator = random.Random(3)
    found = [DAMAGED_1X1]
    for _ in range(399):
        data = bytearray(generator.choice(whole))
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(16, len(data))] = generator.randrange(256)
        body = data.find(b"IDAT")
        if generator.random() < 0.5 and body > 0:
            end = body + 4 + int.from_bytes(data[body - 4 : body], "big")
            if end + 4 <= len(data):
                data[end : end + 4] = struct.pack(">I", zlib.crc32(data[body:end]))
        found.append(bytes(data))
    return found


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is not counted any more")
@pytest.mark.parametrize("salvage", [False, True])
def test_damaged_pngs_take_no_references_to_none(salvage: bool) -> None:
    """libpng in imagecodecs takes one for each error, and the interpreter dies of 12,000."""
    damaged = _damaged_pngs()
    counts = []
    for _ in range(5):
        refused = 0
        for data in damaged:
            try:
                read(data, max_pixels=10_000, salvage=salvage)
            except ImageError:
                refused += 1
        assert refused > 30
        gc.collect()  # what other tests left lying refers to None too
        counts.append(sys.getrefcount(None))
    assert counts[-1] >= counts[1] - 3


def test_nothing_damaged_reaches_libpng(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = imagecodecs.png_decode
    seen: list[bool] = []

    def watched(data: bytes) -> Any:
        seen.append(False)
        samples = decode(data)
        seen[-1] = True
        return samples

    monkeypatch.setattr("imagecodecs.png_decode", watched)
    for data in [png(noise()), *_damaged_pngs()]:
        with suppress(ImageError):
            read(data, max_pixels=10_000)
    assert seen
    assert all(seen)


@pytest.mark.parametrize(
    "broken",
    [(10, 10, 7, 0, 0, 0, 0), (10, 10, 8, 1, 0, 0, 0), (10, 10, 4, 2, 0, 0, 0),
     (10, 10, 8, 0, 1, 0, 0), (10, 10, 8, 0, 0, 1, 0), (10, 10, 8, 0, 0, 0, 2),
     (2_000_000, 1, 8, 0, 0, 0, 0)],
)  # fmt: skip
def test_impossible_headers(broken: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("imagecodecs.png_decode")
    rows = zlib.compress(bytes(2_000_100))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *broken))
    with pytest.raises(CorruptImage):
        read(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def test_a_transparent_colour_of_impossible_length_is_left_out() -> None:
    grey = noise()
    assert np.array_equal(read(with_chunks(png(grey), chunk(b"tRNS", b"\0"))).pixels, grey)
