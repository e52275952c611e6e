r"""How much colours change along the motion of a film.

Between neighbouring frames of a shot, with the flow f from the later one back to the earlier one
(:mod:`colorizer.video.flow`, DIS on the luma at most :data:`SHORT_SIDE` px on the short side,
the same for every row) that holds in the places M,

    change = mean over M of | ab(x) - ab_before(x + f(x)) |       Lab units, | | Euclidean

M is where going there and back ends less than :data:`TOLERANCE` px from where it began. Frames
between which M is less than :data:`LEAST_SHARE` of the picture, as at cuts, are left out. The
change of a film is the mean over its pairs of frames. A true film has some, of noise, of shading
and of flow that is not quite right: its own is beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..video.flow import remapped

Array = NDArray[np.float32]
Grey = NDArray[np.uint8]

SHORT_SIDE = 288
TOLERANCE = 0.75
LEAST_SHARE = 0.3


def small_pictures(grey: Grey, pictures: Mapping[str, Grey]) -> tuple[Grey, dict[str, Grey]]:
    """A frame's grey (H, W) and its colourings (H, W, 3) at the size that is measured."""
    height, width = grey.shape
    factor = min(SHORT_SIDE / min(height, width), 1.0)
    size = max(round(width * factor), 16), max(round(height * factor), 16)

    def smaller(picture: Grey) -> Grey:
        picture = np.ascontiguousarray(picture)
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    return smaller(grey), {name: smaller(picture) for name, picture in pictures.items()}


class Steadiness:
    """Measures several colourings of one film, frame by frame."""

    def __init__(self) -> None:
        self._search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before: tuple[Grey, Mapping[str, Array]] | None = None
        self._changes: dict[str, list[float]] = {}

    def add(self, luma: Grey, rows: Mapping[str, Array]) -> None:
        """The next frame.

        Args:
            luma: (h, w), of :func:`small_pictures`.
            rows: name to ab, (h, w, 2).
        """
        before, self._before = self._before, (luma, rows)
        if before is None:
            return
        back: Array = self._search.calc(luma, before[0], None)
        on: Array = self._search.calc(before[0], luma, None)
        error = back + remapped(on, back)
        holds = np.hypot(error[..., 0], error[..., 1]) < TOLERANCE
        if holds.mean() < LEAST_SHARE:
            return
        for name, ab in rows.items():
            step = (ab - remapped(before[1][name], back))[holds]
            self._changes.setdefault(name, []).append(float(np.hypot(*step.T).mean()))

    def changes(self) -> dict[str, float]:
        """Mean change of each row; none of a film without neighbouring frames."""
        return {name: float(np.mean(values)) for name, values in self._changes.items()}
