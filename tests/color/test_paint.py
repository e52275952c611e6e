"""The fused kernel against the same formulas in float64, written out plainly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from colorizer.color import paint
from colorizer.color.lab import RGB_TO_RELATIVE, fitted_srgb, srgb_to_lab
from colorizer.color.paint import Painter
from colorizer.color.upsample import LinearColour
from colorizer.photo.srgb import lightness_table, linear_table, to_encoded

Float64 = NDArray[np.float64]


def linear_rgb(lightness: Float64, ab: Float64) -> Float64:
    """(n,), (2, n) to linear sRGB (3, n), not clipped."""
    fy = (lightness + 16) / 116
    t = np.stack([fy + ab[0] / 500, fy, fy - ab[1] / 200])
    relative = np.where(t > 6 / 29, t**3, 3 * (6 / 29) ** 2 * (t - 4 / 29))
    return np.asarray(np.linalg.inv(RGB_TO_RELATIVE) @ relative)


def reference(lightness: Float64, ab: Float64) -> Float64:
    """sRGB 0..1 (n, 3): outside the gamut the largest share of the chroma that fits."""
    low, high = np.zeros_like(lightness), np.ones_like(lightness)

    def inside(share: Float64) -> NDArray[np.bool_]:
        rgb = linear_rgb(lightness, ab * share)
        return np.asarray((rgb.min(axis=0) >= -1e-5) & (rgb.max(axis=0) <= 1 + 1e-5))

    fits = inside(high)
    for _ in range(10):
        middle = (low + high) / 2
        good = inside(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    share = np.where(fits, 1.0, low)
    return to_encoded(np.clip(linear_rgb(lightness, ab * share), 0, 1)).T


def painted(pixels: NDArray[Any], colour: LinearColour, bits: int) -> NDArray[Any]:
    out = np.zeros((*pixels.shape, 3), np.uint8 if bits == 8 else np.uint16)
    painter = Painter(pixels, linear_table(pixels.dtype.itemsize * 8), colour, bits)
    for rows in painter.strips:
        painter.paint(rows, out[rows])
    return out


def colours(rng: np.random.Generator, shape: tuple[int, int], chroma: float) -> LinearColour:
    offset = rng.normal(0, chroma, (2, *shape)).astype(np.float32)
    return LinearColour(rng.normal(0, chroma / 100, (2, *shape)).astype(np.float32), offset)


def grey(rng: np.random.Generator, shape: tuple[int, int], bits: int) -> NDArray[Any]:
    return rng.integers(0, 1 << bits, shape).astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("source_bits", [8, 16])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("chroma", [0.0, 8.0, 30.0, 120.0])
def test_within_one_step_of_the_float64_reference(
    source_bits: int, bits: int, chroma: float
) -> None:
    rng = np.random.default_rng(source_bits + bits)
    pixels = grey(rng, (150, 210), source_bits)
    colour = colours(rng, (12, 17), chroma)
    lightness = lightness_table(source_bits).take(pixels)
    ab = colour.rows(lightness, 0, 150).astype(np.float64)
    expected = reference(lightness.ravel().astype(np.float64), ab.reshape(2, -1))
    top = (1 << bits) - 1
    result = painted(pixels, colour, bits).reshape(-1, 3) / top
    off = np.abs(result - expected).max(axis=1)
    linear = linear_rgb(lightness.ravel().astype(np.float64), ab.reshape(2, -1))
    inside = (linear.min(axis=0) >= 0) & (linear.max(axis=0) <= 1)
    assert off[inside].max() <= 1.5 / top
    # outside, float32 may take the other side in the last step of the bisection
    assert np.mean(off > 1 / 255) < 1e-3
    assert off.max() < 4 / 255
    kept = srgb_to_lab(result)[:, 0]
    assert np.abs(kept - lightness.ravel()).max() <= (0.6 if bits == 8 else 0.02)


@pytest.mark.parametrize("bits", [8, 16])
def test_neutral_grey_stays_what_it_is(bits: int) -> None:
    """All 256 and all 65,536 values."""
    pixels = np.arange(1 << bits).reshape(16, -1).astype(np.uint8 if bits == 8 else np.uint16)
    none = np.zeros((2, 5, 7), np.float32)
    result = painted(pixels, LinearColour(none, none), bits)
    np.testing.assert_array_equal(result, np.repeat(pixels[..., None], 3, axis=2))


def test_the_gamut_mapping_is_that_of_the_library() -> None:
    rng = np.random.default_rng(5)
    pixels = grey(rng, (60, 80), 8)
    colour = colours(rng, (9, 9), 90.0)
    lightness = lightness_table(8).take(pixels)
    lab = np.stack([lightness, *colour.rows(lightness, 0, 60)], axis=-1)
    off = np.abs(painted(pixels, colour, 8) - fitted_srgb(lab) * np.float32(255))
    assert np.mean(off > 1) < 1e-3  # see above
    assert off.max() < 4


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 20), st.integers(1, 20))
def test_any_sizes_fit_together(height: int, width: int, h: int, w: int) -> None:
    rng = np.random.default_rng(height * 91 + width)
    pixels = grey(rng, (height, width), 8)
    colour = colours(rng, (h, w), 15.0)
    lightness = lightness_table(8).take(pixels)
    lab = np.stack([lightness, *colour.rows(lightness, 0, height)], axis=-1)
    # where the smallest colour decides: also on which side the last step of a bisection falls
    assert np.abs(painted(pixels, colour, 8) - fitted_srgb(lab) * np.float32(255)).max() < 4


@pytest.mark.parametrize("strip", [1, 1 << 10, 1 << 30])
def test_the_size_of_strips_changes_nothing(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    rng = np.random.default_rng(1)
    pixels = grey(rng, (333, 251), 8)
    colour = colours(rng, (21, 16), 40.0)
    expected = painted(pixels, colour, 8)
    monkeypatch.setattr(paint, "_STRIP_PIXELS", strip)
    np.testing.assert_array_equal(painted(pixels, colour, 8), expected)


def test_strips_cover_the_rows_once() -> None:
    none = np.zeros((2, 4, 4), np.float32)
    for height in (1, 63, 64, 65, 1000, 9001):
        pixels = np.zeros((height, 3), np.uint8)
        strips = Painter(pixels, linear_table(8), LinearColour(none, none), 8).strips
        assert [row for strip in strips for row in range(strip.start, strip.stop)] == [
            *range(height)
        ]
