"""What a second look does to colours, and what the refiner is shown."""

import numpy as np
import pytest

from colorizer.color.hues import HUES, Folded, fold, statistics
from colorizer.color.second_look import OUTPUTS, PLANES, SHIFT, applied, inputs


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (313, 8, 12)).astype(np.float32)


@pytest.fixture
def folded(logits: np.ndarray) -> Folded:
    return fold(logits, 0.7)


def look(**changes: float) -> np.ndarray:
    """The same at all places: 0 but for ``h`` (of all hues), ``a`` and ``b``."""
    values = np.zeros((OUTPUTS, 4, 6), np.float16)
    values[:HUES] = changes.get("h", 0)
    values[HUES], values[HUES + 1] = changes.get("a", 0), changes.get("b", 0)
    return values


def test_nothing_said_leaves_the_mean(folded: Folded) -> None:
    np.testing.assert_allclose(applied(look(), folded), folded.mean(), atol=1e-4)


def test_believing_in_nothing_is_grey_and_in_all_is_twice_as_strong(folded: Folded) -> None:
    np.testing.assert_allclose(applied(look(h=-30), folded), 0, atol=1e-4)
    np.testing.assert_allclose(applied(look(h=30), folded), 2 * folded.mean(), atol=1e-3)


def test_a_correction_is_added_in_lab_units(folded: Folded) -> None:
    moved = applied(look(a=0.5, b=-0.25), folded) - folded.mean()
    np.testing.assert_allclose(moved[0], SHIFT / 2, atol=1e-3)
    np.testing.assert_allclose(moved[1], -SHIFT / 4, atol=1e-3)


def test_hues_are_believed_one_by_one(folded: Folded) -> None:
    only = look(h=-30)
    only[3] = 0
    np.testing.assert_allclose(applied(only, folded), folded.hues[:, 3], atol=1e-4)


def test_it_is_laid_over_the_grid_without_a_shift(folded: Folded) -> None:
    left = look(h=-30)
    left[:HUES, :, :3] = 0
    result = applied(left, folded)
    np.testing.assert_allclose(result[:, :, :5], folded.mean()[:, :, :5], atol=1e-4)
    np.testing.assert_allclose(result[:, :, 7:], 0, atol=1e-4)


def test_what_the_refiner_is_shown(logits: np.ndarray, folded: Folded) -> None:
    rng = np.random.default_rng(1)
    lightness = rng.uniform(0, 100, (32, 48)).astype(np.float32)
    features = rng.normal(size=(5, 4, 6)).astype(np.float32)
    found = statistics(logits, 1.0)
    shown = inputs(found, folded, lightness, features)
    assert shown.shape == (PLANES + 5, 4, 8)  # 6 columns, made 8
    assert shown.dtype == np.float32
    np.testing.assert_array_equal(shown[:, :, 6], shown[:, :, 5])
    np.testing.assert_array_equal(shown[PLANES:, :, :6], features)
    assert np.abs(shown).max() < 8
    cells = shown[PLANES - 64 : PLANES, 1, 2].reshape(8, 8) * 50 + 50
    np.testing.assert_allclose(cells, lightness[8:16, 16:24], atol=1e-3)
