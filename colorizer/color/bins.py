"""The 313 ab bins of Zhang, Isola and Efros (ECCV 2016): encoding, prior, rebalancing, decoding.

Q = 313 throughout. Bins lie on a grid of step 10 over a*, b* in [-110, 110] and are ordered by a*,
then b*. Colour values are in CIE Lab units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from ..threads import one_blas_thread
from .arrays import array_namespace, is_torch

#: a*, first b*, last b* of each row of the grid; all steps are 10.
_ROWS = (
    (-90, 50, 90), (-80, 20, 90), (-70, 0, 90), (-60, -20, 90), (-50, -30, 100),
    (-40, -40, 100), (-30, -50, 100), (-20, -50, 100), (-10, -60, 100), (0, -70, 100),
    (10, -80, 90), (20, -80, 90), (30, -90, 90), (40, -100, 90), (50, -100, 80),
    (60, -110, 80), (70, -110, 80), (80, -110, 70), (90, -110, 70), (100, -90, 0),
)  # fmt: skip

BIN_COUNT = 313
GREY_BIN = 120
#: default of the soft encoding and of the prior's smoothing (section 2.2 of the paper)
SIGMA = 5.0
NEIGHBOURS = 5
#: default temperature of the annealed mean (section 2.3)
TEMPERATURE = 0.38
#: a temperature below it is 0
_COLDEST = 1e-3
#: places that are decoded at a time, so that they stay in a core's cache
PLACES = 512


@cache
def _bins() -> NDArray[np.int64]:
    pairs = [(a, b) for a, low, high in _ROWS for b in range(low, high + 1, 10)]
    table = np.array(pairs, dtype=np.int64)
    table.setflags(write=False)
    return table


def ab_bins(dtype: Any = np.float32) -> NDArray[Any]:
    """The bin centres: (313, 2) array of (a*, b*), a fresh copy."""
    return _bins().astype(dtype)


def _centres_like(x: Any) -> Any:
    """The centres as float32 of the same kind, on the same device, as ``x``."""
    if is_torch(x):
        import torch

        return torch.from_numpy(ab_bins()).to(device(x))
    return ab_bins()


def _squared_distances(ab: Any) -> Any:
    """(..., 2) to (..., 313): squared distance to every centre."""
    xp = array_namespace(ab)
    centres = _centres_like(ab)
    ab = xp.astype(ab, xp.float32)
    da = ab[..., 0:1] - centres[:, 0]
    db = ab[..., 1:2] - centres[:, 1]
    return da * da + db * db


def nearest_bin(ab: Any) -> Any:
    """Index of the nearest centre. ``ab``: (..., 2); result: (...) int64 in 0..312."""
    xp = array_namespace(ab)
    return xp.argmin(_squared_distances(ab), axis=-1)


def soft_encode(ab: Any, k: int = NEIGHBOURS, sigma: float = SIGMA) -> tuple[Any, Any]:
    """Soft encoding of colours: the ``k`` nearest bins, Gaussian weights (section 2.1, eq. 2).

    weight_i = exp(-d_i^2 / (2 sigma^2)) / sum over the k nearest.

    Args:
        ab: (..., 2) in Lab units.
        k: how many bins share a colour, 1..313.
        sigma: width of the Gaussian, in Lab units.

    Returns:
        indices (..., k) int64, nearest first, and weights (..., k) float32 that sum to 1.
    """
    if not 1 <= k <= BIN_COUNT:
        raise ValueError(f"k must be between 1 and {BIN_COUNT}, not {k}")
    if sigma <= 0:
        raise ValueError("sigma must be above 0")
    distances = _squared_distances(ab)
    if is_torch(ab):
        import torch

        nearest, indices = torch.topk(distances, k, dim=-1, largest=False, sorted=True)
        # subtracting the smallest distance changes nothing after normalising and cannot underflow
        weights = torch.exp(-(nearest - nearest[..., :1]) / (2 * sigma**2))
        return indices, weights / weights.sum(-1, keepdim=True)
    order = np.argsort(distances, axis=-1, kind="stable")[..., :k]
    closest = np.take_along_axis(distances, order, axis=-1)
    shares = np.exp(-(closest - closest[..., :1]) / (2 * sigma**2))
    return order, (shares / shares.sum(-1, keepdims=True)).astype(np.float32)


def soft_encode_dense(ab: Any, k: int = NEIGHBOURS, sigma: float = SIGMA) -> Any:
    """As :func:`soft_encode`, but as full distributions: (..., 2) to (..., 313) float32."""
    indices, weights = soft_encode(ab, k, sigma)
    if is_torch(ab):
        import torch

        dense = torch.zeros((*ab.shape[:-1], BIN_COUNT), dtype=weights.dtype, device=weights.device)
        return dense.scatter_(-1, indices, weights)
    result = np.zeros((*ab.shape[:-1], BIN_COUNT), dtype=np.float32)
    np.put_along_axis(result, indices, weights, axis=-1)
    return result


def soft_logits(ab: Any, sigma: float = SIGMA) -> Any:
    """Logits of the soft encoding by all bins: -d^2 / (2 sigma^2) of each.

    Decoded at T they are the colour again, where there are bins all around it: with the usual sigma
    to within 0.2 Lab units on average at T = 1, 0.7 at T = 0.7 and 1.8 at T = 0.38.

    Args:
        ab: (..., 2) in Lab units.
        sigma: width of the Gaussian, in Lab units.

    Returns:
        (..., 313) float32.
    """
    return _squared_distances(ab) / (-2 * sigma**2)


def annealed_mean(logits: Any, temperature: float = TEMPERATURE, axis: int = -1) -> Any:
    """Decode distributions over bins to colours (section 2.3, eq. 6).

    f_T(z)_q = exp(log z_q / T) / sum_q' exp(log z_q' / T);  ab = sum_q f_T(z)_q centre_q

    As softmax(logits) = z, this is the expectation under softmax(logits / T). T = 1 gives the mean,
    T -> 0 the mode; T = 0 is the mode.

    Args:
        logits: array with 313 entries along ``axis``.
        temperature: T, 0..1 (larger values flatten further).
        axis: the axis of the bins.

    Returns:
        float32 array with that axis of length 2 (a*, b*).

    Raises:
        ValueError: if ``axis`` does not have length 313 or ``temperature`` is negative.
    """
    xp = array_namespace(logits)
    if logits.shape[axis] != BIN_COUNT:
        raise ValueError(f"axis {axis} must have length {BIN_COUNT}, not {logits.shape[axis]}")
    if not temperature >= 0:
        raise ValueError("temperature must not be negative")
    z = xp.moveaxis(xp.astype(logits, xp.float32), axis, -1)
    centres = _centres_like(logits)
    if temperature < _COLDEST:
        ab = centres[xp.argmax(z, axis=-1)]
    else:
        z = (z - xp.max(z, axis=-1, keepdims=True)) / temperature
        weights = xp.exp(z)
        ab = (weights @ centres) / xp.sum(weights, axis=-1, keepdims=True)
    return xp.moveaxis(ab, -1, axis)


def decode(
    logits: NDArray[Any], temperature: float, shift: NDArray[Any] | None = None
) -> NDArray[np.float32]:
    """:func:`annealed_mean` of one picture, a few places at a time.

    Args:
        logits: (313, h, w), any floating type.
        temperature: T, 0..1; 0 is the mode.
        shift: (313,) to add to the logits of every place, see :func:`reweighting_shift`.

    Returns:
        (2, h, w) float32.
    """
    ab, _ = expectations(ab_bins().T, logits, temperature, shift)
    return ab.reshape(2, *logits.shape[1:])


@dataclass(frozen=True)
class Local:
    """A shift of logits that differs from place to place, of low rank.

    Attributes:
        places: (n, h, w) how much of each of n shifts there is.
        values: (n, 313), the shifts.
    """

    places: NDArray[np.float32]
    values: NDArray[np.float32]

    def at(self, places: slice) -> NDArray[np.float32]:
        """Of some of the h w places, (313, places)."""
        return np.asarray(self.values.T @ self.places.reshape(len(self.places), -1)[:, places])


def expectations(
    rows: NDArray[np.float32],
    logits: NDArray[Any],
    temperature: float,
    shift: NDArray[Any] | None = None,
    local: Local | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What some functions of the colour are to be expected at each place of one picture.

    A few places fit into a core's cache; nothing of the size of the logits is made. With p of a
    place = softmax((logits + shift) / T), the likeliest bin alone at T = 0:

    Args:
        rows: (n, 313), the functions' values for each bin.
        logits: (313, h, w), any floating type.
        temperature: T, 0 or more.
        shift: (313,) to add to the logits of every place.
        local: what to add besides, place by place.

    Returns:
        rows @ p (n, h w), and the mean of p over all places (313,), float32.
    """
    flat = logits.reshape(BIN_COUNT, -1)
    column = None if shift is None else shift.astype(np.float32)[:, None]
    table = np.concatenate([rows, np.ones((1, BIN_COUNT), np.float32)])
    result = np.empty((len(rows), flat.shape[1]), np.float32)
    total = np.zeros(BIN_COUNT, np.float32)
    with one_blas_thread():
        for first in range(0, flat.shape[1], PLACES):
            places = slice(first, first + PLACES)
            there = flat[:, places] if local is None else flat[:, places] + local.at(places)
            z = _weights(there, temperature, column)
            found = table @ z
            shares = 1 / found[-1]
            result[:, places] = found[:-1] * shares
            total += z @ shares
    return result, total / np.float32(flat.shape[1])


def _weights(
    logits: NDArray[Any], temperature: float, column: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """exp((logits + column) / temperature) up to a factor, (313, places); T = 0 is the mode."""
    z: NDArray[np.float32] = logits.astype(np.float32)
    if column is not None:
        z += column
    if temperature < _COLDEST:
        return np.asarray(np.arange(BIN_COUNT)[:, None] == z.argmax(axis=0), np.float32)
    z -= z.max(axis=0)
    z *= np.float32(1 / temperature)
    return np.asarray(np.exp(z, out=z))


def smooth_prior(counts: Any, sigma: float = SIGMA) -> Any:
    """Turn a histogram over bins into the smoothed prior p~ (section 2.2).

    Each bin's mass is spread over the bins with a Gaussian of width ``sigma`` in ab space,
    normalised so that mass is kept.

    Args:
        counts: (313,) non-negative, not all zero.

    Returns:
        (313,) that sums to 1; float64 for numpy, the input's floating type for torch.

    Raises:
        ValueError: if ``counts`` has another shape, a negative entry, or no mass.
    """
    if tuple(counts.shape) != (BIN_COUNT,):
        raise ValueError(f"counts must have shape ({BIN_COUNT},), not {tuple(counts.shape)}")
    xp = array_namespace(counts)
    if bool(xp.any(counts < 0)) or not float(xp.sum(counts)) > 0:
        raise ValueError("counts must not be negative and must not all be zero")
    centres = ab_bins(np.float64)
    squared = ((centres[:, None, :] - centres[None, :, :]) ** 2).sum(-1)
    kernel = np.exp(-squared / (2 * sigma**2))
    kernel /= kernel.sum(axis=0, keepdims=True)
    if is_torch(counts):
        import torch

        spread = torch.from_numpy(kernel).to(counts.device)
        smoothed = spread @ counts.to(torch.float64)
        result = smoothed / smoothed.sum()
        return result.to(counts.dtype) if counts.is_floating_point() else result
    smoothed = kernel @ np.asarray(counts, dtype=np.float64)
    return smoothed / smoothed.sum()


def is_prior(values: Any) -> bool:
    """Whether an array holds (313,) shares: real, finite, none below 0, not all 0."""
    return bool(
        isinstance(values, np.ndarray)
        and values.shape == (BIN_COUNT,)
        and values.dtype.kind in "fiu"
        and np.isfinite(values).all()
        and (values >= 0).all()
        and values.sum() > 0
    )


def rebalancing_weights(prior: Any, mix: float = 0.5) -> Any:
    """Class weights that make rare colours count (section 2.2, eq. 4).

    w = ((1 - mix) p~ + mix / Q)^-1, scaled so that sum_q p~_q w_q = 1.

    Args:
        prior: (313,) smoothed prior p~ that sums to 1.
        mix: lambda in the paper, 0..1; 1 gives every bin the weight 1. With 0 every entry of the
            prior must be above 0.

    Returns:
        (313,) weights of the same kind.
    """
    if not 0 <= mix <= 1:
        raise ValueError("mix must be between 0 and 1")
    xp = array_namespace(prior)
    weights = 1.0 / ((1.0 - mix) * prior + mix / BIN_COUNT)
    return weights / xp.sum(prior * weights)


def reweight(logits: Any, weights: Any, amount: float, axis: int = -1) -> Any:
    """Change how much rare colours are favoured in predicted distributions.

    A network trained with class weights w answers with softmax(logits) ~ p w, where p is how likely
    each colour is. Returned are logits of p w^amount: logits + (amount - 1) log w.

    Args:
        logits: array with 313 entries along ``axis``.
        weights: (313,) above 0, see :func:`rebalancing_weights`.
        amount: 1 changes nothing, 0 takes the weights back.
        axis: the axis of the bins.

    Returns:
        float32 array of the shape of ``logits``.
    """
    xp = array_namespace(logits, weights)
    z = xp.astype(logits, xp.float32)
    if amount == 1:
        return z
    shape = [1] * z.ndim
    shape[axis] = BIN_COUNT
    shift = xp.astype(reweighting_shift(weights, amount), xp.float32)
    return z + xp.reshape(shift, tuple(shape))


def reweighting_shift(weights: Any, amount: float) -> Any:
    """What :func:`reweight` adds to the logits: (amount - 1) log w, (313,) of the same kind."""
    return array_namespace(weights).log(weights) * (amount - 1)


def entropy(logits: Any, axis: int = -1) -> Any:
    """Shannon entropy of softmax(logits) along ``axis``, divided by log 313: 0 sure, 1 no idea."""
    xp = array_namespace(logits)
    z = xp.astype(logits, xp.float32)
    z = z - xp.max(z, axis=axis, keepdims=True)
    total = xp.sum(xp.exp(z), axis=axis, keepdims=True)
    log_p = z - xp.log(total)
    return -xp.sum(xp.exp(log_p) * log_p, axis=axis) / float(np.log(BIN_COUNT))
