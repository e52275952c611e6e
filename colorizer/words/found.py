"""Where words were found on a photograph: for a person to see what was made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..color.upsample import enlarge
from ..overlay import enlarged, tinted
from ..photo.mount import Box
from .grammar import Phrase

if TYPE_CHECKING:
    from ..guidance import Words
    from ..prediction import Prediction


@dataclass(frozen=True)
class Found:
    """One phrase and where its thing is.

    Attributes:
        phrase: as :func:`.understand` has it.
        place: (H', W') float32 at working size, 0..1: how surely it is there.
        picture: the part of the photograph that ``place`` is of, if that has a mount.
    """

    phrase: Phrase
    place: NDArray[np.float32]
    picture: Box | None = None


def find(prediction: Prediction, words: Words) -> list[Found]:
    """Where the thing of each understood phrase is, in their order.

    Raises:
        WordsUnavailable, WeightsMissing, WeightsCorrupt: see :func:`..working.said_of`.
    """
    from ..prediction import LOGIT_STRIDE
    from ..working import said_of

    said = said_of(prediction, words)
    height, width = prediction.lightness.shape
    _, rows, columns = said.places.shape
    full = enlarge(said.places, rows * LOGIT_STRIDE, columns * LOGIT_STRIDE)
    pairs = zip(said.phrases, full[:, :height, :width], strict=True)
    return [Found(phrase, place, prediction.picture) for phrase, place in pairs]


def overlay(found: Found, height: int, width: int) -> NDArray[np.uint8]:
    """A picture to lay over the photograph: RGBA (height, width, 4), opaque where the thing is.

    Args:
        height, width: its size, px; the photograph's proportions are meant.
    """
    values = enlarged(found.place, found.picture, height, width)
    return tinted(np.clip(values, 0, 1), found.picture, height, width)
