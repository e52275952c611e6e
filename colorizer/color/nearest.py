"""The bin nearest each colour, for whole pictures."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bins import BIN_COUNT, ab_bins, nearest_bin


def nearest_bins(ab: ArrayLike) -> NDArray[np.intp]:
    """Index (0..312) of the bin nearest each ab: (..., 2) to (...).

    Equals :func:`.bins.nearest_bin` (but for exact ties), in a hundredth of its
    memory: bins are points of a grid of step 10, so where the nearest point of the whole grid is a
    bin it is the answer, and only the few other colours are compared with all 313.
    """
    values = np.asarray(ab, dtype=np.float64)
    flat = values.reshape(-1, 2)
    table = _grid()
    half = table.shape[0] // 2
    cell = np.floor(flat / 10.0 + 0.5).clip(-half, half).astype(np.intp) + half
    index = table[cell[:, 0], cell[:, 1]]
    outside = np.flatnonzero(index < 0)
    for part in np.array_split(outside, max(1, len(outside) // 8192)):
        index[part] = nearest_bin(flat[part].astype(np.float32))
    return np.asarray(index).reshape(values.shape[:-1])


@cache
def _grid() -> NDArray[np.intp]:
    """(23, 23): the bin at (10·i - 110, 10·j - 110), -1 where there is none."""
    table = np.full((23, 23), -1, dtype=np.intp)
    a, b = ab_bins(np.int64).T // 10 + 11
    table[a, b] = np.arange(BIN_COUNT)
    return table
