from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from colorizer.evaluation.bootstrap import RESAMPLES, draw_sets, interval


def test_sets_are_as_large_as_the_sample_and_repeat() -> None:
    sets = draw_sets(7)
    assert sets.shape == (RESAMPLES, 7)
    assert (sets.sum(axis=1) == 7).all()
    assert (sets == sets.round()).all()
    np.testing.assert_array_equal(sets, draw_sets(7))
    assert (sets != draw_sets(7, seed=1)).any()
    # a photograph is left out of a set with probability (1 - 1/7)^7
    assert (sets == 0).mean() == pytest.approx((6 / 7) ** 7, abs=0.01)


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, 3.0, 80)
    ours = interval(draw_sets(80, 20_000) @ values / 80)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=4
    ).confidence_interval
    spread = values.std() / np.sqrt(80)
    np.testing.assert_allclose(ours, [theirs.low, theirs.high], atol=0.06 * spread)
    np.testing.assert_allclose(
        ours, values.mean() + np.array([-1.96, 1.96]) * spread, atol=0.3 * spread
    )


def test_it_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    sets = draw_sets(40, 500)
    ends = [interval(sets @ rng.normal(0, 1, 40) / 40) for _ in range(300)]
    assert 0.9 <= np.mean([low <= 0 <= high for low, high in ends]) <= 0.98


def test_one_photograph_has_no_spread_and_none_no_sets() -> None:
    assert interval(draw_sets(1) @ np.array([3.0])) == (3.0, 3.0)
    with pytest.raises(ValueError):
        draw_sets(0)
