"""The colour prior against counting by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from colorizer.color.bins import ab_bins, smooth_prior
from colorizer.errors import TrainingDataError
from colorizer.training.prior import compute_prior, count_bins

from .tiny import pictures


def test_counts_are_those_of_brute_force() -> None:
    squares = pictures(3, 32)
    counts = count_bins([squares[:2], squares[2:]])
    assert counts.dtype == np.int64
    assert counts.sum() == 3 * 8 * 8
    lab = rgb2lab(squares.numpy() / 255.0)[..., 1:]
    small = lab.reshape(3, 8, 4, 8, 4, 2).mean(axis=(2, 4))
    # the count goes by whole-numbered colours
    apart = ((small.round()[..., None, :] - ab_bins(np.float64)) ** 2).sum(-1)
    expected = np.bincount(apart.argmin(-1).ravel(), minlength=313)
    # rounding may turn over where a mean lies within a thousandth of a half
    assert np.abs(counts - expected).sum() <= 4
    assert np.count_nonzero(counts) > 5


def test_prior_is_the_smoothed_share() -> None:
    squares = pictures(2, 32)
    prior = compute_prior([squares])
    np.testing.assert_allclose(prior, smooth_prior(count_bins([squares])))
    assert prior.sum() == pytest.approx(1)
    wide = compute_prior([squares], sigma=40.0)
    assert wide.max() < prior.max()


def test_no_pixels_is_a_typed_error() -> None:
    with pytest.raises(TrainingDataError, match="no photographs"):
        compute_prior([])
    with pytest.raises(TrainingDataError, match="no photographs"):
        compute_prior([torch.empty((0, 32, 32, 3), dtype=torch.uint8)])
