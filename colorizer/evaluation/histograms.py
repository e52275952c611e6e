"""The seed paper's three histogram metrics, on a histogram of colour that we define.

The formulas are those of OpenCV's ``compareHist``. The paper does not say which histogram it
compares, nor how it makes a percentage of a distance; so its figures cannot be compared to ours.
Two readings are fixed here, both L1-normalised, float32, the truth ``h1``:

* the **two-dimensional ab histogram** of a photograph, 23×23 cells of 10×10 units centred on the
  multiples of 10 in -110..110 (the grid of the network's bins; the whole sRGB gamut lies inside),
  which compares what a colorizer chooses;
* the **RGB histogram** of 8×8×8 cells of 32 steps each, the likeliest reading, since the paper
  compares pictures in RGB. It mostly compares lightness, which a colorizer does not choose.

A set is reported as the mean over photographs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEP = 10.0
LIMIT = 110
CELLS = 2 * LIMIT // int(STEP) + 1  # 23
RGB_CELLS = 8

Histogram = NDArray[np.float32]


def ab_histogram(ab: NDArray[np.floating]) -> Histogram:
    """Share of pixels in each cell of the ab plane: float32 (23, 23), rows a*, columns b*, sum 1.

    Cell i holds values in [10·i - 115, 10·i - 105); values beyond the grid go to the outer cells.

    Args:
        ab: (..., 2), in units of a* and b*, at least one pixel, all finite.

    Raises:
        ValueError: if there are no pixels or a value is not finite.
    """
    values = np.asarray(ab, dtype=np.float64).reshape(-1, 2)
    if len(values) == 0 or not np.isfinite(values).all():
        raise ValueError("a histogram needs at least one pixel, and finite values")
    cells = np.floor(values / STEP + 0.5).clip(-(CELLS // 2), CELLS // 2).astype(np.intp)
    index = (cells[:, 0] + CELLS // 2) * CELLS + cells[:, 1] + CELLS // 2
    counts = np.bincount(index, minlength=CELLS * CELLS).reshape(CELLS, CELLS)
    return (counts / len(values)).astype(np.float32)


def rgb_histogram(rgb: NDArray[np.uint8]) -> Histogram:
    """Share of pixels in each cell of the RGB cube: float32 (8, 8, 8), sum 1.

    Cell i of a channel holds the values 32 i .. 32 i + 31.

    Args:
        rgb: (..., 3) uint8, at least one pixel.

    Raises:
        ValueError: if there are no pixels.
    """
    cells = (rgb.reshape(-1, 3) >> 5).astype(np.intp)
    if len(cells) == 0:
        raise ValueError("a histogram needs at least one pixel")
    index = (cells[:, 0] * RGB_CELLS + cells[:, 1]) * RGB_CELLS + cells[:, 2]
    counts = np.bincount(index, minlength=RGB_CELLS**3).reshape((RGB_CELLS,) * 3)
    return (counts / len(cells)).astype(np.float32)


def correlation(h1: Histogram, h2: Histogram) -> float:
    """Pearson correlation over the cells, -1..1 (1: same shape), no unit.

    Σ(h1-h̄1)(h2-h̄2) / sqrt(Σ(h1-h̄1)²·Σ(h2-h̄2)²). Two histograms of which one is flat (product
    of the sums below the double epsilon) count as 1, as in OpenCV (``HISTCMP_CORREL``).
    """
    first, second = _pair(h1, h2)
    n = first.size
    joint = first @ second - first.sum() * second.sum() / n
    spread = (first @ first - first.sum() ** 2 / n) * (second @ second - second.sum() ** 2 / n)
    if abs(spread) <= np.finfo(np.float64).eps:
        return 1.0
    return float(joint / np.sqrt(spread))


def chi_square(h1: Histogram, h2: Histogram) -> float:
    """Asymmetric chi-square distance, >= 0 (0: identical), no unit and no upper bound.

    Σ(h1-h2)²/h1 over the cells in which h1, the truth, is not empty (``HISTCMP_CHISQR``). A cell
    that holds one pixel of the truth and many of the result contributes enormously: a mean over
    photographs is ruled by its few worst, and colours that the truth lacks altogether cost nothing.
    """
    first, second = _pair(h1, h2)
    filled = np.abs(first) > np.finfo(np.float64).eps
    return float(np.sum((first - second)[filled] ** 2 / first[filled]))


def bhattacharyya(h1: Histogram, h2: Histogram) -> float:
    """Bhattacharyya distance as OpenCV has it (properly: Hellinger), 0..1 (0: identical).

    sqrt(1 - Σ sqrt(h1·h2) / sqrt(Σh1·Σh2)) (``HISTCMP_BHATTACHARYYA``).
    """
    first, second = _pair(h1, h2)
    mass = first.sum() * second.sum()
    scale = 1.0 / np.sqrt(mass) if abs(mass) > np.finfo(np.float32).eps else 1.0
    return float(np.sqrt(max(0.0, 1.0 - np.sum(np.sqrt(first * second)) * scale)))


def _pair(h1: Histogram, h2: Histogram) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if h1.shape != h2.shape:
        raise ValueError(f"histograms of different shapes: {h1.shape} and {h2.shape}")
    return h1.astype(np.float64).ravel(), h2.astype(np.float64).ravel()
