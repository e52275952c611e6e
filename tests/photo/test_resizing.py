"""Smaller copies, and two pictures in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer.photo import Metadata, Photo, shrink, side_by_side

from .pictures import noise, same

METADATA = Metadata(exif=b"MM\0*", dpi=(300.0, 300.0), source_format="TIFF")


def photo(*shape: int, dtype: Any = np.uint8, alpha: bool = False) -> Photo:
    top = noise(*shape[:2], dtype=dtype, seed=1) if alpha else None
    depth = 16 if dtype is np.uint16 else 8
    return Photo(noise(*shape, dtype=dtype), top, depth, METADATA)


@pytest.mark.parametrize("shape", [(300, 500), (500, 300, 3), (7, 900), (1, 3000)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_long_side_is_what_was_asked_and_the_rest_stays(shape: Any, dtype: Any) -> None:
    whole = photo(*shape, dtype=dtype, alpha=True)
    small = shrink(whole, 100)
    assert max(small.height, small.width) == 100
    assert min(small.height, small.width) == max(round(min(shape[:2]) * 100 / max(shape)), 1)
    assert small.pixels.shape[2:] == shape[2:]
    assert small.pixels.dtype == dtype
    assert small.alpha is not None
    assert small.alpha.dtype == dtype
    assert (small.bit_depth, small.metadata) == (whole.bit_depth, METADATA)


def test_it_never_enlarges() -> None:
    whole = photo(30, 50)
    assert shrink(whole, 50) is whole
    assert shrink(whole, 1000) is whole
    with pytest.raises(ValueError, match="at least 1"):
        shrink(whole, 0)


@pytest.mark.parametrize("shape", [(700, 1100), (2100, 3001), (64, 2000)])
def test_places_and_means_are_kept(shape: tuple[int, int]) -> None:
    """A ramp stays a ramp, in each channel, also through block averaging."""
    width = shape[1]
    ramp = np.broadcast_to(np.linspace(500, 65000, width), shape).round().astype(np.uint16)
    colour = np.stack([ramp, ramp[:, ::-1], np.full(shape, 300, np.uint16)], -1)
    small = shrink(Photo(colour, bit_depth=16), 200).pixels
    assert small.shape[1] == 200
    middles = (np.arange(200) + 0.5) * width / 200 - 0.5
    expected = np.interp(middles, np.arange(width), ramp[0])
    inner = slice(3, -3)  # the filter has nothing to look at beyond the border
    line = small[small.shape[0] // 2].astype(float)
    assert np.abs(line[inner, 0] - expected[inner]).max() < 2
    assert np.abs(line[inner, 1] - expected[::-1][inner]).max() < 2
    assert (small[..., 2] == 300).all()


@pytest.mark.parametrize("side", [256, 1024])
def test_sides_that_are_no_multiples_of_a_block_are_not_stretched(side: int) -> None:
    wave = 127 + 100 * np.sin(np.linspace(0, 16 * np.pi, 5129))
    whole = np.rint(wave).astype(np.uint8)[None].repeat(2600, 0)
    small = shrink(Photo(whole), side).pixels
    size = (small.shape[1], small.shape[0])
    exact = Image.fromarray(whole.astype(np.float32)).resize(size, Image.Resampling.LANCZOS)
    assert np.abs(small - np.asarray(exact)).max() < 2
    for axis in (0, 1):
        mirrored = shrink(Photo(np.flip(whole, axis).copy()), side).pixels
        assert np.abs(np.flip(mirrored, axis) - small.astype(int)).max() <= 1


def test_white_and_black_do_not_wrap() -> None:
    stripes = np.zeros((100, 400), np.uint8)
    stripes[:, 200:] = 255
    small = shrink(Photo(stripes), 150).pixels
    assert (small[:, :60] < 20).all()
    assert (small[:, -60:] > 235).all()


def test_before_is_left_and_after_is_right() -> None:
    before, after = photo(20, 30), photo(20, 30, 3)
    both = side_by_side(before, after, gap=4)
    assert both.pixels.shape == (20, 64, 3)
    np.testing.assert_array_equal(both.pixels[:, :30], before.pixels[..., None].repeat(3, -1))
    assert (both.pixels[:, 30:34] == 255).all()
    assert same(both.pixels[:, 34:], after.pixels)
    assert both.alpha is None
    assert both.metadata == METADATA


def test_the_gap_is_small_by_default_and_may_be_none() -> None:
    assert side_by_side(photo(10, 1000), photo(10, 1000, 3)).width == 2020
    assert side_by_side(photo(10, 10), photo(10, 10, 3)).width == 21
    assert side_by_side(photo(10, 10), photo(10, 10, 3), gap=0).width == 20
    with pytest.raises(ValueError, match="negative"):
        side_by_side(photo(10, 10), photo(10, 10, 3), gap=-1)


def test_the_depth_is_that_of_after() -> None:
    deep = side_by_side(photo(5, 5), photo(5, 5, 3, dtype=np.uint16), gap=1)
    assert deep.bit_depth == 16
    assert deep.pixels.dtype == np.uint16
    assert (deep.pixels[:, :5, 0] == photo(5, 5).pixels.astype(int) * 257).all()
    assert (deep.pixels[:, 5] == 65535).all()
    fine = Photo(noise(5, 5, dtype=np.uint16))  # a colour scan of 8 bits read as grey
    assert side_by_side(fine, photo(5, 5, 3)).pixels.dtype == np.uint8


def test_alpha_is_kept_and_the_gap_is_clear() -> None:
    before = photo(6, 8, alpha=True)
    both = side_by_side(before, photo(6, 8, 3), gap=2)
    assert both.alpha is not None
    assert same(both.alpha[:, :8], before.alpha)
    assert (both.alpha[:, 8:10] == 0).all()
    assert (both.alpha[:, 10:] == 255).all()


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="same size"):
        side_by_side(photo(6, 8), photo(8, 6, 3))
