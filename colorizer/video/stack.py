"""What a shot's key frames are averaged in: all that is known of each place of one, as planes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..color.coherence import field_of_parts
from ..color.field import ColourField
from ..color.hues import CLASSES, HUES, Folded
from ..color.likeness import Likeness, likeness
from ..color.second_look import applied, expanded
from ..color.upsample import enlarge

if TYPE_CHECKING:
    from ..prediction import Prediction
    from ..words.model import Said

Array = NDArray[np.float32]

#: variance of a place that is as sure as can be, Lab units squared
LEAST_VARIANCE = 50.0
#: planes of a :class:`Stack`, before those of the second look
_HUES = slice(0, 2 * HUES)
_EXPECTED = 2 * HUES
_VARIANCE = _EXPECTED + 1
_CLASSES = slice(_VARIANCE + 1, _VARIANCE + 1 + CLASSES)
_BELIEVED = _CLASSES.stop
_LOOK = slice(_BELIEVED + 1, None)


@dataclass(frozen=True)
class Stack:
    """All that is averaged of one key frame, as (h, w, k) planes; what joins its places, too."""

    planes: Array
    lightness: Array
    rebalancing_weights: Array
    features: NDArray[np.int8] | None = None
    worded: bool = False

    @property
    def sureness(self) -> Array:
        """c of :mod:`.settling`: what each place counts, (h, w)."""
        own = 1 / (self.planes[..., _VARIANCE] + np.float32(LEAST_VARIANCE))
        return np.asarray(own, np.float32)

    @property
    def believed(self) -> Array | None:
        """How much of the second look is left beside words; None where nothing is said."""
        return np.ascontiguousarray(self.planes[..., _BELIEVED]) if self.worded else None

    @property
    def folded(self) -> Folded:
        """The distributions."""
        planes = self.planes.transpose(2, 0, 1)
        shape = planes.shape[1:]
        return Folded(planes[_HUES].reshape(2, HUES, *shape), planes[_EXPECTED])

    @property
    def look(self) -> Array | None:
        """What the second look said, on the whole grid."""
        found = self.planes.transpose(2, 0, 1)[_LOOK]
        return found if len(found) else None

    @property
    def likeness(self) -> Likeness | None:
        """What is like what in it; made anew each time, as it is large and looked at once."""
        if self.look is None or self.features is None:
            return None
        planes = self.planes.transpose(2, 0, 1)
        return likeness(
            applied(self.look, self.folded),
            self.lightness,
            planes[_VARIANCE],
            planes[_CLASSES],
            expanded(self.features),
        )

    @cached_property
    def field(self) -> ColourField:
        """What joins its places."""
        planes = self.planes.transpose(2, 0, 1)
        return field_of_parts(self.lightness, planes[_VARIANCE], planes[_CLASSES])


def stacked(prediction: Prediction, found: Folded, said: Said | None = None) -> Stack:
    """Of a key frame.

    Args:
        prediction: what the network said of it.
        found: its distributions, as the settings want them.
        said: what words say of it.
    """
    rows, columns = found.expected.shape
    believed = np.ones((rows, columns), np.float32) if said is None else said.believed
    parts = [
        found.hues.reshape(-1, rows, columns),
        found.expected[None],
        prediction.statistics.variance[None],
        prediction.statistics.classes,
        believed[None],
    ]
    if prediction.look is not None:
        parts.append(enlarge(prediction.look.astype(np.float32), rows, columns))
    planes = np.ascontiguousarray(np.concatenate(parts).transpose(1, 2, 0))
    return Stack(
        planes,
        prediction.lightness_of_places,
        prediction.rebalancing_weights,
        prediction.features,
        said is not None,
    )
