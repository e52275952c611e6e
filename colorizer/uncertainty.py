"""Where the network was unsure, and what else it thought possible.

It gives a distribution over 313 colours for each place, not one colour: its entropy says how sure
it was, its modes are the alternatives. Both are taken at the native temperature of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .color import bins
from .color.lab import fitted_srgb
from .errors import InvalidSetting
from .overlay import enlarged, tinted
from .prediction import LOGIT_STRIDE, Prediction

#: bins within this distance (ab units) are one colour: a bin and its eight neighbours
SAME_COLOUR = 15.0
#: entropy below which nothing is shown, and from which on it is shown at full strength
SURE, UNSURE = 0.58, 0.86


@dataclass(frozen=True)
class LikelyColour:
    """A colour that the network thought possible.

    Attributes:
        a, b: CIE Lab.
        probability: 0..1.
        rgb: 8-bit sRGB at the photograph's lightness there, brought into the gamut.
    """

    a: float
    b: float
    probability: float
    rgb: tuple[int, int, int]


def entropy(prediction: Prediction) -> NDArray[np.float32]:
    """Entropy of the distributions, divided by ln 313: 0 is sure, 1 no idea.

    Returns:
        float32 (h, w), 0..1, on the grid of the logits, padding included.
    """
    logits = prediction.logits.astype(np.float32) / np.float32(prediction.native_temperature)
    values: NDArray[np.float32] = bins.entropy(logits, axis=0)
    return np.clip(values, 0.0, 1.0)


def overlay(prediction: Prediction, height: int, width: int) -> NDArray[np.uint8]:
    """A picture to lay over the photograph: transparent where sure, magenta where unsure.

    The opacity grows with a smooth step from :data:`SURE` to :data:`UNSURE`.

    Args:
        height, width: its size, px; the photograph's proportions are meant.

    Returns:
        RGBA (height, width, 4).
    """
    rows, columns = (size / LOGIT_STRIDE for size in prediction.lightness.shape)
    inner = (0.0, 0.0, columns, rows)  # without the padding
    values = enlarged(entropy(prediction), prediction.picture, height, width, inner)
    step = np.clip((values - SURE) / (UNSURE - SURE), 0.0, 1.0)
    return tinted(step * step * (3.0 - 2.0 * step), prediction.picture, height, width)


def likely_colours(
    prediction: Prediction, x: float, y: float, count: int = 6
) -> list[LikelyColour]:
    """The colours that the network thought most likely at one place, most likely first.

    Neighbouring bins look nearly the same, so they are taken together: the most probable bin claims
    those within :data:`SAME_COLOUR`, the most probable of the rest does likewise, and so on. A
    colour is the mean of its bins and has their probabilities' sum.

    Args:
        x, y: 0..1 from the left and from the top; beside the picture, on its mount, the nearest
            place of it is asked about.
        count: how many at most, 1..313.

    Raises:
        InvalidSetting: if a number is out of its range.
    """
    if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
        raise InvalidSetting(f"x and y must be between 0 and 1, not {x} and {y}.")
    if not 1 <= count <= bins.BIN_COUNT:
        raise InvalidSetting(f"count must be between 1 and {bins.BIN_COUNT}, not {count}.")
    if prediction.picture is not None:
        x, y = prediction.picture.inside(x, y)
    height, width = prediction.lightness.shape
    row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
    logits = prediction.logits[:, row // LOGIT_STRIDE, column // LOGIT_STRIDE].astype(np.float64)
    weights = np.exp((logits - logits.max()) / prediction.native_temperature)
    found = _modes(weights / weights.sum())[:count]
    lightness = prediction.lightness[row, column]
    lab = np.array([(lightness, a, b) for a, b, _ in found], np.float32)
    rgb = np.rint(fitted_srgb(lab) * 255).astype(int).tolist()
    return [LikelyColour(a, b, p, tuple(c)) for (a, b, p), c in zip(found, rgb, strict=True)]


def _modes(probabilities: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    """(a, b, probability) of groups of bins, most likely first."""
    centres = bins.ab_bins(np.float64)
    free = np.ones(bins.BIN_COUNT, bool)
    found = []
    for best in np.argsort(-probabilities, kind="stable"):
        if free[best]:
            near = np.linalg.norm(centres - centres[best], axis=1) <= SAME_COLOUR
            claimed = near & free
            free[claimed] = False
            share = probabilities[claimed]
            total = float(share.sum())
            a, b = share @ centres[claimed] / total if total > 0 else centres[best]
            found.append((float(a), float(b), total))
    return sorted(found, key=lambda group: -group[2])
