"""AuC: the area under the curve of "share of pixels whose ab error is at most t".

Source: Zhang, Isola, Efros, "Colorful Image Colorization" (ECCV 2016), section 3.1, point 3, after
Deshpande, Rock, Forsyth 2015. The paper leaves open how pictures are averaged and how the area is
integrated. Fixed here:

    e_p      = Euclidean distance of the ab of pixel p in the result and in the truth
    share(t) = Σ_p w_p·[e_p <= t] / Σ_p w_p            t = 0, 1, …, 150
    AuC      = 100 · (trapezoidal area of share over 0..150) / 150

The sums run over **all pixels of all photographs together** (pooled). AuC has w_p = 1; the
rebalanced AuC has w_p = 1/p̃_q with q the bin nearest the true ab of p. Both lie in 0..100 (%),
higher is better. Grey (ab = 0) scores high in the first: never print one without that baseline.

Which p̃? By default the share of bin q among the true pixels of **the measured photographs**, not
smoothed: every colour that occurs counts the same, and the rebalanced AuC is the mean of the AuC
within each such bin. The paper takes the smoothed prior of its training set (its equation 4 at
λ = 0), which can be given instead. That is sound only if the training set knows every colour that
occurs in the test: a smoothed prior may be 1e-13 where a small training set has no pixels, and then
a handful of pixels decides the result (with 2,000 training photographs one bin was seen to hold
37 % of the weight).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..color.bins import BIN_COUNT, is_prior
from ..color.nearest import nearest_bins

THRESHOLD_MAX = 150

Areas = NDArray[np.float64]


class AucCounter:
    """Adds up the areas of many photographs by true bin, then tells both AuC.

    Args:
        prior: smoothed share of each ab bin in the training set, (313,), of any scale; see
            :func:`bin_weights`. ``None``: the share among the true pixels that are added.
    """

    def __init__(self, prior: ArrayLike | None = None) -> None:
        self._weights = None if prior is None else bin_weights(prior)
        self._sums = np.zeros((2, BIN_COUNT))

    def add(
        self, ab_true: ArrayLike, ab_result: ArrayLike, bins: NDArray[Any] | None = None
    ) -> None:
        """Add the pixels of one photograph or of a batch; arguments of :func:`bin_areas`."""
        self._sums += bin_areas(ab_true, ab_result, bins)

    @property
    def auc(self) -> float:
        """Area with every pixel counted once, 0..100. ValueError if nothing was added."""
        return self._pooled()[0]

    @property
    def auc_rebalanced(self) -> float:
        """Area with pixels weighted by 1/p̃, 0..100. ValueError if nothing was added."""
        return self._pooled()[1]

    def _pooled(self) -> tuple[float, float]:
        if not self._sums[1].any():
            raise ValueError("no pixels have been counted")
        plain, rebalanced = pooled(self._sums[0], self._sums[1], self._weights)
        return float(plain), float(rebalanced)


def bin_areas(ab_true: ArrayLike, ab_result: ArrayLike, bins: NDArray[Any] | None = None) -> Areas:
    """What the pixels of each true bin add to the AuC: all that need be kept of a photograph.

    The area under the curve of one pixel, a step from 0 to 1 at t = ceil(e), is its share of the
    AuC; so the AuC of any set of pixels, weighted or not, is a (weighted) mean of such areas.

    Args:
        ab_true, ab_result: (..., 2), in units of a* and b*.
        bins: (...), index of the bin nearest each true ab, if the caller has it already.

    Returns:
        float64 (2, 313): the sum of the areas (0..100 each) of the pixels of each true bin, and
        the number of these pixels.

    Raises:
        ValueError: if the shapes differ or a value is not finite.
    """
    true = np.asarray(ab_true, dtype=np.float64)
    result = np.asarray(ab_result, dtype=np.float64)
    if true.shape != result.shape or true.shape[-1:] != (2,):
        raise ValueError(f"expected two arrays (..., 2), got {true.shape} and {result.shape}")
    difference = result - true
    error = np.hypot(difference[..., 0], difference[..., 1]).ravel()
    if not np.isfinite(error).all():
        raise ValueError("the ab values are not all finite numbers")
    # The smallest whole t with e <= t; all errors above the last threshold share one.
    step = np.minimum(np.ceil(error), THRESHOLD_MAX + 1).astype(np.intp)
    nearest = (nearest_bins(true) if bins is None else np.asarray(bins)).ravel()
    halves = np.bincount(nearest, weights=_half_trapezoids()[step], minlength=BIN_COUNT)
    count = np.bincount(nearest, minlength=BIN_COUNT)
    return np.stack([100.0 * halves / (2 * THRESHOLD_MAX), count])


def pooled(
    areas: Areas, pixels: Areas, weights: NDArray[np.float64] | None = None
) -> tuple[Areas, Areas]:
    """AuC and rebalanced AuC of sums of :func:`bin_areas`.

    Args:
        areas, pixels: (..., 313), sums over any photographs, each as often as wanted.
        weights: (313,), 1/p̃ of each bin up to a factor; ``None``: :func:`own_weights` of each.

    Returns:
        Two arrays (...), 0..100; nan where there are no pixels.
    """
    if weights is None:
        weights = own_weights(pixels)
    with np.errstate(invalid="ignore"):
        plain = areas.sum(axis=-1) / pixels.sum(axis=-1)
        rebalanced = (areas * weights).sum(axis=-1) / (pixels * weights).sum(axis=-1)
    return plain, rebalanced


def own_weights(pixels: Areas) -> Areas:
    """1/p̃ up to a factor, p̃ the bins' shares of ``pixels``, (..., 313); 0 for an empty bin."""
    return np.asarray(1.0 / np.where(pixels > 0, pixels, np.inf))


def auc(ab_true: ArrayLike, ab_result: ArrayLike) -> float:
    """AuC of one set of pixels, 0..100. ``ab_*``: (..., 2). See the module for the equation."""
    counter = AucCounter()
    counter.add(ab_true, ab_result)
    return counter.auc


def auc_rebalanced(
    ab_true: ArrayLike, ab_result: ArrayLike, prior: ArrayLike | None = None
) -> float:
    """Rebalanced AuC of one set of pixels, 0..100. ``ab_*``: (..., 2); ``prior``: (313,)."""
    counter = AucCounter(prior)
    counter.add(ab_true, ab_result)
    return counter.auc_rebalanced


def bin_weights(prior: ArrayLike) -> NDArray[np.float64]:
    """1/p̃ for each bin, float64 (313,).

    A bin of prior zero, which a smoothed prior should not have, is given the smallest
    prior above zero that there is, so that one stray pixel does not outweigh all others.
    The scale of ``prior`` cancels in the AuC.

    Raises:
        ValueError: if it is not 313 finite numbers >= 0 with at least one above 0.
    """
    values = np.asarray(prior, dtype=np.float64)
    if values.shape != (BIN_COUNT,):
        raise ValueError(f"a colour prior has {BIN_COUNT} numbers, this has shape {values.shape}")
    if not is_prior(values):
        raise ValueError("a colour prior must be finite, nowhere negative and not all zero")
    values = values / values.sum()
    return np.asarray(1.0 / np.maximum(values, values[values > 0].min()))


@cache
def _half_trapezoids() -> NDArray[np.float64]:
    """Twice the trapezoidal area over 0..150 of a step at t = 0, 1, …, 151: float64 (152,)."""
    curve = np.arange(THRESHOLD_MAX + 1) >= np.arange(THRESHOLD_MAX + 2)[:, None]
    return np.asarray(2.0 * curve.sum(axis=1) - curve[:, 0] - curve[:, -1])
