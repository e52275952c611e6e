r"""Distributions over the 313 bins, folded by hue: what a place may be, and settling on one of it.

Where red and blue are both likely, their mean is purple, which neither is. So a place's mean colour
is kept apart by hue,

    s_h = sum_(q in h) p_q c_q,     h one of :data:`HUES` sectors of the ab plane, c_q the centres,

so that sum_h s_h is the mean. Given a hue u (of the neighbourhood, :mod:`.field`), the mean of what
agrees with it is

    settled = sum_h k(u, h) s_h,      k = exp( SHARPNESS (cos(u, h) - 1) )

A place that is sure of its hue keeps its colour; one that wavers between opposites gets the part
that agrees with its surroundings, or hardly any colour at all. k is the von Mises kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bins import BIN_COUNT, PLACES, ab_bins

Array = NDArray[np.float32]

HUES = 16
#: concentration of the kernel: half weight at 28 degrees
SHARPNESS = 6.0
#: chroma below which a bin is neutral, and above which it is strong, for the classes
NEUTRAL, STRONG = 8.0, 35.0
_COLDEST = 1e-3


@dataclass(frozen=True)
class Folded:
    """Distributions of one picture, folded.

    Attributes:
        hues: (2, HUES, h, w) float32, a* and b* of the s_h.
        chroma: mean over all places of sum_q p_q |c_q|: how colourful the picture is likely to be.
    """

    hues: Array
    chroma: float

    def mean(self) -> Array:
        """The mean colour of each place, (2, h, w)."""
        return np.asarray(self.hues.sum(axis=1))


@dataclass(frozen=True)
class Statistics(Folded):
    """And what the colour field and the picture's palette need to know of them.

    Attributes:
        variance: (h, w), sum_q p_q |c_q - mean|^2, Lab units squared.
        classes: (k, h, w), how likely neutral colours and each hue, weak or strong, are.
        palette: (313,), mean of the distributions over all places.
    """

    variance: Array
    classes: Array
    palette: Array


def fold(logits: NDArray[Any], temperature: float, shift: NDArray[Any] | None = None) -> Folded:
    """Fold softmax((logits + shift) / temperature).

    Args:
        logits: (313, h, w), any floating type.
        temperature: 0 (the likeliest bin alone) or above.
        shift: (313,), see :func:`.bins.decode`.
    """
    rows, _ = _apply(_folding(False), logits, temperature, shift)
    shape = logits.shape[1:]
    return Folded(rows[: 2 * HUES].reshape(2, HUES, *shape), float(rows[2 * HUES].mean()))


def statistics(
    logits: NDArray[Any], temperature: float, shift: NDArray[Any] | None = None
) -> Statistics:
    """As :func:`fold`, with all that is to be known of the distributions."""
    rows, palette = _apply(_folding(True), logits, temperature, shift)
    shape = logits.shape[1:]
    hues = rows[: 2 * HUES].reshape(2, HUES, *shape)
    mean = hues.sum(axis=1)
    variance = rows[2 * HUES + 1].reshape(shape) - (mean**2).sum(axis=0)
    return Statistics(
        hues,
        float(rows[2 * HUES].mean()),
        np.maximum(variance, 0),
        rows[2 * HUES + 2 :].reshape(-1, *shape),
        palette,
    )


def settle(folded: Folded, towards: Array) -> Array:
    """The mean of what agrees in hue with ``towards``, see the module; (2, h, w) float32.

    Args:
        towards: (2, h, w), colours whose hue counts and whose chroma does not.
    """
    chroma = np.maximum(np.hypot(towards[0], towards[1]), np.float32(1e-6))
    angles = np.float32(2 * np.pi / HUES) * np.arange(HUES, dtype=np.float32)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cosines = np.tensordot(directions, towards / chroma, 1)
    # relative to the nearest sector, so that a place that is sure of its hue loses nothing
    kernel = np.exp(np.float32(SHARPNESS) * (cosines - cosines.max(axis=0)))
    return np.asarray((folded.hues * kernel).sum(axis=1))


@cache
def _folding(everything: bool) -> Array:
    """The rows that turn a distribution (313,) into what is kept of it."""
    centres = ab_bins(np.float64)
    chroma = np.hypot(*centres.T)
    sector = (
        np.rint(np.arctan2(centres[:, 1], centres[:, 0]) * HUES / (2 * np.pi)).astype(int) % HUES
    )
    member = np.eye(HUES)[:, sector]
    rows = [member * centres[:, 0], member * centres[:, 1], chroma[None]]
    if everything:
        neutral, strong = chroma < NEUTRAL, chroma >= STRONG
        weak = ~neutral & ~strong
        rows += [chroma[None] ** 2, neutral[None], member * weak, member * strong]
    return np.concatenate(rows).astype(np.float32)


def _apply(
    rows: Array, logits: NDArray[Any], temperature: float, shift: NDArray[Any] | None
) -> tuple[Array, Array]:
    """``rows`` (n, 313) of every place's distribution, (n, places); and their mean, (313,)."""
    flat = logits.reshape(BIN_COUNT, -1)
    column = None if shift is None else shift.astype(np.float32)[:, None]
    ones = np.ones((1, BIN_COUNT), np.float32)
    table = np.concatenate([rows, ones])
    result = np.empty((len(rows), flat.shape[1]), np.float32)
    total = np.zeros(BIN_COUNT, np.float32)
    for first in range(0, flat.shape[1], PLACES):
        places = slice(first, first + PLACES)
        z = flat[:, places].astype(np.float32)
        if column is not None:
            z += column
        best = z.max(axis=0)
        if temperature < _COLDEST:
            z = (np.arange(BIN_COUNT)[:, None] == z.argmax(axis=0)).astype(np.float32)
        else:
            z -= best
            z *= np.float32(1 / temperature)
            np.exp(z, out=z)
        found = table @ z
        shares = 1 / found[-1]
        result[:, places] = found[:-1] * shares
        total += z @ shares
    return result, total / np.float32(flat.shape[1])
