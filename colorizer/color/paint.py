"""From grey values and colour at working size to sRGB at full size, in one pass over the pixels.

Y and f = f(Y) of a pixel depend on its grey value alone, so they are tables. Colour is linear in
lightness, ab = A L + B (:mod:`.upsample`), and L = 116 f - 16, so what CIE Lab needs is linear in f
with coefficients as smooth as A and B, enlarged bilinearly:

    t_x = f + a / 500 = p_x f + q_x        p_x = 1 + 116 A_a / 500    q_x = (B_a - 16 A_a) / 500
    t_z = f - b / 200 = p_z f + q_z        p_z = 1 - 116 A_b / 200    q_z = (16 A_b - B_b) / 200

Linear light is counted in steps of the table that encodes it, 0..``_STEPS``: t is then scaled by
the cube root of that number. The loop itself is in :mod:`.paint_kernel`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lab import GAMUT_TOLERANCE, linear_to_srgb, luminance_to_lightness
from .upsample import LinearColour, positions

Array = NDArray[np.float32]

#: steps of linear light by bits of the result: an encoded value is off by 0.03 (8 bits) or 0.4 (16
#: bits) of its own steps at most
_STEPS = {8: 1 << 16, 16: 1 << 20}
#: pixels of a strip: small enough that several threads share even a preview
_STRIP_PIXELS = 1 << 17
_KNEE = 6.0 / 29.0
#: no colour comes near it; cubes of what is below it are finite
_LARGEST = 1e6


class Painter:
    """Paints the rows of one picture; any number of threads may call :meth:`paint` at once.

    Args:
        pixels: (H, W) grey values, uint8 or uint16.
        luminance: linear light 0..1 of every grey value, (256,) or (65536,).
        colour: of the picture, at any size.
        bits: of the result, 8 or 16.
    """

    def __init__(
        self, pixels: NDArray[Any], luminance: NDArray[Any], colour: LinearColour, bits: int
    ) -> None:
        steps = _STEPS[bits]
        root = steps ** (1 / 3)
        planes = _coefficients(colour, root)
        height, width = pixels.shape
        rows, row_shares = positions(0, height, height, planes.shape[1])
        columns, column_shares = positions(0, width, width, planes.shape[2])
        self._pixels = np.ascontiguousarray(pixels)
        self._arguments = (
            planes,
            (rows.astype(np.uint32), row_shares, columns.astype(np.uint32), column_shares),
            ((luminance_to_lightness(luminance) + 16.0) / 116.0 * root).astype(np.float32),
            (luminance * steps).astype(np.float32),
            encoding_table(bits),
            (np.float32(_KNEE * root), np.float32(3 * (_KNEE * root) ** 2)),
            (np.float32(-GAMUT_TOLERANCE * steps), np.float32((1 + GAMUT_TOLERANCE) * steps)),
        )

    @property
    def strips(self) -> list[slice]:
        """Rows that are painted at once: together all of the picture, without overlap."""
        height, width = self._pixels.shape
        rows = max(_STRIP_PIXELS // width, 1)
        return [slice(i, min(i + rows, height)) for i in range(0, height, rows)]

    def paint(self, rows: slice, out: NDArray[Any]) -> None:
        """Write sRGB of some of the rows into ``out`` (rows, W, 3), uint8 or uint16."""
        from .paint_kernel import paint_rows

        paint_rows(self._pixels[rows], rows.start, *self._arguments, out)


def prepare() -> None:
    """Load the compiled loop, by painting one pixel; half a second, the first time in a process."""
    nothing = np.zeros((2, 1, 1), np.float32)
    painter = Painter(np.zeros((1, 1), np.uint8), np.zeros(256), LinearColour(nothing, nothing), 8)
    painter.paint(slice(0, 1), np.empty((1, 1, 3), np.uint8))


@cache
def encoding_table(bits: int) -> NDArray[Any]:
    """sRGB value of each step of linear light, taken at its middle."""
    steps = _STEPS[bits]
    linear = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    top = (1 << bits) - 1
    table: Array = np.rint(linear_to_srgb(linear) * np.float32(top))
    return table.astype(np.uint8 if bits == 8 else np.uint16)


def _coefficients(colour: LinearColour, root: float) -> Array:
    """p_x, q_x, p_z, q_z at working size, (4, h, w); the q in units of the scaled t."""
    slope, offset = colour.slope, colour.offset
    level = (offset - 16.0 * slope) * np.array([[[1 / 500]], [[-1 / 200]]], np.float32)
    factor = 1.0 + slope * np.array([[[116 / 500]], [[-116 / 200]]], np.float32)
    level *= np.float32(root)
    planes = np.stack([factor[0], level[0], factor[1], level[1]]).astype(np.float32)
    return np.clip(np.nan_to_num(planes, copy=False), -_LARGEST, _LARGEST)
