"""The sRGB transfer function as tables, and the luminance of colour pixels.

IEC 61966-2-1 for the curve and the primaries (D65); CIE 15 for L*. Everything is a table look-up:
no conversion of a large picture makes a float copy of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Second row of the linear sRGB -> XYZ (D65) matrix, scaled to sum to exactly 1.
_Y = np.array([0.2126729, 0.7151522, 0.0721750])
LUMINANCE_WEIGHTS: NDArray[np.float64] = _Y / _Y.sum()

# Linear luminance is rounded to this many steps before it is encoded again. With 2**20 a neutral
# 16-bit pixel always comes back as itself, although the curve is 12.92 times steeper near black.
_STEPS = 1 << 20

STRIP_PIXELS = 1 << 20


def strips(height: int, width: int) -> Iterator[slice]:
    """Yield row slices of about a million pixels that cover ``height`` rows."""
    rows = max(1, STRIP_PIXELS // max(width, 1))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def to_linear(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB-encoded values 0..1 to linear light 0..1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def to_encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light 0..1 to sRGB-encoded values 0..1."""
    curve = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, curve)


@cache
def linear_table(bits: int) -> NDArray[np.float64]:
    """Linear light of every ``bits``-bit sRGB value, float64 (2**bits,)."""
    return _frozen(to_linear(np.linspace(0.0, 1.0, 1 << bits)))


@cache
def lightness_table(bits: int) -> NDArray[np.float32]:
    """CIE L* (0..100) of every ``bits``-bit sRGB grey value, float32 (2**bits,).

    L* = 116 f(Y) - 16 with f(t) = t**(1/3) above (6/29)**3, a straight line below.
    """
    y = linear_table(bits)
    f = np.where(y > (6 / 29) ** 3, np.cbrt(y), y * (29 / 6) ** 2 / 3 + 4 / 29)
    return _frozen((116.0 * f - 16.0).astype(np.float32))


@cache
def grey_of_lightness_table(bits: int) -> NDArray[np.uint16]:
    """16-bit sRGB grey value of every L* stored as a ``bits``-bit integer (full scale is 100)."""
    f = (np.linspace(0.0, 100.0, 1 << bits) + 16.0) / 116.0
    y = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return _frozen(np.rint(to_encoded(y) * 65535).astype(np.uint16))


@cache
def narrow_table() -> NDArray[np.uint8]:
    """Nearest 8-bit value of every 16-bit value, uint8 (65536,)."""
    return _frozen(((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8))


def to_depth(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return uint8 or uint16 ``values`` as ``bits``-bit values, properly rounded."""
    if values.dtype.itemsize * 8 == bits:
        return values
    if bits == 8:
        narrow = np.empty(values.shape, np.uint8)
        width = math.prod(values.shape[1:2])
        for rows in strips(len(values), width):  # take() makes 8-byte numbers of what it is given
            narrow[rows] = narrow_table().take(values[rows])
        return narrow
    return values.astype(np.uint16) * np.uint16(257)


@cache
def _channel_tables(bits: int) -> tuple[NDArray[np.float32], ...]:
    scaled = linear_table(bits) * (_STEPS - 1)
    return tuple(_frozen((scaled * w).astype(np.float32)) for w in LUMINANCE_WEIGHTS)


@cache
def _encode_table() -> NDArray[np.uint16]:
    steps = np.arange(_STEPS, dtype=np.float64) / (_STEPS - 1)
    return _frozen(np.rint(to_encoded(steps) * 65535).astype(np.uint16))


def luminance_strip(rgb: NDArray[Any]) -> NDArray[np.uint16]:
    """Grey of the same CIE Y for sRGB pixels (..., 3), uint8 or uint16, as 16-bit sRGB values."""
    red, green, blue = _channel_tables(rgb.dtype.itemsize * 8)
    y = red.take(rgb[..., 0])
    y += green.take(rgb[..., 1])
    y += blue.take(rgb[..., 2])
    return _encode(y)


def encode_luminance(y: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Linear luminance 0..1 as 16-bit sRGB grey; ``y`` is overwritten."""
    y *= np.float32(_STEPS - 1)
    return _encode(y)


def _encode(scaled: NDArray[np.float32]) -> NDArray[np.uint16]:
    scaled += np.float32(0.5)
    return _encode_table().take(scaled.astype(np.int32), mode="clip")


def luminance(
    pixels: NDArray[Any], of_strip: Callable[[NDArray[Any]], NDArray[np.uint16]] | None = None
) -> NDArray[Any]:
    """Grey of the same CIE Y for a colour picture (H, W, C), strip by strip.

    Without ``of_strip`` the pixels are sRGB; a picture whose three channels are equal everywhere
    is then grey already, and its one channel is returned unchanged, in its own type. Otherwise the
    result is uint16, what ``of_strip`` makes of each strip of rows.
    """
    height, width = pixels.shape[:2]
    if of_strip is None:
        if _is_neutral(pixels):
            return pixels[..., 0].copy()  # of one pixel, a view would keep the strides of three
        of_strip = luminance_strip
    grey = np.empty((height, width), np.uint16)
    for rows in strips(height, width):
        grey[rows] = of_strip(pixels[rows])
    return grey


def _is_neutral(rgb: NDArray[Any]) -> bool:
    for rows in strips(*rgb.shape[:2]):
        strip = rgb[rows]
        for channel in (1, 2):
            if not np.array_equal(strip[..., 0], strip[..., channel]):
                return False
    return True


def _frozen(table: NDArray[Any]) -> NDArray[Any]:
    table.setflags(write=False)
    return table
