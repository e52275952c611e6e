"""Patches: how uneven a result is where the truth is even.

A wall, a coat, a sky that has one colour in the truth should have one in the result too, whichever
it is. The truth is cut into regions of like colour (Felzenszwalb and Huttenlocher, "Efficient
Graph-Based Image Segmentation", 2004, on a* and b*; scikit-image). Those are kept that are at least
:data:`LEAST_SHARE` of the picture and nearly uniform: a root mean square deviation of a* and b*
from their mean of at most :data:`MOST_SPREAD`: about half of the pixels of photographs. Then

    patches = sqrt( sum over the regions' pixels of |ab - mean ab of the region|^2 / their number )

over all photographs together, in Lab units. The same of the truth is what a perfect result would
have; grey has 0, so it must be read beside the chroma. A wrong colour costs nothing here as long
as it is one colour: right and wrong is what the other metrics measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: of the segmentation: preference for large regions, and blur before it, px
SCALE, BLUR = 300.0, 1.5
#: smallest regions that are found, px; smallest that count, share of the picture
LEAST_PIXELS, LEAST_SHARE = 300, 0.01
#: Lab units
MOST_SPREAD = 5.0


@dataclass(frozen=True)
class Regions:
    """The uniform regions of a truth.

    Attributes:
        labels: (H, W), number of each pixel's region, from 0.
        kept: for each region, whether it counts.
    """

    labels: NDArray[np.intp]
    kept: NDArray[np.bool_]

    @classmethod
    def of(cls, ab: NDArray[Any]) -> Regions:
        """Find them in a truth, (H, W, 2) in Lab units."""
        from skimage.segmentation import felzenszwalb

        labels = felzenszwalb(
            np.asarray(ab, np.float64), SCALE, BLUR, LEAST_PIXELS, channel_axis=-1
        ).astype(np.intp)
        squares, sizes = _spread(labels, int(labels.max()) + 1, ab)
        even = squares <= MOST_SPREAD**2 * sizes
        return cls(labels, even & (sizes >= LEAST_SHARE * labels.size))

    def unevenness(self, ab: NDArray[Any]) -> tuple[float, float]:
        """Sum of squared deviations in the regions, Lab units squared, and their pixels' number."""
        squares, sizes = _spread(self.labels, len(self.kept), ab)
        return float(squares[self.kept].sum()), float(sizes[self.kept].sum())


def _spread(
    labels: NDArray[np.intp], count: int, ab: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each region: sum of squared deviations from its mean, and its size."""
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=count).astype(np.float64)
    squares = np.zeros(count)
    for channel in (0, 1):
        values = ab[..., channel].ravel().astype(np.float64)
        mean = np.bincount(flat, values, count) / sizes
        squares += np.bincount(flat, (values - mean[flat]) ** 2, count)
    return squares, sizes
