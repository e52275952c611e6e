r"""How much colours change along the motion of a film.

Between neighbouring frames of a shot, with the flow f from the later one back to the earlier one
(:mod:`colorizer.video.flow`, DIS on the luma at most :data:`SHORT_SIDE` px high or wide, the same
for every row) that holds in the places M,

    change = mean over M of | ab(x) - ab_before(x + f(x)) |       Lab units, | | Euclidean

M is where going there and back ends less than :data:`TOLERANCE` px from where it began. Frames
between which M is less than :data:`LEAST_SHARE` of the picture, as at cuts, are left out. The
change of a film is the mean over its pairs of frames. A true film has some, of noise, of shading
and of flow that is not quite right: its own is beside.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..video.flow import remapped

Array = NDArray[np.float32]

SHORT_SIDE = 288
TOLERANCE = 0.75
LEAST_SHARE = 0.3


class Steadiness:
    """Measures several colourings of one film, frame by frame."""

    def __init__(self) -> None:
        self._search: Any = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._before: tuple[NDArray[np.uint8], dict[str, Array]] | None = None
        self._changes: dict[str, list[float]] = {}

    def add(self, luma: NDArray[np.uint8], rows: dict[str, Array]) -> None:
        """The next frame.

        Args:
            luma: (H, W).
            rows: name to ab, (H, W, 2).
        """
        height, width = luma.shape
        factor = min(SHORT_SIDE / min(height, width), 1.0)
        size = round(width * factor), round(height * factor)
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
        rows = {
            name: np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_AREA))
            for name, ab in rows.items()
        }
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
        """Mean change of each row; 0 of a film without neighbouring frames."""
        return {name: float(np.mean(values)) for name, values in self._changes.items()}
