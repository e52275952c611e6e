r"""The second look: what a small network that sees the whole picture makes of the answers.

The first network answers place by place. The refiner (:mod:`colorizer.networks.refiner`) sees those
answers, the lightness and the first network's features together, and says for each place how much
of each hue to believe. With s_h the part of a place's mean colour that has hue h (:mod:`.hues`),

    colour = sum_h k_h s_h + r,      k_h = 2 sigmoid(o_h),      r = SHIFT o_(a, b)

o are its outputs, :data:`OUTPUTS` at each place of a grid of half the logits' sides, enlarged
bilinearly. At o = 0 that is the mean colour itself. The s_h are of the distributions as a person
wants them, so temperature and rare colours go on meaning what they say, and no slider needs the
refiner again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hues import CLASSES, HUES, Folded, Statistics
from .upsample import enlarge, mean_of_blocks

Array = NDArray[np.float32]

#: Lab units of a correction of 1
SHIFT = 50.0
#: k_h of all hues, a* and b* of the correction
OUTPUTS = HUES + 2
#: how the distributions are decoded that the refiner looks at, as the settings have it
TEMPERATURE, REBALANCING = 0.7, 0.5
#: sides of the refiner's grid: the logits' divided by this, the working size's by 8
STRIDE = 2
_PIXELS = 4 * STRIDE
#: planes of the refiner's input that are not features: classes, hues, mean, variance, lightness
PLANES = CLASSES + 2 * HUES + 2 + 1 + _PIXELS**2
#: steps of a feature in 8 bits
_COMPACT = 25.0
#: the refiner halves its grid twice
_MULTIPLE = 4


def inputs(found: Statistics, decoded: Folded, lightness: Array, features: Array) -> Array:
    """What the refiner looks at: (PLANES + f, h', w'), all about -2..2.

    h' and w' are half of h and w, made multiples of 4 by repeating the border.

    Args:
        found: of the calibrated distributions, on a grid of (h, w), both even.
        decoded: at :data:`TEMPERATURE` and :data:`REBALANCING`.
        lightness: (4 h, 4 w) L*.
        features: (f, h/2, w/2) of the first network, of about unit variance.
    """
    rows, columns = lightness.shape[0] // _PIXELS, lightness.shape[1] // _PIXELS
    cells = lightness.reshape(rows, _PIXELS, columns, _PIXELS).transpose(1, 3, 0, 2)
    parts: list[NDArray[Any]] = [
        mean_of_blocks(np.sqrt(found.classes), STRIDE),
        mean_of_blocks(decoded.hues.reshape(2 * HUES, *found.variance.shape), STRIDE) / 30,
        mean_of_blocks(found.mean(), STRIDE) / 30,
        mean_of_blocks((np.log1p(found.variance)[None] - 5) / 2, STRIDE),
        cells.reshape(-1, rows, columns) / 50 - 1,
        features,
    ]
    shape = (sum(map(len, parts)), rows + -rows % _MULTIPLE, columns + -columns % _MULTIPLE)
    together = np.empty(shape, np.float32)
    np.concatenate(parts, 0, together[:, :rows, :columns])
    together[:, :rows, columns:] = together[:, :rows, columns - 1 : columns]
    together[:, rows:] = together[:, rows - 1 : rows]
    return together


def compact(features: Array) -> NDArray[np.int8]:
    """Features of about unit variance in 8 bits, any shape."""
    found: NDArray[np.int8] = np.rint(features * _COMPACT).clip(-127, 127).astype(np.int8)
    return found


def expanded(features: NDArray[np.int8]) -> Array:
    """The features again that :func:`compact` took."""
    return np.asarray(features * np.float32(1 / _COMPACT))


def applied(look: NDArray[Any], folded: Folded, believed: Array | None = None) -> Array:
    """Colours after the second look, (2, h, w): see the module.

    Args:
        look: (OUTPUTS, h/2, w/2), any floating type.
        folded: the distributions as a person wants them, on a grid of (h, w).
        believed: (h, w), 0..1: what its outputs are multiplied by; ``None`` is 1.
    """
    _, _, height, width = folded.hues.shape
    full = enlarge(look.astype(np.float32, copy=False), height, width)
    if believed is not None:
        full *= believed
    kept = 2 / (1 + np.exp(-full[:HUES]))
    colours: Array = np.einsum("chij,hij->cij", folded.hues, kept)
    return colours + np.float32(SHIFT) * full[HUES:]
