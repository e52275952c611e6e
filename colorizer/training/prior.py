"""The colour prior of a set of photographs (Zhang et al. 2016, section 2.2)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..color.bins import BIN_COUNT, smooth_prior
from ..errors import TrainingDataError
from .augment import to_lab_batch
from .losses import SoftEncodingTable


def count_bins(batches: Iterable[Tensor]) -> NDArray[np.int64]:
    """Histogram of nearest bins over pictures.

    Args:
        batches: tensors (N, S, S, 3) uint8; colours are counted after averaging 4 x 4 pixels, as
            the network's targets are.

    Returns:
        (313,) int64 counts.
    """
    counts = torch.zeros(BIN_COUNT, dtype=torch.int64)
    table = SoftEncodingTable(1, 5.0)
    for batch in batches:
        table = table.to(batch.device)
        target = to_lab_batch(batch.permute(0, 3, 1, 2).float() / 255.0).target
        nearest = table(target)[0].flatten()
        counts += torch.bincount(nearest, minlength=BIN_COUNT).cpu()
    return counts.numpy()


def compute_prior(batches: Iterable[Tensor], sigma: float = 5.0) -> NDArray[np.float64]:
    """Smoothed prior (313,) over batches as in :func:`count_bins`.

    Raises:
        TrainingDataError: if there are no pixels.
    """
    counts = count_bins(batches)
    if counts.sum() == 0:
        raise TrainingDataError("There are no photographs to compute a colour prior from.")
    prior: NDArray[np.float64] = smooth_prior(counts, sigma)
    return prior
