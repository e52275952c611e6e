r"""How readily rare colours are chosen, picture by picture.

A network trained with class weights w answers with p w, where p is how likely each colour is. The
mean of p has the least squared error and is pale; the mean of p w, which the paper decodes, is
bold everywhere and often wrong. Here a share of the second is mixed into the first:

    p'_q = p_q g_q,   g_q = 1 + k amount^2 (E / E_0) v_q

    v_q = 1 / (1/w_q - (1 - f) min 1/w),  scaled so that  sum_q p~_q v_q = 1
    E   = sum_q m_q |c_q|^2

v are class weights that set rare colours further apart than those of the training: as 1/w is
(1 - l) p~ + l / Q in the paper, the floor l / Q is lowered to the share f = :data:`FLOOR`. m is
the picture's palette (:class:`.hues.Statistics`) and E the squared chroma that it leads to expect:
where little colour is likely, a wrong one shows most, so there the mix is cautious. E_0 is about
the mean of E over photographs.

Measured on validation photographs against a common exponent of w for all pictures: at the same
PSNR the rebalanced AuC is about half a point higher (docs/sepia.md has the table).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bins import ab_bins, reweighting_shift

#: what is left of the floor under the class weights, see the module
FLOOR = 0.1
#: the share that is mixed in at amount 1 for a picture of the usual palette
SHARE = 2.2
#: E_0, Lab units squared
USUAL_CHROMA = 500.0


def training_prior(weights: NDArray[Any]) -> NDArray[np.float64]:
    """The prior p~ (313,) that class weights were made from, if its smallest share is about 0.

    Args:
        weights: (313,) above 0, not all the same; see :func:`.bins.rebalancing_weights`.
    """
    usual = 1 / np.asarray(weights, np.float64)
    usual -= usual.min()
    return np.asarray(usual / usual.sum())


def sharpened(weights: NDArray[Any], floor: float = FLOOR) -> NDArray[np.float64]:
    """v of the module's docstring, (313,): the class weights with a lower floor.

    Args:
        weights: as for :func:`training_prior`.
        floor: f, in (0, 1]; 1 keeps the weights as they are, but for their scale.

    Returns:
        v; zeros for a network that was trained without weights.
    """
    if np.ptp(weights) == 0:
        return np.zeros(len(weights))
    usual = 1 / np.asarray(weights, np.float64)
    found = 1 / (usual - (1 - floor) * usual.min())
    return np.asarray(found / (training_prior(weights) @ found))


def expected_chroma(palette: NDArray[Any]) -> float:
    """E of the module's docstring, Lab units squared, of a palette (313,) that sums to 1."""
    return float(palette @ (ab_bins(np.float64) ** 2).sum(axis=1))


def calibrated_shift(weights: NDArray[Any]) -> NDArray[np.float32]:
    """What takes the class weights of the training back from the logits: p instead of p w.

    Args:
        weights: (313,) above 0.

    Returns:
        (313,) float32; zeros for a network that was trained without weights.
    """
    if np.ptp(weights) == 0:
        return np.zeros(len(weights), np.float32)
    return np.asarray(reweighting_shift(np.asarray(weights, np.float64), 0), np.float32)


def mixed_share(palette: NDArray[Any], amount: float) -> float:
    """k amount^2 E / E_0 of the module's docstring, of a picture with that palette (313,)."""
    return SHARE * amount**2 * expected_chroma(palette) / USUAL_CHROMA


def rarity_shift(
    weights: NDArray[Any], palette: NDArray[Any], amount: float, native_temperature: float
) -> NDArray[np.float32]:
    """What to add to the logits of every place before they are divided by a temperature.

    Args:
        weights: (313,) above 0, the class weights of the training.
        palette: (313,), the picture's.
        amount: 0 (as rare as in photographs) or more, see :data:`SHARE`.
        native_temperature: at which the network's distributions come true, above 0.

    Returns:
        (313,) float32; zeros for a network that was trained without weights.
    """
    taken_back = calibrated_shift(weights)
    share = mixed_share(palette, amount)
    mixed = np.log1p(share * sharpened(weights))
    return np.asarray(taken_back + native_temperature * mixed, np.float32)
