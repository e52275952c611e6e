"""From the network's small ab to full size, following the edges of the full-size lightness.

The fast guided filter (He, Sun and Tang, "Guided Image Filtering", 2013; He and Sun, "Fast Guided
Filter", 2015): around every place of the working-size picture ab is fitted as a linear function of
lightness, ab = A L + B; A and B are smooth, so they are enlarged bilinearly and applied to the
full-size lightness. Plain bilinear enlargement is the case A = 0, B = ab.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

#: half-width of the window, in working-size pixels
RADIUS = 6
#: regularisation, in squared L*: edges weaker than its root are smoothed over
EPSILON = 30.0


@dataclass(frozen=True)
class LinearColour:
    """ab as a linear function of lightness at each working-size pixel: ab = slope L + offset.

    ``slope`` and ``offset`` are (2, h, w) float32.
    """

    slope: Array
    offset: Array

    def rows(self, lightness: Array, first: int, height: int) -> Array:
        """ab for some rows of the full-size picture.

        Args:
            lightness: L* of those rows, (n, W).
            first: number of the first of them.
            height: rows of the full-size picture.

        Returns:
            (2, n, W) float32.
        """
        count, width = lightness.shape
        h, w = self.offset.shape[1:]
        y = positions(first, count, height, h)
        x = positions(0, width, width, w)
        result = np.empty((len(self.offset), count, width), np.float32)
        is_flat = not self.slope.any()
        for channel in range(len(result)):
            offset = _interpolate(self.offset[channel], y, x)
            if not is_flat:
                offset += _interpolate(self.slope[channel], y, x) * lightness
            result[channel] = offset
        return result


def positions(first: int, count: int, size: int, small: int) -> tuple[NDArray[np.int64], Array]:
    """Where pixel centres of the large axis lie on the small one: lower index and fraction."""
    at = (np.arange(first, first + count, dtype=np.float64) + 0.5) * (small / size) - 0.5
    at = np.clip(at, 0, small - 1)
    low = np.minimum(at.astype(np.int64), max(small - 2, 0))
    return low, (at - low).astype(np.float32)


def _interpolate(
    plane: Array, y: tuple[NDArray[np.int64], Array], x: tuple[NDArray[np.int64], Array]
) -> Array:
    (row, fy), (column, fx) = y, x
    below = np.minimum(row + 1, plane.shape[0] - 1)
    right = np.minimum(column + 1, plane.shape[1] - 1)
    lines = plane.take(row, 0) * (1 - fy)[:, None] + plane.take(below, 0) * fy[:, None]
    result: Array = lines.take(column, 1) * (1 - fx) + lines.take(right, 1) * fx
    return result


def enlarge(ab: Array, height: int, width: int) -> Array:
    """Plain bilinear enlargement: (k, h, w) to (k, height, width); pixel centres aligned."""
    flat = LinearColour(np.zeros_like(ab), ab)
    return flat.rows(np.zeros((height, width), np.float32), 0, height)


def mean_of_blocks(planes: NDArray[Any], n: int) -> Array:
    """Means of blocks of n x n: (k, h, w) to (k, ceil(h / n), ceil(w / n)) float32.

    The last blocks repeat the border.
    """
    if n == 1:
        return planes.astype(np.float32)
    _, height, width = planes.shape
    if height % n or width % n:
        planes = np.pad(planes, ((0, 0), (0, -height % n), (0, -width % n)), mode="edge")
    # adding views is several times quicker than a reduction over short axes
    rows = planes[:, ::n].astype(np.float32)
    for first in range(1, n):
        rows += planes[:, first::n]
    found = rows[:, :, ::n].copy()
    for first in range(1, n):
        found += rows[:, :, first::n]
    found *= np.float32(1 / n**2)
    return found


def fit_linear_colour(
    ab: Array,
    lightness: Array,
    refinement: float = 1.0,
    radius: int = RADIUS,
    epsilon: float = EPSILON,
) -> LinearColour:
    """Fit ab to lightness around every working-size pixel.

    With means over a window, A = cov(L, ab) / (var(L) + epsilon), B = mean(ab) - A mean(L), both
    averaged over the window once more.

    Args:
        ab: (2, h, w), already at working size.
        lightness: (h, w) L* at working size.
        refinement: 0..1, blends from plain bilinear (0) to the guided filter (1).
        radius: half-width of the window, px.
        epsilon: regularisation, squared L*.
    """
    if refinement == 0:
        return LinearColour(np.zeros_like(ab), ab)
    planes = np.concatenate([lightness[None], ab])
    mean_l, *mean_ab = _box(planes, radius)
    square, *products = _box(planes * lightness, radius)
    variance = np.maximum(square - mean_l * mean_l, 0)
    slope = (np.stack(products) - mean_l * mean_ab) / (variance + np.float32(epsilon))
    fitted = _box(np.concatenate([slope, mean_ab - slope * mean_l]), radius)
    fitted *= np.float32(refinement)
    fitted[2:] += ab * np.float32(1 - refinement)
    return LinearColour(fitted[:2], fitted[2:])


def _box(planes: Array, radius: int) -> Array:
    """Mean over a (2 radius + 1) square, the window cut at the borders; (n, h, w) float32."""
    _, height, width = planes.shape
    wide, side = width + 2 * radius, 2 * radius + 1
    shares = np.outer(_shares(height, radius), _shares(width, radius))
    padded = np.zeros((height + 2 * radius, wide), np.float32)
    sums = np.empty((height, wide), np.float32)
    means = np.empty_like(planes)
    for plane, mean in zip(planes, means, strict=True):
        padded[radius : radius + height, radius : radius + width] = plane
        columns = _window_sums(padded.ravel(), wide, side)
        rows = _window_sums(columns, 1, side)
        sums.ravel()[: rows.size] = rows  # those that are missing lie in the margin
        np.multiply(sums[:, :width], shares, out=mean)
    return means


def _shares(size: int, radius: int) -> Array:
    """One divided by the number of places that the window has at each place."""
    index = np.arange(size)
    counts = np.minimum(index + radius + 1, size) - np.maximum(index - radius, 0)
    return (1 / counts).astype(np.float32)


def _window_sums(values: Array, stride: int, count: int) -> Array:
    """values[i] + values[i + stride] + ..., ``count`` terms, from sums of 1, 2, 4, ... of them."""
    size = len(values) - (count - 1) * stride
    total = np.zeros(size, np.float32)
    start, length, sums = 0, 1, values
    while True:
        if count & length:
            total += sums[start * stride : start * stride + size]
            start += length
        if 2 * length > count:
            return total
        sums = sums[: -length * stride] + sums[length * stride :]
        length *= 2
