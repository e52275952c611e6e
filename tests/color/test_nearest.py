"""The nearest bins of whole pictures."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.color.bins import BIN_COUNT, ab_bins
from colorizer.color.nearest import nearest_bins

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(seeds, st.floats(1, 80))
def test_nearest_bins_are_the_nearest(seed: int, spread: float) -> None:
    ab = np.random.default_rng(seed).normal(0, spread, (200, 2))
    centres = ab_bins(np.float64)
    found = np.linalg.norm(centres[nearest_bins(ab)] - ab, axis=1)
    least = np.linalg.norm(centres[None] - ab[:, None], axis=2).min(axis=1)
    np.testing.assert_allclose(found, least, atol=1e-4)


def test_nearest_bins_of_the_bins_themselves_and_of_shapes() -> None:
    np.testing.assert_array_equal(nearest_bins(ab_bins()), np.arange(BIN_COUNT))
    assert nearest_bins(np.zeros((4, 5, 2))).shape == (4, 5)
    assert nearest_bins(np.zeros((4, 5, 2)))[2, 2] == 120
