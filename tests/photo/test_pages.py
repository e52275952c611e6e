"""Files of several pages: which are pictures, and how each is asked for."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from colorizer.errors import CorruptImage, InvalidSetting, UnsupportedImage
from colorizer.photo import probe, read
from colorizer.photo.decoders.tiff_pages import pictures

from .pictures import exif, noise, png, saved, tiff

WHOLE, REDUCED, PAGE, MASK = 0, 1, 2, 4


def pages(*arrays: NDArray[Any], kinds: list[int] | None = None, **options: Any) -> bytes:
    """A TIFF with a directory for each array; ``kinds`` are NewSubfileType."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, **options) as writer:
        for array, kind in zip(arrays, kinds or [WHOLE] * len(arrays), strict=True):
            writer.write(array, metadata=None, subfiletype=kind & ~MASK, photometric="minisblack")
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        for page, kind in zip(file.pages, kinds or [], strict=False):
            assert isinstance(page, tifffile.TiffPage)
            if kind & MASK:  # which tifffile does not write
                data[page.tags[254].valueoffset] = kind
    return bytes(data)


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
@pytest.mark.parametrize("kind", [WHOLE, PAGE])
def test_every_page(options: dict[str, Any], kind: int) -> None:
    arrays = [noise(8 + i, 10, seed=i) for i in range(5)]
    data = pages(*arrays, kinds=[kind] * 5, **options)
    assert probe(data).pages == 5
    assert np.array_equal(read(data).pixels, arrays[0])
    for number, array in enumerate(arrays, 1):
        photo = read(data, page=number)
        assert np.array_equal(photo.pixels, array)
        assert photo.pages == 5
        assert probe(data, page=number).height == array.shape[0]


@pytest.mark.parametrize("page", [0, -1, 4])
def test_pages_that_are_not_there(page: int) -> None:
    with pytest.raises(InvalidSetting, match=rf"has 3 pages; there is no page {page}\."):
        read(pages(*[noise()] * 3), page=page)
    with pytest.raises(InvalidSetting, match="has 1 page; there is no page"):
        probe(png(noise()), page=page + 3)


def test_other_formats_have_one_page() -> None:
    photo = read(png(noise()), page=1)
    assert photo.pages == 1


@pytest.mark.parametrize("aside", [REDUCED, MASK, REDUCED | MASK])
@pytest.mark.parametrize("first", [False, True])
def test_thumbnails_and_masks_are_no_pages(aside: int, first: bool) -> None:
    small, large = noise(4, 5), noise(8, 10)
    arrays, kinds = ([small, large], [aside, 0]) if first else ([large, small], [0, aside])
    data = pages(*arrays, kinds=kinds)
    assert probe(data) == probe(pages(large))
    photo = read(data)
    assert np.array_equal(photo.pixels, large)
    assert photo.pages == 1


def test_the_older_tag_for_thumbnails() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for array, kind in ((noise(4, 5), 2), (noise(8, 10), 1)):
            writer.write(array, metadata=None, extratags=[(255, 3, 1, kind, True)])
    assert read(buffer.getvalue()).pixels.shape == (8, 10)


def test_thumbnails_alone_are_pictures() -> None:
    data = pages(noise(4, 5), noise(3, 5), kinds=[REDUCED, REDUCED])
    assert read(data, page=2).pixels.shape == (3, 5)


def test_a_thumbnail_before_hidden_pictures_is_a_camera_raw() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(noise(4, 5), metadata=None, subfiletype=REDUCED, subifds=1)
        writer.write(noise(8, 10), metadata=None)
        writer.write(noise(3, 5), metadata=None)  # another preview, which does not say so
    with pytest.raises(UnsupportedImage, match="camera raw"):
        read(buffer.getvalue())


def test_each_page_has_its_own_notes() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for text, dpi, turn in (("one", 100, 1), ("two", 200, 6)):
            writer.write(
                noise(8, 10), metadata=None, description=text, resolution=(dpi, dpi),
                resolutionunit=2, extratags=[(274, 3, 1, turn, True)],
            )  # fmt: skip
    photo = read(buffer.getvalue(), page=2)
    assert photo.pixels.shape == (10, 8)
    assert photo.metadata.dpi == pytest.approx((200, 200))
    assert photo.metadata.exif is not None
    assert b"two" in photo.metadata.exif
    assert b"one" not in photo.metadata.exif


def test_the_limit_is_that_of_the_page() -> None:
    data = pages(noise(8, 10), noise(80, 100))
    assert read(data, max_pixels=80).pixels.size == 80
    with pytest.raises(Exception, match="8,000 pixels"):
        read(data, max_pixels=80, page=2)


def test_directories_in_a_ring_end() -> None:
    data = bytearray(pages(noise(), noise(), noise()))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        first, _, last = (page.offset for page in file.pages)
    count = int.from_bytes(data[last : last + 2], "little")
    end = last + 2 + 12 * count
    data[end : end + 4] = first.to_bytes(4, "little")
    assert probe(bytes(data)).pages == 3


def _chain(places: list[int], entries: int) -> bytes:
    """A TIFF whose directories lie at these places, each with so many entries."""
    length = 2 + 12 * entries + 4
    data = bytearray(max(places) + length)
    struct.pack_into("<2sHI", data, 0, b"II", 42, places[0])
    for place, after in zip(places, [*places[1:], 0], strict=True):
        struct.pack_into("<H", data, place, entries)
        for i in range(entries):
            struct.pack_into("<HHII", data, place + 2 + 12 * i, 1000 + i, 1, 1, 0)
        struct.pack_into("<I", data, place + length - 4, after)
    return bytes(data)


def test_many_pages_are_found() -> None:
    data = _chain([8 + 186 * i for i in range(2000)], 15)
    assert len(pictures(lambda at, size: data[at : at + size])) == 2000


def test_directories_that_lie_one_over_another_are_refused() -> None:
    """A small file could have 65,536 of 4096 entries each."""
    record = struct.pack("<HHIHH", 4000, 1, 1, 0, 4000)
    data = bytearray(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 4000) + record * 8000)
    for i in range(100):  # entries as long as the pointers between them
        struct.pack_into("<I", data, 10 + 12 * (4000 + i), 8 + 12 * (i + 1))
    with pytest.raises(CorruptImage, match="lie one over another"):
        probe(bytes(data))


@pytest.mark.parametrize("place", [4, 5])
def test_no_first_directory(place: int) -> None:
    data = bytearray(tiff(noise()))
    data[place] = 255
    with pytest.raises(CorruptImage):
        read(bytes(data[:-200]))


def test_the_thumbnail_in_exif_is_no_page() -> None:
    assert read(saved(noise(16, 16), "JPEG", exif=exif(1))).pages == 1
