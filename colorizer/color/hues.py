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

from .bins import BIN_COUNT, Local, ab_bins, expectations

Array = NDArray[np.float32]

HUES = 16
#: classes of colours: neutral, and each hue weak or strong
CLASSES = 1 + 2 * HUES
#: concentration of the kernel: half weight at 28 degrees
SHARPNESS = 6.0
#: chroma below which a bin is neutral, and above which it is strong, for the classes
NEUTRAL, STRONG = 8.0, 35.0


@dataclass(frozen=True)
class Folded:
    """Distributions of one picture, folded.

    Attributes:
        hues: (2, HUES, h, w) float32, a* and b* of the s_h.
        expected: (h, w) sum_q p_q |c_q|: how colourful each place is likely to be, Lab units.
    """

    hues: Array
    expected: Array

    @property
    def chroma(self) -> float:
        """Mean of ``expected``: how colourful the picture is likely to be."""
        return float(self.expected.mean())

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
        favoured: the same sums with p_q v_q in the place of p_q.
        share: (h, w), sum_q p_q v_q.
    """

    variance: Array
    classes: Array
    palette: Array
    favoured: Folded
    share: Array

    def favouring(self, amount: float) -> Folded:
        """Of the distributions p_q (1 + amount v_q), which are made to sum to 1 at each place.

        Args:
            amount: 0 or more.
        """
        if amount == 0:
            return self
        factor = np.float32(amount)
        total = 1 + factor * self.share
        return Folded(
            (self.hues + factor * self.favoured.hues) / total,
            (self.expected + factor * self.favoured.expected) / total,
        )


def fold(
    logits: NDArray[Any],
    temperature: float,
    shift: NDArray[Any] | None = None,
    local: Local | None = None,
) -> Folded:
    """Fold softmax((logits + shift) / temperature).

    Args:
        logits: (313, h, w), any floating type.
        temperature: 0 (the likeliest bin alone) or above.
        shift: (313,), to add to the logits of every place.
        local: what to add besides, place by place.
    """
    rows, _ = expectations(folding(), logits, temperature, shift, local)
    return _folded(rows, logits.shape[1:])


def statistics(
    logits: NDArray[Any],
    temperature: float,
    shift: NDArray[Any] | None = None,
    favour: NDArray[Any] | None = None,
) -> Statistics:
    """As :func:`fold`, with all that is to be known of the distributions.

    Args:
        logits, temperature, shift: as for :func:`fold`.
        favour: v of :meth:`Statistics.favouring`, (313,); ``None`` favours nothing.
    """
    table, classes = folding(), _classes()
    favour = np.zeros(BIN_COUNT) if favour is None else favour
    kept = [table, classes, np.vstack([table, np.ones(BIN_COUNT)]) * favour]
    rows, palette = expectations(
        np.concatenate(kept).astype(np.float32), logits, temperature, shift
    )
    plain, kinds, favoured = np.split(rows, np.cumsum([len(part) for part in kept[:2]]))
    shape = logits.shape[1:]
    folded = _folded(plain, shape)
    variance = kinds[0].reshape(shape) - (folded.mean() ** 2).sum(axis=0)
    return Statistics(
        folded.hues,
        folded.expected,
        np.maximum(variance, 0),
        kinds[1:].reshape(-1, *shape),
        palette,
        _folded(favoured, shape),
        favoured[-1].reshape(shape),
    )


def _folded(rows: Array, shape: tuple[int, ...]) -> Folded:
    return Folded(rows[: 2 * HUES].reshape(2, HUES, *shape), rows[2 * HUES].reshape(shape))


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


def mixed(folded: Folded, shares: Array, colours: Array) -> Folded:
    """Distributions of which a share is one colour.

    Args:
        folded: on a grid of (h, w).
        shares: (n, h, w) of n colours; their sum is 1 at most.
        colours: (n, 2, h, w) a*, b*; each has one hue everywhere.
    """
    left = 1 - shares.sum(axis=0)
    hues, expected = folded.hues * left, folded.expected * left
    for share, colour in zip(shares, colours, strict=True):
        a, b = colour.reshape(2, -1).sum(axis=1)
        hue = round(float(np.arctan2(b, a)) * HUES / (2 * np.pi)) % HUES
        hues[:, hue] += share * colour
        expected += share * np.hypot(*colour)
    return Folded(hues, expected)


def _sectors() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centres (313, 2), their chroma, and which sector each is in: (HUES, 313) of 0 and 1."""
    centres = ab_bins(np.float64)
    angles = np.arctan2(centres[:, 1], centres[:, 0])
    sector = np.rint(angles * HUES / (2 * np.pi)).astype(int) % HUES
    return centres, np.hypot(*centres.T), np.eye(HUES)[:, sector]


@cache
def folding() -> Array:
    """The rows that turn a distribution (313,) into the s_h and the expected chroma."""
    centres, chroma, member = _sectors()
    rows = [member * centres[:, 0], member * centres[:, 1], chroma[None]]
    return np.concatenate(rows).astype(np.float32)


@cache
def _classes() -> Array:
    """The rows of the expected squared chroma, and of each class: neutral, hues, weak or strong."""
    _, chroma, member = _sectors()
    neutral, strong = chroma < NEUTRAL, chroma >= STRONG
    weak = ~neutral & ~strong
    rows = [chroma[None] ** 2, neutral[None], member * weak, member * strong]
    return np.concatenate(rows).astype(np.float32)
