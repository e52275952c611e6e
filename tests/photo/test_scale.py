"""What is black and what is white in samples of unusual types: never the picture's own extremes."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer.errors import UnsupportedImage
from colorizer.photo import read

from .pictures import noise, tiff

S_MIN, S_MAX, MAX = 340, 341, 281


def pixels(array: NDArray[Any], *tags: tuple[int, str, float]) -> NDArray[Any]:
    """As a TIFF with more tags: (number, "f" or "H", value)."""
    kinds = {"f": 11, "H": 3}
    extra = [(tag, kinds[kind], 1, value, True) for tag, kind, value in tags]
    return read(tiff(array, extratags=extra)).pixels


def unit() -> NDArray[Any]:
    return noise(40, 50, dtype=np.uint16).astype(np.float32) / 65535


@pytest.mark.parametrize("hot", [60.0, -0.02, -7e9, np.inf, -np.inf, np.nan])
def test_one_hot_pixel_of_a_float_picture(hot: float) -> None:
    values = unit()
    expected = np.rint(values.astype(np.float64) * 65535)
    values[3, 4] = hot
    expected[3, 4] = 65535 if hot > 1 else 0
    assert np.array_equal(pixels(values), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_that_were_8_bit_integers(dtype: type) -> None:
    """Dark ones too: half of them are black."""
    values: NDArray[Any] = np.rint(unit() * 255 * (unit() > 0.5)).astype(dtype)
    assert np.array_equal(pixels(values), np.rint(values.astype(np.float64) * 257))


def test_floats_that_were_16_bit_integers() -> None:
    values = np.rint(unit() * 2000 * (unit() > 0.5))
    expected = values.astype(np.uint16)
    values[0, 0], expected[0, 0] = 1e9, 65535
    assert np.array_equal(pixels(values), expected)


def test_bright_floats_with_fractions_up_to_255() -> None:
    values = unit() * 253 + 1.5
    assert np.abs(pixels(values) - values.astype(np.float64) * 257).max() <= 1


def test_highlights_of_a_float_picture_are_clipped() -> None:
    values = unit() * 1.25
    assert np.array_equal(pixels(values), np.rint(np.clip(values.astype(np.float64), 0, 1) * 65535))


def test_signalling_nan_and_the_largest_numbers() -> None:
    bits = np.full((4, 4), 0x7F800001, np.uint32)  # NaN that complains when it is converted
    bits[:2] = 0x3F000000  # 0.5
    assert pixels(bits.view(np.float32)).tolist() == [[32768] * 4] * 2 + [[0] * 4] * 2
    assert not pixels(np.full((4, 4), -1.7e308)).any()


def test_floats_beyond_all_conventions_are_refused() -> None:
    with pytest.raises(UnsupportedImage, match="16 bits"):
        pixels(unit() * 1e6 + 1e6)


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_black_and_white_as_the_file_says(dtype: type) -> None:
    values: NDArray[Any] = (unit() * 4000 - 1000).astype(dtype)
    found = pixels(values, (S_MIN, "f", -1000.0), (S_MAX, "f", 3000.0))
    assert np.abs(found - (values.astype(np.float64) + 1000) / 4000 * 65535).max() <= 1


@pytest.mark.parametrize("limits", [(5.0, 5.0), (9.0, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_impossible_limits_are_ignored(limits: tuple[float, float]) -> None:
    values = unit()
    found = pixels(values, (S_MIN, "f", limits[0]), (S_MAX, "f", limits[1]))
    assert np.array_equal(found, pixels(values))


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_signed_integers_have_the_range_of_their_type(dtype: type) -> None:
    info = np.iinfo(dtype)
    values: NDArray[Any] = (noise(10, 20, dtype=np.uint8).astype(int) // 2 - 30).astype(dtype)
    photo = read(tiff(values))
    assert photo.bit_depth == info.bits
    assert np.array_equal(photo.pixels, values.astype(int) - info.min)


def test_wide_integers() -> None:
    small = noise(40, 50, dtype=np.uint16)
    for dtype in (np.int32, np.uint32):
        values = small.astype(dtype)
        values[1, 1] = 2**31 - 1  # one hot pixel
        found = pixels(values)
        assert found[1, 1] == 65535
        assert (found != small).sum() <= 1
    wide = noise(40, 50, dtype=np.uint32)
    assert np.abs(pixels(wide) - wide / 65537).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_bits_than_are_stored(bits: int) -> None:
    white = (1 << bits) - 1
    values = noise(40, 50, dtype=np.uint16) >> (16 - bits)
    values[2, 2] = 65535
    found = pixels(values, (MAX, "H", white))
    assert np.array_equal(found, np.minimum(np.rint(values * (65535 / white)), 65535))


@pytest.mark.parametrize("value", [3000, 255, 65535, 0])
def test_other_largest_values_are_not_white(value: int) -> None:
    """TIFF 6.0 lets the tag say what is the brightest pixel, too."""
    values = noise(40, 50, dtype=np.uint16) // 40
    assert np.array_equal(pixels(values, (MAX, "H", value)), values)


def test_a_largest_value_that_many_exceed_is_no_white() -> None:
    values = noise(40, 50, dtype=np.uint16)
    assert np.array_equal(pixels(values, (MAX, "H", 4095)), values)


@pytest.mark.parametrize("channels", [1, 3])
def test_pfm_is_linear(channels: int) -> None:
    linear = np.linspace(0, 1.2, 24, dtype="<f4")
    data = np.repeat(linear[:, None], channels, axis=1).tobytes()
    kind = b"Pf" if channels == 1 else b"PF"
    found = read(kind + b" 24 1 -1.0\n" + data).pixels[0] / 65535
    y = np.minimum(linear, 1).astype(np.float64)
    expected = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    assert np.abs(found - expected).max() < 1 / 65535


def test_pfm_keeps_its_shadows() -> None:
    dark = struct.pack("<64f", *(i / 65536 / 100 for i in range(64)))
    assert len(np.unique(read(b"Pf 64 1 -1.0\n" + dark).pixels)) > 5
