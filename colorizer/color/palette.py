"""Photographs that come out brown all over: the sepia wash, seen in a picture's whole palette.

A network that is unsure of every part of a photograph gives every part the same warm answer. Each
may be the likeliest colour of its place; that all of them are brown is not likely. So where the
result has hardly any colour but warm ones, the photograph's own palette m, the mean of the
network's distributions over all places, is divided out in part:

    m_q   = mean over places of softmax((z - log w) / T_native)_q      (:mod:`.hues`)
    z'_q  = z_q - g log( ((m_q + 1/Q) / 2) / r_q ),   r = (1/w) / sum_q (1/w)_q

w are the class weights of the training (:func:`.bins.rebalancing_weights`); with the paper's
lambda = 1/2, r is (p~ + 1/Q) / 2, the smoothed prior in the same form as m. A photograph with a
palette as photographs have it on the average stays what it is. g grows from 0 to
:data:`STRONGEST` with the share of the chroma that is warm, from :data:`FROM` to :data:`TO`.

The limits were chosen on our validation photographs (docs/sepia.md has what they do).

A person may also give a picture the palette of another one, with an amount g of 0..1:

    z'_q  = z_q + g log( (n_q + 1/Q) / (m_q + 1/Q) ),    n the other picture's palette
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bins import BIN_COUNT, smooth_prior
from .nearest import nearest_bins

#: degrees of the hue angle of CIELAB: orange, brown, yellow
WARM_HUES = (40.0, 100.0)
#: warm shares of a result's chroma between which the correction sets in
FROM, TO = 0.75, 0.9
#: g of a picture that is warm only
STRONGEST = 1.2


def warm_share(ab: NDArray[Any]) -> float:
    """Share of the chroma that has a warm hue, 0..1 (0 for a grey picture).

    sum of C over pixels with 40 <= h <= 100 degrees, over sum of C; h = atan2(b, a) and
    C = hypot(a, b)

    Args:
        ab: (2, …) a*, b*.
    """
    chroma = np.hypot(ab[0], ab[1])
    hue = np.degrees(np.arctan2(ab[1], ab[0]))  # -180..180: the warm sector lies whole in it
    total = float(chroma.sum())
    warm = chroma[(hue >= WARM_HUES[0]) & (hue <= WARM_HUES[1])].sum()
    return float(warm) / total if total > 0 else 0.0


def balancing_shift(
    found: NDArray[np.float32], weights: NDArray[Any], share: float, amount: float
) -> NDArray[np.float32] | None:
    """What to add to the logits of a picture that is too warm.

    Args:
        found: the picture's palette m, (313,), see :class:`.hues.Statistics`.
        weights: (313,) above 0, see :func:`.bins.rebalancing_weights`.
        share: :func:`warm_share` of the result as it would be without.
        amount: 0..1; the full correction is reached at one half.

    Returns:
        (313,) float32, or None where nothing is to be done: not warm enough, amount 0, or a network
        that was trained without weights (there is nothing to compare the palette with).
    """
    g = STRONGEST * min(2 * amount, 1.0) * min(max((share - FROM) / (TO - FROM), 0.0), 1.0)
    if g == 0 or np.ptp(weights) == 0:
        return None
    usual = 1 / weights
    usual /= usual.sum()
    return (-g * np.log((found + 1 / BIN_COUNT) / (2 * usual))).astype(np.float32)


def palette_of(ab: NDArray[Any]) -> NDArray[np.float64]:
    """Palette of a picture in colour: the share of each bin, smoothed (313,); they sum to 1.

    Smoothed as the prior of the training is (:func:`.bins.smooth_prior`).

    Args:
        ab: (..., 2) a*, b*.
    """
    counts = np.bincount(nearest_bins(ab).ravel(), minlength=BIN_COUNT)
    return np.asarray(smooth_prior(counts), np.float64)


def reference_shift(
    found: NDArray[np.float32], wanted: NDArray[Any], amount: float
) -> NDArray[np.float32]:
    """What to add to the logits of a picture that should have another one's palette, (313,).

    Args:
        found: the picture's palette m, see :class:`.hues.Statistics`.
        wanted: the other one's, of :func:`palette_of` or m of its own prediction.
        amount: g, 0..1.
    """
    ratio = (np.asarray(wanted) + 1 / BIN_COUNT) / (found + 1 / BIN_COUNT)
    return (amount * np.log(ratio)).astype(np.float32)
