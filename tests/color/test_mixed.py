"""Distributions with a share of one colour, and shifts that differ from place to place."""

from __future__ import annotations

import numpy as np

from colorizer.color.bins import BIN_COUNT, Local, ab_bins
from colorizer.color.hues import fold, mixed


def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 2, (BIN_COUNT, 6, 8)).astype(np.float32)


def test_a_share_of_one_colour() -> None:
    folded = fold(logits(), 1.0)
    shares = np.zeros((1, 6, 8), np.float32)
    shares[0, :, :4], shares[0, :, 6:] = 1, 0.5
    colour = np.broadcast_to(np.array([30, -40], np.float32)[:, None, None], (2, 6, 8))
    found = mixed(folded, shares, colour[None])
    before, after = folded.mean(), found.mean()
    np.testing.assert_allclose(after[:, :, :4], colour[:, :, :4], atol=1e-4)
    np.testing.assert_allclose(after[:, :, 4:6], before[:, :, 4:6], atol=1e-4)
    np.testing.assert_allclose(after[..., 6:], (before + colour)[..., 6:] / 2, atol=1e-4)
    np.testing.assert_allclose(found.expected[:, :4], 50, atol=1e-3)
    assert np.count_nonzero(np.abs(found.hues[0, :, 0, 0]) > 1e-4) == 1


def test_local_shifts_are_shifts() -> None:
    values = np.random.default_rng(1).normal(size=(2, BIN_COUNT)).astype(np.float32)
    places = np.zeros((2, 6, 8), np.float32)
    places[0], places[1, :, 4:] = 1, 2
    found = fold(logits(), 0.7, local=Local(places, values)).mean()
    one = fold(logits(), 0.7, values[0]).mean()
    both = fold(logits(), 0.7, values[0] + 2 * values[1]).mean()
    np.testing.assert_allclose(found[:, :, :4], one[:, :, :4], atol=1e-3)
    np.testing.assert_allclose(found[:, :, 4:], both[:, :, 4:], atol=1e-3)


def test_a_local_shift_towards_a_colour_brings_it() -> None:
    towards = -(((ab_bins() - [50, 40]) ** 2).sum(axis=1, keepdims=True).T) / 50
    places = np.ones((1, 6, 8), np.float32)
    found = fold(logits(), 1.0, local=Local(places, towards.astype(np.float32))).mean()
    np.testing.assert_allclose(found.mean(axis=(1, 2)), [50, 40], atol=4)
