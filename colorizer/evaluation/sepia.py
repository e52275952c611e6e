"""Sepia: results that are brown all over although their photographs are not.

With h the hue angle and C the chroma of a pixel's ab (h = atan2(b, a), C = hypot(a, b)):

    warm_share = Σ_{p: 40° <= h_p <= 100°} C_p / Σ_p C_p             (0 where there is no chroma)
    warm_only  = warm_share > 0.85  and  mean C > 5
    is_sepia   = warm_only(result)  and  not (warm_share(truth) >= 0.65 and mean C(truth) > 5)

The thresholds are our own, chosen on 60 of our validation photographs (not the test ones) with the
default model: above 0.85 a result looks brown all over, at 0.82 a blue sky or a purple dress is
left; truths with 0.65 and more are of wood, fur, stone or lamplight, for which brown is right; and
a mean chroma of 5 is less than any of these pictures has, so that only grey ones stay below it.
The remedy (:mod:`colorizer.color.palette`) acts on the same share.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from ..color import palette

RESULT_SHARE = 0.85
TRUTH_SHARE = 0.65
#: mean chroma, in units of a* and b*
CHROMA_FLOOR = 5.0


def warm_share(ab: ArrayLike) -> float:
    """Share of the chroma that has a warm hue, 0..1 (0 for a grey picture).

    Args:
        ab: (..., 2), in units of a* and b*.

    Raises:
        ValueError: if the shape is another, there are no pixels, or a value is not finite.
    """
    return _measure(ab)[0]


def is_warm_only(ab: ArrayLike) -> bool:
    """Whether a picture has hardly any colour but brown: (..., 2) as in :func:`warm_share`."""
    share, chroma = _measure(ab)
    return share > RESULT_SHARE and chroma > CHROMA_FLOOR


def is_sepia(result_ab: ArrayLike, truth_ab: ArrayLike) -> bool:
    """Whether a result is brown all over and its truth is not: two arrays (..., 2)."""
    share, chroma = _measure(truth_ab)
    warm_truth = share >= TRUTH_SHARE and chroma > CHROMA_FLOOR
    return is_warm_only(result_ab) and not warm_truth


def warm_only_rate(results: Iterable[ArrayLike]) -> float:
    """Share of pictures that are warm only, 0..1: for old photographs, whose truth nobody knows.

    An upper bound of the sepia rate: a picture of a haystack is rightly brown all over.

    Args:
        results: the ab of each, (..., 2).

    Raises:
        ValueError: if there are none, or as :func:`warm_share` does.
    """
    found = [is_warm_only(ab) for ab in results]
    if not found:
        raise ValueError("there are no pictures")
    return float(np.mean(found))


def _measure(ab: ArrayLike) -> tuple[float, float]:
    """The warm share and the mean chroma."""
    values = np.asarray(ab, dtype=np.float64)
    if values.shape[-1:] != (2,) or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"expected finite ab values (..., 2), got {values.shape}")
    planes = np.moveaxis(values, -1, 0)
    return palette.warm_share(planes), float(np.hypot(*planes).mean())
