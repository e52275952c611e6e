"""The 313 bins in blocks of 2 x 2: as fine as the model of words needs them in training."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..color.bins import ab_bins

#: Lab units of a block's sides
_SIDE = 20


@cache
def block_of_bins() -> NDArray[np.int64]:
    """The block that each bin is in, (313,), 0..COARSE - 1."""
    cells = np.floor((ab_bins(np.float64) + 110) / _SIDE).astype(np.int64)
    _, block = np.unique(cells[:, 0] * 100 + cells[:, 1], return_inverse=True)
    return np.asarray(block, np.int64)


def coarse_members() -> NDArray[np.float32]:
    """Which bins each block holds, (COARSE, 313) of 0 and 1."""
    return np.eye(COARSE, dtype=np.float32)[:, block_of_bins()]


def coarse_centres() -> NDArray[np.float32]:
    """Mean a*, b* of each block's bins, (COARSE, 2)."""
    members = coarse_members()
    return np.asarray(members @ ab_bins() / members.sum(axis=1, keepdims=True), np.float32)


#: how many blocks there are
COARSE = 88
