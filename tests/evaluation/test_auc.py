from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.color.bins import BIN_COUNT, ab_bins, nearest_bin
from colorizer.color.nearest import nearest_bins
from colorizer.evaluation.auc import (
    AucCounter,
    auc,
    auc_rebalanced,
    bin_areas,
    bin_weights,
    pooled,
)

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, pixels: int = 400) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 25, (pixels, 2))
    return true, true + rng.normal(0, 30, true.shape)


def by_definition(true: Any, result: Any, weights: Any) -> float:
    """The equation, threshold by threshold, pixel by pixel."""
    error = np.sqrt(((result - true) ** 2).sum(-1))
    share = [np.sum(weights[error <= t]) / np.sum(weights) for t in range(151)]
    area = sum((share[t] + share[t + 1]) / 2 for t in range(150))
    return float(100 * area / 150)


@settings(deadline=None, max_examples=40)
@given(seeds)
def test_both_areas_follow_the_definition(seed: int) -> None:
    true, result = sample(seed)
    prior = np.random.default_rng(seed).uniform(0.01, 1, BIN_COUNT)
    bins = nearest_bin(true.astype(np.float32))
    assert auc(true, result) == pytest.approx(by_definition(true, result, np.ones(len(true))))
    assert auc_rebalanced(true, result, prior) == pytest.approx(
        by_definition(true, result, 1 / prior[bins])
    )


@pytest.mark.parametrize(
    ("error", "expected"), [(0.0, 100.0), (5.0, 97.0), (4.5, 97.0), (150.0, 1 / 3), (150.5, 0.0)]
)
def test_one_error_everywhere(error: float, expected: float) -> None:
    # share steps from 0 to 1 at the first whole threshold: 150 - t plus half a step of 150
    true = np.zeros((2, 3, 2))
    result = true + np.array([error, 0.0])
    assert auc(true, result) == pytest.approx(expected, abs=1e-9)
    assert auc_rebalanced(true, result) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_rebalanced_by_own_colours_is_the_mean_over_the_bins(seed: int) -> None:
    true, result = sample(seed)
    bins = nearest_bin(true.astype(np.float32))
    each = [auc(true[bins == q], result[bins == q]) for q in np.unique(bins)]
    assert auc_rebalanced(true, result) == pytest.approx(np.mean(each))


def test_pixels_of_all_photographs_are_pooled() -> None:
    parts = [sample(1, 300), sample(2, 50), sample(3, 700)]
    counter = AucCounter()
    for true, result in parts:
        counter.add(true, result)
    true, result = (np.concatenate(x) for x in zip(*parts, strict=True))
    assert counter.auc == pytest.approx(auc(true, result))
    assert counter.auc_rebalanced == pytest.approx(auc_rebalanced(true, result))


@settings(deadline=None, max_examples=20)
@given(seeds, st.booleans())
def test_two_numbers_per_bin_are_enough(seed: int, own: bool) -> None:
    """Sums over photographs, each as often as it is drawn, give the AuC of the drawn pixels."""
    rng = np.random.default_rng(seed)
    parts = [sample(seed + i, 50) for i in range(4)]
    times = rng.integers(0, 3, 4) + np.eye(4, dtype=int)[0]
    prior = None if own else rng.uniform(0.01, 1, BIN_COUNT)
    sums = np.tensordot(times, np.array([bin_areas(*part) for part in parts]), axes=1)
    plain, rebalanced = pooled(sums[0], sums[1], None if prior is None else bin_weights(prior))
    drawn = [part for part, often in zip(parts, times, strict=True) for _ in range(often)]
    true, result = (np.concatenate(x) for x in zip(*drawn, strict=True))
    assert plain == pytest.approx(auc(true, result))
    assert rebalanced == pytest.approx(auc_rebalanced(true, result, prior))


def test_areas_are_counted_at_the_true_bin() -> None:
    true = ab_bins(np.float64)[[3, 3, 200]]
    areas, pixels = bin_areas(true, true + np.array([[0.0, 0.0], [75.0, 0.0], [0.0, 500.0]]))
    assert dict(zip(np.flatnonzero(pixels), pixels[pixels > 0], strict=True)) == {3: 2, 200: 1}
    assert areas[3] == pytest.approx(100 + 100 * 75.5 / 150)
    assert areas[200] == 0


def test_sets_without_pixels_have_no_area() -> None:
    plain, rebalanced = pooled(np.zeros((2, BIN_COUNT)), np.zeros((2, BIN_COUNT)))
    assert np.isnan(plain).all()
    assert np.isnan(rebalanced).all()


def test_rare_colours_weigh_more_when_rebalanced() -> None:
    true = np.array([[0.0, 0.0]] * 99 + [[60.0, 40.0]])
    grey = np.zeros_like(true)
    assert auc(true, grey) > 99
    assert auc_rebalanced(true, grey) == pytest.approx((100 + auc(true[-1:], grey[-1:])) / 2)


def test_the_scale_of_the_prior_does_not_matter() -> None:
    true, result = sample(5)
    prior = np.random.default_rng(5).uniform(0.01, 1, BIN_COUNT)
    assert auc_rebalanced(true, result, prior * 1e6) == pytest.approx(
        auc_rebalanced(true, result, prior)
    )


def test_bins_known_to_the_caller_give_the_same() -> None:
    true, result = sample(7)
    counter = AucCounter()
    counter.add(true, result, nearest_bins(true))
    assert counter.auc_rebalanced == auc_rebalanced(true, result)


def test_a_bin_without_prior_weighs_as_the_rarest() -> None:
    prior = np.ones(BIN_COUNT)
    prior[3], prior[4] = 0.0, 1e-3
    weights = bin_weights(prior)
    assert weights[3] == weights[4] == weights.max()
    assert weights[4] == pytest.approx(1000 * weights[0])


@pytest.mark.parametrize(
    "prior",
    [np.ones(312), np.zeros(BIN_COUNT), np.full(BIN_COUNT, np.nan), np.full(BIN_COUNT, -1.0)],
)
def test_what_is_not_a_prior_is_refused(prior: Any) -> None:
    with pytest.raises(ValueError):
        AucCounter(prior)


def test_impossible_pixels_are_refused() -> None:
    counter = AucCounter()
    with pytest.raises(ValueError):
        _ = counter.auc
    with pytest.raises(ValueError):
        counter.add(np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError):
        counter.add(np.zeros((3, 2)), np.full((3, 2), np.nan))
