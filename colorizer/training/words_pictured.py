"""Captioned photographs as small pictures: how far from the truth VGG16 sees them with words.

Places are taken in a grid of every second one, a row or a column later at random; what words change
there is enlarged bilinearly to :data:`SIDE` and laid over the colours of the default settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .captioned import CELLS
from .perception import Perception
from .validate import to_rgb

#: px along a side, and how many of them a place of the grid stands for
SIDE, _STEP = 2 * CELLS, 4
Corner = tuple[int, int]


def grid(corner: Corner) -> NDArray[np.int64]:
    """Which places there are in the grid that begins at a corner of 0 or 1 each, row by row."""
    rows, columns = (np.arange(first, CELLS, 2) for first in corner)
    return np.asarray((rows[:, None] * CELLS + columns).ravel(), np.int64)


def enlarged(change: Tensor, corner: Corner) -> Tensor:
    """What is known at the places of :func:`grid`, (n, 2, places), at all pixels of the picture."""
    side = CELLS // 2
    padded = functional.pad(change.reshape(-1, 2, side, side), (1, 1, 1, 1), mode="replicate")
    fine = functional.interpolate(padded, scale_factor=_STEP, mode="bilinear")
    # the first place lies half a pixel behind pixel 2 corner, and in `fine` behind pixel 5
    top, left = (_STEP + 1 - 2 * first for first in corner)
    return fine[:, :, top : top + SIDE, left : left + SIDE]


@dataclass(frozen=True)
class Pictures:
    """Some photographs.

    Attributes:
        lightness: (n, 1, SIDE, SIDE) L*.
        colours: (n, 2, SIDE, SIDE) ab at the default settings.
        truth: what VGG16 sees of the true ones.
    """

    lightness: Tensor
    colours: Tensor
    truth: list[Tensor]

    @classmethod
    def of(
        cls, files: Mapping[str, NDArray[Any]], rows: Sequence[int], perceive: Perception
    ) -> Pictures:
        """Of photographs of :func:`.captioned.compute`."""
        lightness, colours, truth = (
            torch.from_numpy(np.stack([files[name][row] for row in rows]).astype(np.float32))
            for name in ("lightness", "colours", "truth")
        )
        lightness = lightness[:, None]
        with torch.no_grad():
            return cls(lightness, colours, perceive(to_rgb(lightness, truth)))

    def only(self, which: slice) -> Pictures:
        """Some of them."""
        truth = [block[which] for block in self.truth]
        return Pictures(self.lightness[which], self.colours[which], truth)

    def distance(self, change: Tensor, corner: Corner, perceive: Perception) -> Tensor:
        """VGG distance, (n,), with the change of ab (n, 2, places) at the places of a grid."""
        ab = self.colours + enlarged(change, corner)
        return perceive.distance(perceive(to_rgb(self.lightness, ab)), self.truth)
