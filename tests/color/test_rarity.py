"""How readily rare colours are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from colorizer.color.bins import BIN_COUNT, ab_bins, decode, rebalancing_weights, smooth_prior
from colorizer.color.hues import fold, statistics
from colorizer.color.rarity import (
    SHARE,
    USUAL_CHROMA,
    calibrated_shift,
    expected_chroma,
    mixed_share,
    rarity_shift,
    sharpened,
    training_prior,
)

BINS = ab_bins(np.float64)


@pytest.fixture(scope="module")
def prior() -> np.ndarray:
    """Much grey, little of what is far from it, next to nothing at the rim."""
    counts = np.round(1e6 * np.exp(-np.hypot(*BINS.T) / 8))
    found: np.ndarray = smooth_prior(counts)
    return found


@pytest.fixture
def logits(prior: np.ndarray) -> np.ndarray:
    """(313, 6, 7): distributions around as many colours, with the weights of the training."""
    rng = np.random.default_rng(3)
    places = rng.normal(0, 25, (42, 2))
    squared = ((BINS[:, None] - places) ** 2).sum(-1)
    z = -squared / 2000 + np.log(rebalancing_weights(prior))[:, None]
    found: np.ndarray = z.reshape(BIN_COUNT, 6, 7).astype(np.float32)
    return found


def palette(logits: np.ndarray, w: np.ndarray, native: float) -> np.ndarray:
    return statistics(logits, native, calibrated_shift(w)).palette


@pytest.mark.parametrize("mix", [0.2, 0.5, 0.9])
def test_the_prior_is_found_again_in_the_weights(prior: np.ndarray, mix: float) -> None:
    found = training_prior(rebalancing_weights(prior, mix))
    np.testing.assert_allclose(found, prior, atol=1e-8)


def test_sharpened_weights_are_those_of_a_smaller_lambda(prior: np.ndarray) -> None:
    """1/w ~ (1 - l) p + l/Q with a tenth of the floor is the paper's form at another lambda."""
    floor = 0.1 * 0.5
    expected = rebalancing_weights(prior, floor / (0.5 + floor))
    np.testing.assert_allclose(sharpened(rebalancing_weights(prior)), expected, rtol=1e-4)
    assert prior @ sharpened(rebalancing_weights(prior)) == pytest.approx(1)


def test_expected_chroma() -> None:
    one = np.zeros(BIN_COUNT)
    one[[120, 0]] = 0.75, 0.25  # grey and (-90, 50)
    assert expected_chroma(one) == pytest.approx(0.25 * (90**2 + 50**2))


def test_the_distribution_is_a_mix(prior: np.ndarray, logits: np.ndarray) -> None:
    w, native = rebalancing_weights(prior), 1.3
    found = palette(logits, w, native)
    shift = rarity_shift(w, found, 0.8, native)
    natural = softmax((logits - np.log(w)[:, None, None]) / native, axis=0)
    share = SHARE * 0.8**2 * expected_chroma(found) / USUAL_CHROMA
    expected = natural * (1 + share * sharpened(w))[:, None, None]
    expected /= expected.sum(axis=0)
    mixed = softmax((logits + shift[:, None, None]) / native, axis=0)
    np.testing.assert_allclose(mixed, expected, atol=1e-5)


def test_the_mix_is_known_without_decoding_again(prior: np.ndarray, logits: np.ndarray) -> None:
    w, native = rebalancing_weights(prior), 1.3
    known = statistics(logits, native, calibrated_shift(w), sharpened(w))
    for amount in (0.0, 0.35, 1.0, 2.0):
        favoured = known.favouring(mixed_share(known.palette, amount))
        again = fold(logits, native, rarity_shift(w, known.palette, amount, native))
        np.testing.assert_allclose(favoured.hues, again.hues, atol=1e-3)
        np.testing.assert_allclose(favoured.expected, again.expected, atol=1e-3)


def test_nothing_is_mixed_in_at_0(prior: np.ndarray, logits: np.ndarray) -> None:
    w = rebalancing_weights(prior)
    found = palette(logits, w, 1.0)
    np.testing.assert_allclose(rarity_shift(w, found, 0, 1.0), -np.log(w), rtol=1e-5)
    np.testing.assert_array_equal(rarity_shift(w, found, 0, 1.0), calibrated_shift(w))


def test_more_gives_more_colour(prior: np.ndarray, logits: np.ndarray) -> None:
    w = rebalancing_weights(prior)
    found = palette(logits, w, 1.0)
    chroma = [
        np.hypot(*decode(logits, 1.0, rarity_shift(w, found, amount, 1.0))).mean()
        for amount in (0, 0.5, 1, 1.5, 2)
    ]
    assert np.all(np.diff(chroma) > 0)


def test_a_colourful_palette_gets_more_of_it(prior: np.ndarray) -> None:
    w = rebalancing_weights(prior)
    dull, vivid = np.zeros((2, BIN_COUNT))
    dull[120] = vivid[10] = 1
    spread = [np.ptp(rarity_shift(w, p, 1, 1.0) + np.log(w)) for p in (dull, vivid)]
    assert spread[0] == pytest.approx(0, abs=1e-6)
    assert spread[1] > 1


def test_a_network_without_weights_is_left_alone() -> None:
    shift = rarity_shift(np.ones(BIN_COUNT), np.full(BIN_COUNT, 1 / BIN_COUNT), 1, 1.0)
    assert shift.dtype == np.float32
    assert not shift.any()
