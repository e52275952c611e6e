r"""Coherent colours: distributions place by place become colours that belong together.

1. The mean colours are smoothed by the colour field (:mod:`.field`): what hue a thing has.
2. Each place settles on what it holds likely of that hue (:mod:`.hues`), so that a thing that may
   be red or blue is not purple.
3. These colours are smoothed by the field again: x.
4. Means are paler than what they are means of. The chroma that was lost is given back, to all
   places alike and within bounds:

    ab = g x,    g = min( E / mean |x|, MOST_GAIN ),    E = mean over places of sum_q p_q |c_q|

   E is the chroma that the distributions lead to expect. Where the network is sure, nothing was
   lost and g is 1; most photographs come to MOST_GAIN.

What was tried and measured: docs/coherence.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .field import ColourField, affinities, confidence
from .hues import Folded, Statistics, settle

Array = NDArray[np.float32]

#: most that chroma is raised by
MOST_GAIN = 1.6


def field_of(lightness: Array, found: Statistics) -> ColourField:
    """The colour field of a photograph.

    Args:
        lightness: (h, w) L*, on the grid of the logits.
        found: of the calibrated distributions, on the same grid.
    """
    return field_of_parts(lightness, found.variance, found.classes)


def field_of_parts(lightness: Array, variance: Array, classes: Array) -> ColourField:
    """As :func:`field_of`, of the variance (h, w) and the classes (k, h, w) alone."""
    return ColourField(confidence(variance), *affinities(lightness, classes))


def coherent(folded: Folded, field: ColourField, most_gain: float | None = None) -> Array:
    """Colours of all places, (2, h, w) float32: see the module.

    Args:
        folded: the distributions to decode, sharpened or reweighted as a person wants them.
        field: of the photograph.
        most_gain: 1 or more; ``None`` is :data:`MOST_GAIN`. For distributions that still have the
            class weights of a training in them it should be 1: they expect too much chroma.
    """
    most_gain = MOST_GAIN if most_gain is None else most_gain
    together = field.smooth(settle(folded, field.smooth(folded.mean())))
    left = float(np.hypot(together[0], together[1]).mean())
    gain = min(folded.chroma / left, most_gain) if left > 0 else 1.0
    return together * np.float32(max(gain, 1.0))
