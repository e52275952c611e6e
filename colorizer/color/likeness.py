r"""Likeness: what looks the same has the same colour, wherever in the picture it is.

The colour field (:mod:`.field`) joins neighbours. What lies apart, the left and the right half of a
wall, two coats of one uniform, it does not; and where a wide thing is nearly grey, a faint tint
drifts across it. Here each place takes the mean of all that are like it (the non-local means of
Buades, Coll and Morel, 2005, with other likenesses than that of grey patches):

    x'_i = x_i + s_i (m_i - x_i),      m_i = sum_j W_ij y_j / sum_j W_ij

    W_ij = c_j exp( - |f_i - f_j|^2 / (2 FEATURE_SCALE^2) - (L_i - L_j)^2 / (2 LIGHTNESS_SCALE^2)
                    - (1 - BC_ij) / DISTRIBUTION_SCALE - |u_i - u_j|^2 / (2 COLOUR_SCALE^2) )
    s_i  = STRENGTH exp( - max(|u_i|, |m(u)_i|)^2 / (2 FADE_CHROMA^2) )

i is a place of 2 x 2 of the logits' grid, j a cell of 2 x 2 of those, and y_j its mean colour, each
place counting with its confidence c. f are the network's features (root mean square difference), L
the lightness, BC the Bhattacharyya coefficient of the classes of colours, u the colours at the
settings that are the default. So W belongs to the photograph alone, and a slider costs one product.
Strong colours are left as they are: there the network knew something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .field import confidence
from .upsample import enlarge, mean_of_blocks

Array = NDArray[np.float32]

#: how far a place of no colour goes to the mean of its like
STRENGTH = 0.9
#: root mean square difference of features of unit variance
FEATURE_SCALE = 0.5
#: L*
LIGHTNESS_SCALE = 12.0
#: 1 - Bhattacharyya coefficient
DISTRIBUTION_SCALE = 0.25
#: Lab units
COLOUR_SCALE = 6.0
#: chroma over which the strength fades, Lab units
FADE_CHROMA = 25.0
#: places that are compared at most; those of a larger grid are of 4 x 4, 6 x 6, ...
MOST_PLACES = 2048
#: side of a place on the logits' grid
_PLACE = 2
#: side of a cell, in places
CELL = 2


@dataclass(frozen=True)
class Likeness:
    """What is like what in a photograph, see :func:`likeness`.

    Attributes:
        weights: (n, m), W of n places and m cells; each row sums to 1.
        strength: (h', w') of the places, s.
        confidence: (h', w') of the places, c.
        step: side of a place on the grid of the logits.
    """

    weights: Array
    strength: Array
    confidence: Array
    step: int

    @property
    def nbytes(self) -> int:
        """Memory of it."""
        return self.weights.nbytes + self.strength.nbytes + self.confidence.nbytes

    def smooth(self, colours: Array, believed: Array | None = None) -> Array:
        """x' of the module's docstring for x = ``colours``, (2, h, w) on the grid of the logits.

        Args:
            believed: (h, w), 0..1: places of 0 stay as they are and tell others nothing; ``None``
                is 1.
        """
        _, height, width = colours.shape
        places = mean_of_blocks(colours, self.step)
        strength, weight = self.strength, self.confidence
        if believed is not None:
            (share,) = mean_of_blocks(believed[None], self.step)
            strength, weight = strength * share, weight * share
        told = mean_of_blocks(np.concatenate([places * weight, weight[None]]), CELL)
        of_all = mean_of_blocks(self.confidence[None], CELL)
        sums = np.asarray((told / of_all).reshape(len(told), -1) @ self.weights.T, np.float32)
        like = (sums[:2] / np.maximum(sums[2:], np.float32(1e-6))).reshape(places.shape)
        move = np.asarray(strength * (like - places), np.float32)
        rows, columns = strength.shape
        return colours + enlarge(move, rows * self.step, columns * self.step)[:, :height, :width]


def likeness(
    usual: Array, lightness: Array, variance: Array, classes: Array, features: Array
) -> Likeness:
    """What is like what.

    Args:
        usual: u, (2, h, w), Lab units.
        lightness: (h, w) L*.
        variance: (h, w), of the calibrated distributions, Lab units squared.
        classes: (c, h, w), how likely each class of colours is, of the same.
        features: (k, h/2, w/2) float32, of about unit variance.
    """
    block = int(np.ceil(np.sqrt(features[0].size / MOST_PLACES)))
    step = _PLACE * block
    (sure,) = mean_of_blocks(confidence(variance)[None], step)
    colours = mean_of_blocks(usual, step)
    seen = np.concatenate(
        [
            mean_of_blocks(features, block) / np.float32(FEATURE_SCALE * np.sqrt(len(features))),
            mean_of_blocks(lightness[None], step) / np.float32(LIGHTNESS_SCALE),
            colours / np.float32(COLOUR_SCALE),
        ]
    )
    kinds = mean_of_blocks(classes, step)
    of_cells = mean_of_blocks(sure[None], CELL)

    def cells(planes: Array) -> Array:
        """Means of the places of each cell, the sure ones counting more: (k, m)."""
        return (mean_of_blocks(planes * sure, CELL) / of_cells).reshape(len(planes), -1)

    places, others = seen.reshape(len(seen), -1), cells(seen)
    squares = (places**2).sum(axis=0)[:, None] + (others**2).sum(axis=0) - 2 * places.T @ others
    alike = np.sqrt(kinds.reshape(len(kinds), -1)).T @ np.sqrt(cells(kinds))
    exponent = -squares / 2 - (1 - alike) / np.float32(DISTRIBUTION_SCALE)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True)) * of_cells.ravel()
    weights /= weights.sum(axis=1, keepdims=True)
    like = (cells(colours) @ weights.T).reshape(colours.shape)
    chroma = np.maximum(np.hypot(*colours), np.hypot(*like))
    strength = np.float32(STRENGTH) * np.exp(-(chroma**2) / np.float32(2 * FADE_CHROMA**2))
    return Likeness(weights, strength, sure, step)
