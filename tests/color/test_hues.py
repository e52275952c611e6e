"""Distributions folded by hue, and settling on one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from colorizer.color.bins import BIN_COUNT, ab_bins, decode, nearest_bin
from colorizer.color.hues import HUES, Folded, fold, settle, statistics

BINS = ab_bins(np.float64)


@pytest.fixture(scope="module")
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (BIN_COUNT, 30, 40)).astype(np.float16)


@pytest.fixture(scope="module")
def shift() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, BIN_COUNT)


def of_colours(shares: dict[tuple[float, float], float]) -> Folded:
    """One place that may have some colours."""
    p = np.full(BIN_COUNT, 1e-12)
    for ab, share in shares.items():
        p[int(nearest_bin(np.array(ab, np.float32)))] = share
    return fold(np.log(p)[:, None, None], 1.0)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.3])
def test_the_parts_sum_up_to_the_mean(
    logits: np.ndarray, shift: np.ndarray, temperature: float
) -> None:
    folded = fold(logits, temperature, shift)
    assert folded.hues.shape == (2, HUES, 30, 40)
    np.testing.assert_allclose(folded.mean(), decode(logits, temperature, shift), atol=2e-3)


def test_statistics(logits: np.ndarray, shift: np.ndarray) -> None:
    p = softmax((logits.astype(float) + shift[:, None, None]) / 1.3, axis=0)
    found = statistics(logits, 1.3, shift)
    np.testing.assert_allclose(found.palette, p.mean((1, 2)), atol=1e-6)
    mean = np.tensordot(BINS.T, p, 1)
    square = np.tensordot((BINS**2).sum(1), p, 1)
    np.testing.assert_allclose(found.variance, square - (mean**2).sum(0), rtol=1e-3)
    assert found.chroma == pytest.approx(np.tensordot(np.hypot(*BINS.T), p, 1).mean(), rel=1e-4)
    assert not found.share.any()
    assert found.favouring(0.0) is found
    assert found.classes.shape == (1 + 2 * HUES, 30, 40)
    np.testing.assert_allclose(found.classes.sum(axis=0), 1, atol=1e-4)
    np.testing.assert_allclose(found.hues, fold(logits, 1.3, shift).hues, atol=1e-4)


@pytest.mark.parametrize("hue", range(0, 360, 15))
def test_a_sure_colour_stays_what_it_is(hue: float) -> None:
    angle = np.radians(hue)
    folded = of_colours({(40 * np.cos(angle), 40 * np.sin(angle)): 1.0})
    mean = folded.mean()
    settled = settle(folded, mean)
    share = np.hypot(*settled) / np.hypot(*mean)
    assert share == pytest.approx(1)
    np.testing.assert_allclose(settled / share, mean, atol=0.01)


def test_red_or_blue_is_not_purple() -> None:
    """In equal parts, hardly any colour; among red things, red; among blue ones, blue."""
    folded = of_colours({(50, 30): 0.5, (20, -60): 0.5})
    purple = folded.mean()
    assert np.hypot(*purple) > 30
    assert np.hypot(*settle(folded, purple)) < 0.4 * np.hypot(*purple)
    red = settle(folded, np.full((2, 1, 1), [[[50]], [[30]]], np.float32))
    blue = settle(folded, np.full((2, 1, 1), [[[20]], [[-60]]], np.float32))
    assert red[1] > 10
    assert blue[1] < -25


def test_without_any_colour_there_is_nothing_to_settle_on() -> None:
    folded = of_colours({(0, 0): 1.0})
    np.testing.assert_allclose(settle(folded, folded.mean()), 0, atol=1e-6)
