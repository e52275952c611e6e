"""The measure of patches."""

from __future__ import annotations

import numpy as np
import pytest

from colorizer.evaluation.patches import MOST_SPREAD, Regions
from colorizer.evaluation.scores import RowScore, Truth


def walls() -> np.ndarray:
    """ab (96, 96, 2): a warm wall on the left, a blue one on the right, hardly any grain."""
    ab = np.zeros((96, 96, 2))
    ab[:, :48], ab[:, 48:] = (15, 25), (5, -30)
    return ab + np.random.default_rng(0).normal(0, 0.3, ab.shape)


def spread(regions: Regions, ab: np.ndarray) -> float:
    squares, pixels = regions.unevenness(ab)
    return float(np.sqrt(squares / pixels))


def test_one_wrong_colour_for_a_thing_is_no_patch() -> None:
    truth = walls()
    regions = Regions.of(truth)
    assert regions.unevenness(truth)[1] == truth[..., 0].size
    assert spread(regions, truth) == pytest.approx(0.3 * np.sqrt(2), rel=0.05)
    wrong = truth.copy()
    wrong[:, :48] += (20, -40)
    assert spread(regions, wrong) == pytest.approx(spread(regions, truth))
    assert spread(regions, np.zeros_like(truth)) == 0


def test_two_colours_for_a_thing_are() -> None:
    truth = walls()
    regions = Regions.of(truth)
    patchy = truth.copy()
    patchy[:48, :48] += (30, 0)
    assert spread(regions, patchy) == pytest.approx(15 / np.sqrt(2), rel=0.05)
    assert spread(regions, 0.5 * patchy) == pytest.approx(0.5 * spread(regions, patchy))


def test_what_is_uneven_in_the_truth_does_not_count() -> None:
    noisy = np.random.default_rng(0).normal(0, 4 * MOST_SPREAD, (64, 64, 2))
    regions = Regions.of(noisy)
    assert not regions.kept.any()
    assert regions.unevenness(noisy) == (0.0, 0.0)


def test_a_row_pools_the_pixels_of_its_photographs() -> None:
    rng = np.random.default_rng(1)
    even = np.full((64, 64, 3), (150, 110, 90), np.uint8)
    noisy = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    patchy = even.copy()
    patchy[:32] = (90, 110, 150)
    score = RowScore()
    score.add(Truth.of(even), patchy)
    alone = score.values().estimates(np.ones((1, 1)))
    score.add(Truth.of(noisy), noisy)
    both = score.values().estimates(np.array([[1.0, 1.0], [0.0, 1.0]]))
    assert both["patches"][0] == pytest.approx(alone["patches"][0])
    assert both["patches"][1] == 0  # none of its regions counts
    assert alone["patches"][0] > 10
    assert alone["patches_truth"][0] == pytest.approx(0, abs=1e-9)
