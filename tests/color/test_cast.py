import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer.color.cast import NATURAL, measure_cast, remove_cast

amounts = st.floats(0.0, 1.0)


def picture(seed: int = 0, drift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Natural greys (2, 40, 40) with a strongly coloured corner, plus a drift everywhere."""
    rng = np.random.default_rng(seed)
    ab = rng.normal(0, 2, (2, 40, 40)).astype(np.float32)
    ab += np.array(NATURAL, np.float32)[:, None, None]
    ab[:, :10, :10] = np.array([60, 45], np.float32)[:, None, None]
    return ab + np.array(drift, np.float32)[:, None, None]


def test_drift_of_neutral_pixels_is_measured_and_strong_colour_is_not() -> None:
    clean_a, clean_b = measure_cast(picture())
    a, b = measure_cast(picture(drift=(3.0, 7.0)))
    assert abs(clean_a) < 0.5
    assert abs(clean_b) < 0.5
    assert 1.5 < a < 3.2
    assert 4.0 < b < 7.2


def test_a_picture_full_of_colour_gets_no_correction() -> None:
    ab = np.full((2, 20, 20), 50.0, np.float32)
    np.testing.assert_allclose(remove_cast(ab, 1.0), ab, atol=1e-3)


def test_the_drift_shrinks_and_strong_colour_stays() -> None:
    ab = picture(drift=(3.0, 7.0))
    result = remove_cast(ab, 1.0)
    neutral = np.s_[:, 12:, 12:]
    left = result[neutral].mean(axis=(1, 2)) - np.array(NATURAL)
    assert np.abs(left).max() < 0.5 * 7.0
    assert np.abs(result[:, :10, :10] - ab[:, :10, :10]).max() < 1.0


@given(amounts, st.integers(0, 5))
def test_amount_scales_the_change(amount: float, seed: int) -> None:
    ab = picture(seed, drift=(2.0, 6.0))
    full = remove_cast(ab, 1.0) - ab
    np.testing.assert_allclose(remove_cast(ab, amount) - ab, amount * full, atol=1e-4)


def test_amount_zero_changes_nothing() -> None:
    ab = picture(drift=(2.0, 6.0))
    assert remove_cast(ab, 0.0) is ab


def test_torch_agrees_with_numpy() -> None:
    ab = picture(drift=(2.0, 6.0))
    result = remove_cast(torch.from_numpy(ab), 0.7)
    assert isinstance(result, torch.Tensor)
    np.testing.assert_allclose(result.numpy(), remove_cast(ab, 0.7), atol=1e-4)
    assert measure_cast(torch.from_numpy(ab)) == pytest.approx(measure_cast(ab), abs=1e-4)
