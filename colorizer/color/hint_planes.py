"""Hints as a network is shown them: Zhang et al., "Real-Time User-Guided Image Colorization with
Learned Deep Priors" (SIGGRAPH 2017).

Three planes at working size: a*, b* and a mask, which are (a, b, 1) in a small square around each
hint and 0 elsewhere. The network was trained with squares of 1 to 9 px. How far a hint reaches is
for the network to say: ``reach`` is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .hints import Stroke, paler

Array = NDArray[np.float32]

#: side of a hint's square, px; odd
SIDE = 7


def hint_planes(lightness: Array, strokes: Sequence[Stroke]) -> Array:
    """The planes of some hints.

    Args:
        lightness: (H, W) L* at working size. A colour that is much darker or lighter than its place
            is shown paler, as it will be painted (:mod:`.hints`).
        strokes: of two that overlap the later one counts.

    Returns:
        (3, H, W) float32: a*, b* in Lab units, mask.
    """
    height, width = lightness.shape
    planes = np.zeros((3, height, width), np.float32)
    for stroke in strokes:
        row, column = stroke.pixel(*lightness.shape)
        share = float(paler(lightness[row, column, None], [stroke.lightness])[0])
        square = tuple(slice(max(n - SIDE // 2, 0), n + SIDE // 2 + 1) for n in (row, column))
        a, b = stroke.ab
        planes[:, *square] = np.array([a * share, b * share, 1], np.float32)[:, None, None]
    return planes
