"""Bombs, truncated and lying files, and whatever random damage makes of good ones."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colorizer.errors import (
    ColorizerError,
    CorruptImage,
    ImageError,
    ImageTooLarge,
    UnsupportedImage,
)
from colorizer.photo import Photo, UnreadableFile, probe, read
from colorizer.photo.guard import decoding, quiet

from .pictures import (
    chunk,
    exif,
    jpeg12,
    noise,
    png,
    saved,
    smooth,
    tag_place,
    tiff,
    with_chunks,
    xmp,
)  # fmt: skip


def _good_files() -> dict[str, bytes]:
    grey, rgb = noise(40, 50), smooth(3, 40, 50)
    return {
        "png": with_chunks(
            png(rgb.astype(np.uint16) * 257),
            chunk(b"eXIf", exif(6)[6:]),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp('tiff:Orientation="3"')),
            chunk(b"iCCP", b"p\0\0" + zlib.compress(b"profile" * 40)),
        ),
        "jpeg": saved(rgb, "JPEG", exif=exif(6, t270="text"), xmp=xmp(), dpi=(300, 300)),
        "jpeg-grey": saved(grey, "JPEG", progressive=True),
        "tiff": tiff(rgb, photometric="rgb", compression="lzw", rowsperstrip=9),
        "tiff-tiles": tiff(grey, tile=(16, 16), compression="deflate", predictor=True),
        "tiff-raw": tiff(grey.astype(np.float32)),
        "tiff-jpeg": tiff(rgb, photometric="rgb", compression="jpeg"),
        "tiff-fax": saved(Image.fromarray(grey > 9), "TIFF", compression="group4"),
        "webp": saved(rgb, "WEBP", exif=exif(6)),
        "webp-lossless": saved(grey, "WEBP", lossless=True),
        "bmp": saved(rgb, "BMP"),
        "gif": saved(grey, "GIF"),
        "pgm": saved(grey, "PPM"),
        "avif": saved(rgb, "AVIF", exif=exif(6)),
        "jpeg-12": jpeg12(rgb),
        "jpeg-lossless": bytes(imagecodecs.jpeg8_encode(grey, lossless=True)),
        "jpeg-ls": bytes(imagecodecs.jpegls_encode(rgb)),
        "jpeg2000": bytes(imagecodecs.jpeg2k_encode(rgb)),
        "j2k": bytes(imagecodecs.jpeg2k_encode(grey, codecformat="j2k")),
        "jpegxl": bytes(imagecodecs.jpegxl_encode(rgb.astype(np.uint16) * 257)),
        "jpegxl-file": bytes(imagecodecs.jpegxl_encode(rgb, usecontainer=True)),
        "tiff-webp": tiff(rgb, photometric="rgb", compression="webp"),
        "tiff-jpeg2000": tiff(grey, compression="jpeg2000"),
        "tiff-jpegxl": tiff(grey, compression="jpegxl", tile=(16, 16)),
    }


good_files = cache(_good_files)
NAMES = sorted(_good_files())


@pytest.mark.parametrize("name", NAMES)
def test_good_files_are_good(name: str) -> None:
    assert isinstance(read(good_files()[name]), Photo)


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_counts_pixels_exactly(name: str) -> None:
    data = good_files()[name]
    assert read(data, max_pixels=2000).pixels.size == 2000
    with pytest.raises(ImageTooLarge, match=r"2,000 pixels, but the limit is 1,999\."):
        read(data, max_pixels=1999)


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_is_checked_before_decoding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = good_files()[name]
    read(data)  # what it imports late must not keep what is put in place here
    from colorizer.photo.decoders import base

    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    for codec in ("png", "jpeg8", "jpegls", "jpeg2k", "jpegxl", "tiff"):
        monkeypatch.setattr(f"imagecodecs.{codec}_decode", never)
    monkeypatch.setattr("tifffile.TiffPage.asarray", never)
    monkeypatch.setattr(base, "raster_of", never)
    with pytest.raises(ImageTooLarge):
        read(data, max_pixels=10)


@pytest.mark.parametrize("name", NAMES)
def test_pillows_own_limit_raises_no_warning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow warns above a limit of its own (89 megapixels); only ours counts."""
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 1500)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(good_files()[name]).pixels.size == 2000


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.5, 0.9])
def test_truncated(name: str, share: float) -> None:
    data = good_files()[name]
    with pytest.raises(ImageError):
        read(data[: int(len(data) * share)])


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "nothing.jpg").touch()
    with pytest.raises(CorruptImage, match=r"nothing\.jpg is empty\."):
        read(tmp_path / "nothing.jpg")


@pytest.mark.parametrize("make", ["missing", "folder", "nul"])
def test_files_that_cannot_be_opened(tmp_path: Path, make: str) -> None:
    paths: dict[str, str | Path] = {"missing": tmp_path / "no.png", "folder": tmp_path}
    path = paths.get(make, "a\0b")
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, ImageError)
    if make == "missing":
        assert "no.png" in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_raise_only_our_errors(data: st.DataObject) -> None:
    original = good_files()[data.draw(st.sampled_from(NAMES))]
    end = data.draw(st.one_of(st.just(len(original)), st.integers(0, len(original))))
    damaged = bytearray(original[:end])
    places = st.one_of(st.integers(0, min(end, 200)), st.integers(0, end))
    for place, value in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), max_size=6), label="bytes"
    ):
        if place < end:
            damaged[place] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            photo = read(bytes(damaged), max_pixels=1_000_000)
        except ColorizerError:
            pass
        else:
            assert photo.pixels.size <= 1_000_000


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0\x08\0\0\0", b"GIF89a",
                     b"BM", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypavif", b"P5 ", b"P3\n"]),
    st.binary(max_size=300),
)  # fmt: skip
def test_noise_raises_only_our_errors(start: bytes, rest: bytes) -> None:
    try:
        read(start + rest, max_pixels=1_000_000)
    except ColorizerError:
        pass
    else:
        assert start[:1] in (b"P", b"B")  # only these have no checksums nor structure


def _png_header(width: int, height: int, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_png_header(60_000, 60_000), ImageTooLarge),
        (_png_header(0, 10), CorruptImage),
        (_png_header(9_000, 9_000, chunk(b"IDAT", zlib.compress(b"x"))), CorruptImage),
        (b"P5 100000 100000 255\n", ImageTooLarge),
        (b"P5 9000 9000 255\n", CorruptImage),
        (b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 12, ImageTooLarge),
        (b"BM" + struct.pack("<IIIIiiHHI", 99, 0, 54, 40, 50_000, 50_000, 1, 24, 0) + b"\0" * 60,
         ImageTooLarge),
        (b"GIF89a\xff\xff\xff\xff\0\0\0", ImageTooLarge),
        (b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\1\0\0;", ImageTooLarge),
        (b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\1\1\x11\0", ImageTooLarge),
        (b"\xff\xd8\xff\xc3\0\x0b\x08\0\x10\0\x10\1\1\x11\0", CorruptImage),
        (b"\xff\xd8\xff\xc1\0\x0b\x0b\0\x10\0\x10\1\1\x11\0", UnsupportedImage),
        (b"\xff\xd8\xff\xc1\0\x0b\x0c\xff\xdc\xff\xdc\1\1\x11\0", ImageTooLarge),
        (b"\xff\x0a\xfe\xff\xff\xff\x13", ImageTooLarge),
        (b"\xff\x4f\xff\x51\0\x29\0\0" + b"\0\1\0\0" * 2 + bytes(8) + b"\0\1\0\0" * 2
         + bytes(8) + b"\0\1\x07\1\1", ImageTooLarge),
    ],
)  # fmt: skip
def test_lying_headers(data: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        read(data)


def test_compressed_metadata_bombs_do_not_inflate() -> None:
    bomb = zlib.compress(bytes(40 << 20), 1)
    grey = noise()
    data = with_chunks(
        png(grey),
        chunk(b"iCCP", b"p\0\0" + bomb),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + bomb),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
    )
    photo = read(data)
    assert np.array_equal(photo.pixels, grey)
    assert photo.metadata.exif is photo.metadata.xmp is None


def test_a_png_of_tiny_chunks_is_refused() -> None:
    data = png(noise())
    many = with_chunks(data, *[chunk(b"tESt", b"")] * 5000)
    assert np.array_equal(read(many).pixels, noise())
    with pytest.raises(CorruptImage, match=r"made of more than 10\d,\d{3} parts"):
        read(with_chunks(data, chunk(b"tESt", b"") * 110_000))


def test_scans_without_end_are_refused_before_decoding() -> None:
    """Each goes over the whole picture, and takes a few bytes of the file."""
    for options in ({"progressive": True}, {"subsampling": "4:2:0"}):
        data = saved(smooth(3, 40, 50), "JPEG", **options)
        scan = data.rindex(b"\xff\xda")
        more = data[:-2] + data[scan:-2] * 150 + data[-2:]
        bomb = data[:-2] + data[scan:-2] * 250 + data[-2:]
        assert probe(more).width == 50
        if "progressive" not in options:  # decoders end with the first scan
            assert probe(bomb).width == 50
            continue
        for hidden in (bomb, data[:-2] + b"\xff\xfe\0\4\xff\xd9" + bomb[len(data) - 2 :]):
            with pytest.raises(CorruptImage, match="more than 200 scans"):
                probe(hidden)
        with pytest.raises(CorruptImage, match="more than 200 scans"):
            probe(data[:-2] + b"\xff\xfe\0\2" * 2000 + data[-2:])


def test_scans_of_one_ink_each_are_counted() -> None:
    data = bytearray(saved(smooth(3, 40, 50), "JPEG"))
    scan = data.rindex(b"\xff\xda")
    header = b"\xff\xda\0\x08\1\1\0\0\x3f\0"
    with pytest.raises(CorruptImage, match="more than 200 scans"):
        probe(bytes(data[:scan]) + header * 300 + b"\xff\xd9")


def test_scans_without_end_inside_a_tiff() -> None:
    data = saved(noise(16, 16), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    bomb = data[:-2] + data[scan:-2] * 250 + data[-2:]
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(
            iter([bomb]), shape=(16, 16), dtype=np.uint8, compression="jpeg", tile=(16, 16)
        )
    with pytest.raises(CorruptImage, match="more than 200 scans"):
        read(buffer.getvalue())


def test_tiff_strips_beyond_the_end() -> None:
    data = tiff(noise(64, 64), compression="deflate", rowsperstrip=8)
    broken = bytearray(data)
    place = tag_place(data, 273)
    broken[place + 4 : place + 8] = struct.pack("<I", len(data) + 100)
    with pytest.raises(CorruptImage, match="incomplete"):
        read(bytes(broken))


def test_tiles_larger_than_the_picture_never_reach_libtiff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """YCbCr outside JPEG is decoded by libtiff, whose tiles overflow (CVE-2026-4775)."""
    rgb = smooth(3, 48, 64)
    ycbcr = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    data = bytearray(tiff(ycbcr, photometric="ycbcr", tile=(16, 16), subsampling=(1, 1)))
    assert read(bytes(data)).pixels.shape == (48, 64)
    place = tag_place(bytes(data), 322)
    data[place : place + 4] = struct.pack("<I", 1 << 29)
    data[place - 6 : place - 4] = struct.pack("<H", 4)  # a LONG
    reached: list[bool] = []
    monkeypatch.setattr("imagecodecs.tiff_decode", lambda *_, **__: reached.append(True))
    with pytest.raises(CorruptImage):
        read(bytes(data))
    assert not reached


def test_jpeg_inside_a_tiff_may_not_be_larger_than_its_strip() -> None:
    data = bytearray(tiff(smooth(3, 64, 64), photometric="rgb", compression="jpeg"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(CorruptImage, match="larger"):
        read(bytes(data))


def test_bmp_runs_may_not_leave_their_row() -> None:
    head = b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 58, 40, 4, 2, 1, 8, 1, 0, 0, 0, 1, 0)
    good = head + b"\xff\xff\xff\0" + b"\x04\0\0\0\x04\0\0\1"
    assert read(good).pixels.shape == (2, 4)
    with pytest.raises(CorruptImage, match="rows"):
        read(head + b"\xff\xff\xff\0" + b"\x05\0\0\0\x03\0\0\1")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(MemoryError(), ImageTooLarge), (RecursionError(), CorruptImage),
     (struct.error(), CorruptImage), (zlib.error(), CorruptImage), (OverflowError(), CorruptImage),
     (NotImplementedError(), UnsupportedImage), (SyntaxError(), CorruptImage),
     (Image.DecompressionBombError(), ImageTooLarge), (ImageTooLarge("x."), ImageTooLarge)],
)  # fmt: skip
def test_decoder_errors_are_translated(raised: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught, decoding("photo.png"):
        raise raised
    assert str(caught.value).endswith(".")


def test_silence_overlaps_and_ends() -> None:
    """Threads that overlap leave the filters of the process as they were."""
    import gc

    gc.collect()
    before = list(warnings.filters)
    gate = threading.Barrier(2)

    def first() -> None:
        with quiet():
            gate.wait()
            gate.wait()

    thread = threading.Thread(target=first)
    thread.start()
    gate.wait()
    with quiet():
        gate.wait()
        thread.join()
        assert warnings.filters[0][0] == "ignore"
    assert list(warnings.filters) == before
