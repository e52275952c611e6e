"""From grey values and colour at working size to sRGB at full size, in one pass over small tiles.

Y and f = f(Y) of a pixel depend on its grey value alone, so they are tables. Colour is linear in
lightness, ab = A L + B (:mod:`.upsample`), and L = 116 f - 16, so what CIE Lab needs is linear in f
with coefficients as smooth as A and B, enlarged bilinearly:

    t_x = f + a / 500 = p_x f + q_x        p_x = 1 + 116 A_a / 500    q_x = (B_a - 16 A_a) / 500
    t_z = f - b / 200 = p_z f + q_z        p_z = 1 - 116 A_b / 200    q_z = (16 A_b - B_b) / 200
    x, z = f_inverse(t_x), f_inverse(t_z)
    (R, G, B) = Y + M_x (x - Y) + M_z (z - Y)

with the columns M_x and M_z of the matrix from (x, Y, z), each relative to the white, to linear
sRGB; its rows sum to 1, so a neutral pixel stays neutral. A pixel outside the gamut is moved
towards its grey, t = f + s (t - f), which is constant L* and hue; s is found by bisection as in
:func:`.lab.fit_gamut`.

Linear light is counted in steps of the table that encodes it, 0..``_STEPS``: t is then scaled by
the cube root of that number. Enlargement along a row is a product with a narrow matrix of the two
weights of each column, which BLAS does quicker than look-ups. Tiles are small enough for a core's
own cache, and numpy lets go of the interpreter in each step, so that threads can share the work.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lab import GAMUT_TOLERANCE, RELATIVE_TO_RGB, linear_to_srgb, luminance_to_lightness
from .upsample import LinearColour, positions

Array = NDArray[np.float32]
Channels = tuple[Array, Array, Array]

#: steps of linear light by bits of the result: an encoded value is off by 0.03 (8 bits) or 0.4 (16
#: bits) of its own steps at most
_STEPS = {8: 1 << 16, 16: 1 << 20}
#: pixels of a tile: its dozen buffers fit into a core's cache
_TILE = 1 << 16
#: a picture has at least this many strips, if it has rows enough: work for several threads
_STRIPS = 8
_FEWEST_ROWS = 64
#: rows of one matrix product (all four planes of 8 rows) and the most that its other sides may
#: multiply to: below 2^18 multiplications BLAS starts no threads of its own
_GROUP = 8
_PRODUCT = 1 << 13
_BISECTIONS = 10
_KNEE = 6.0 / 29.0


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
        self._pixels = pixels
        steps = _STEPS[bits]
        root = steps ** (1 / 3)
        self._f = ((luminance_to_lightness(luminance) + 16.0) / 116.0 * root).astype(np.float32)
        self._y = (luminance * steps).astype(np.float32)
        self._encoded = _encoding_table(bits)
        self._planes = _coefficients(colour, root)
        self._knee = np.float32(_KNEE * root)
        self._slope = np.float32(3 * (_KNEE * root) ** 2)
        self._low = np.float32(-GAMUT_TOLERANCE * steps)
        self._high = np.float32((1 + GAMUT_TOLERANCE) * steps)
        height, width = pixels.shape
        self._rows = positions(0, height, height, self._planes.shape[1])
        self._bands = _bands(width, self._planes.shape[2])
        columns = max(weights.shape[1] for _, _, weights in self._bands)
        fair = max(-(-height // _STRIPS), _FEWEST_ROWS)
        rows = max(min(_TILE // columns, fair), 1)
        self._strip = rows if rows < _GROUP else rows - rows % _GROUP

    @property
    def strips(self) -> list[slice]:
        """Rows that are painted at once: together all of the picture, without overlap."""
        height = self._pixels.shape[0]
        return [slice(i, min(i + self._strip, height)) for i in range(0, height, self._strip)]

    def paint(self, rows: slice, out: NDArray[Any]) -> None:
        """Write sRGB of one of the strips into ``out`` (rows, W, 3), uint8 or uint16."""
        low, fraction = self._rows[0][rows], self._rows[1][rows]
        lines = _between(self._planes, low, fraction)
        outside = _Outside(self, out)
        for column, sources, weights in self._bands:
            columns = slice(column, column + weights.shape[1])
            planes = _enlarge(lines[:, :, sources], weights)[:, : len(low)]
            grey = self._pixels[rows, columns].ravel().astype(np.intp)
            self._paint_tile(grey, planes, out[:, columns], column, outside)
        outside.fit()

    def _paint_tile(
        self, grey: NDArray[np.intp], planes: Array, out: NDArray[Any], column: int, late: _Outside
    ) -> None:
        f, y = self._f.take(grey), self._y.take(grey)
        t_x, q_x, t_z, q_z = (plane.reshape(-1) for plane in planes)
        t_x *= f
        t_x += q_x
        t_z *= f
        t_z += q_z
        rgb = self.linear(y, t_x, t_z, q_x, q_z)
        outside = np.flatnonzero(self.outside(rgb, q_x))
        encoded = np.empty(grey.shape, self._encoded.dtype)
        for i, channel in enumerate(rgb):
            np.copyto(grey, channel, casting="unsafe")
            self._encoded.take(grey, out=encoded, mode="clip")
            out[..., i] = encoded.reshape(out.shape[:2])
        if outside.size:
            row, place = np.divmod(outside, out.shape[1])
            late.add(row, place + column, *(part[outside] for part in (f, y, t_x, t_z)))

    def encode(self, linear: Array) -> NDArray[Any]:
        """Linear light in steps to sRGB."""
        return self._encoded.take(linear.astype(np.intp), mode="clip")

    def linear(
        self, y: Array, t_x: Array, t_z: Array, x: Array | None = None, z: Array | None = None
    ) -> Channels:
        """Linear sRGB in steps; ``x`` and ``z`` may be overwritten."""
        scratch = np.empty_like(y)
        x = self._f_inverse(t_x, x, scratch)
        z = self._f_inverse(t_z, z, scratch)
        x -= y
        z -= y
        channels = []
        for of_x, of_z in _COLUMNS:
            channel = x * of_x
            np.multiply(z, of_z, out=scratch)
            channel += scratch
            channel += y
            channels.append(channel)
        red, green, blue = channels
        return red, green, blue

    def _f_inverse(self, t: Array, out: Array | None, scratch: Array) -> Array:
        """u^3 + slope (t - u) with u = max(t, knee): the cube, and below the knee its tangent."""
        u = np.maximum(t, self._knee, out=scratch)
        line = np.subtract(t, u, out=out)
        line *= self._slope
        cube = u * u
        cube *= u
        line += cube
        return line

    def outside(self, rgb: Channels, scratch: Array) -> NDArray[np.bool_]:
        red, green, blue = rgb
        lowest = np.minimum(red, green, out=scratch)
        result = np.minimum(lowest, blue, out=lowest) < self._low
        highest = np.maximum(red, green, out=scratch)
        result |= np.maximum(highest, blue, out=highest) > self._high
        return result

    def fit(self, f: Array, y: Array, t_x: Array, t_z: Array) -> Channels:
        """Linear sRGB of pixels that are all outside, with as little less chroma as need be."""
        t_x -= f
        t_z -= f
        share = np.zeros_like(f)
        step = np.float32(1.0)
        for _ in range(_BISECTIONS):
            step *= np.float32(0.5)
            tried = share + step
            outside = self.outside(self.linear(y, t_x * tried + f, t_z * tried + f), tried)
            share += step * ~outside
        return self.linear(y, t_x * share + f, t_z * share + f)


class _Outside:
    """Pixels of a strip that are outside the gamut, gathered, because few at a time take long."""

    def __init__(self, painter: Painter, out: NDArray[Any]) -> None:
        self._painter = painter
        self._out = out
        self._parts: list[tuple[NDArray[Any], ...]] = []
        self._count = 0

    def add(self, *part: NDArray[Any]) -> None:
        """Rows, columns, and f, y, t_x, t_z of some pixels."""
        self._parts.append(part)
        self._count += len(part[0])
        if self._count >= _TILE:
            self.fit()

    def fit(self) -> None:
        """Paint those that are waiting."""
        if self._parts:
            row, column, *values = (np.concatenate(part) for part in zip(*self._parts, strict=True))
            for i, channel in enumerate(self._painter.fit(*values)):
                self._out[row, column, i] = self._painter.encode(channel)
        self._parts, self._count = [], 0


_COLUMNS = tuple((np.float32(row[0]), np.float32(row[2])) for row in RELATIVE_TO_RGB)


@cache
def _encoding_table(bits: int) -> NDArray[Any]:
    """sRGB value of each step of linear light, taken at its middle."""
    steps = _STEPS[bits]
    linear = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    top = (1 << bits) - 1
    table: Array = np.rint(linear_to_srgb(linear) * np.float32(top))
    return table.astype(np.uint8 if bits == 8 else np.uint16)


def _coefficients(colour: LinearColour, root: float) -> Array:
    """p_x, q_x, p_z, q_z at working size, (4, h, w); the q in units of the scaled t."""
    slope, offset = colour.slope, colour.offset
    level = (offset - 16.0 * slope) * np.array([[[1 / 500]], [[-1 / 200]]])
    factor = 1.0 + slope * np.array([[[116 / 500]], [[-116 / 200]]])
    planes = np.stack([factor[0], level[0] * root, factor[1], level[1] * root])
    return planes.astype(np.float32)


def _bands(width: int, small: int) -> list[tuple[int, slice, Array]]:
    """The columns in bands: (first column, columns of the small picture, their weights).

    The weights are (columns of the small picture, columns): two in each column, which sum to 1.
    """
    low, fraction = positions(0, width, width, small)
    high = np.minimum(low + 1, small - 1)
    scale = small / width
    # the largest c with c (c scale + 3) <= _PRODUCT
    size = int((np.sqrt(9 + 4 * scale * _PRODUCT) - 3) / (2 * scale)) if scale else width
    bands = []
    for first in range(0, width, max(size, 1)):
        part = slice(first, first + max(size, 1))
        start, stop = int(low[part][0]), int(high[part][-1]) + 1
        weights = np.zeros((stop - start, len(low[part])), np.float32)
        column = np.arange(weights.shape[1])
        np.add.at(weights, (low[part] - start, column), 1 - fraction[part])
        np.add.at(weights, (high[part] - start, column), fraction[part])
        bands.append((first, slice(start, stop), weights))
    return bands


def _between(planes: Array, low: NDArray[np.int64], fraction: Array) -> Array:
    """Planes (4, h, w) at the given rows: (4, n, w), n filled up to a multiple of _GROUP."""
    missing = -len(low) % _GROUP
    low, fraction = np.pad(low, (0, missing), mode="edge"), np.pad(fraction, (0, missing))
    high = np.minimum(low + 1, planes.shape[1] - 1)
    lines = planes.take(low, 1)
    lines *= (1 - fraction)[:, None]
    below = planes.take(high, 1)
    below *= fraction[:, None]
    lines += below
    return lines


def _enlarge(lines: Array, weights: Array) -> Array:
    """Lines (4, n, k) times weights (k, columns): (4, n, columns)."""
    groups = np.ascontiguousarray(lines).reshape(-1, 4 * _GROUP, lines.shape[2])
    planes: Array = (groups @ weights).reshape(4, lines.shape[1], weights.shape[1])
    return planes
