from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorizer.evaluation import metrics

pictures = arrays(np.uint8, (5, 7, 3))


def flat(red: int, green: int, blue: int) -> Any:
    return np.full((12, 12, 3), (red, green, blue), dtype=np.uint8)


@pytest.mark.parametrize("step", [1, 7, 255])
def test_psnr_of_a_constant_error(step: int) -> None:
    result = metrics.psnr(flat(0, 0, 0), flat(step, step, step))
    assert result == pytest.approx(20 * np.log10(255 / step))


def test_psnr_counts_all_three_channels() -> None:
    # one channel wrong by 30: MSE = 30²/3
    assert metrics.psnr(flat(9, 9, 9), flat(9, 39, 9)) == pytest.approx(10 * np.log10(255**2 / 300))


@settings(deadline=None)
@given(pictures, pictures)
def test_psnr_is_symmetric_and_capped(first: Any, second: Any) -> None:
    assert metrics.psnr(first, second) == metrics.psnr(second, first)
    assert 0.0 <= metrics.psnr(first, second) <= metrics.PSNR_CAP
    assert metrics.psnr(first, first) == metrics.PSNR_CAP


def test_psnr_cap_holds_for_nearly_identical_pictures() -> None:
    first = np.zeros((256, 256, 3), np.uint8)
    second = first.copy()
    second[0, 0, 0] = 1
    assert metrics.psnr(first, second) == metrics.PSNR_CAP
    second[0, :2] = 1
    assert metrics.psnr(first, second) < metrics.PSNR_CAP


def test_ssim_is_the_formula_of_wang() -> None:
    rng = np.random.default_rng(1)
    first = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    second = np.clip(first * 0.8 + rng.normal(20, 10, first.shape), 0, 255).astype(np.uint8)

    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(kernel, kernel) / kernel.sum() ** 2

    def blur(x: Any) -> Any:
        """The mean in the 11×11 windows that lie wholly inside."""
        return np.einsum("yxij,ij", np.lib.stride_tricks.sliding_window_view(x, (11, 11)), window)

    values = []
    for channel in range(3):
        x, y = (p[..., channel].astype(np.float64) for p in (first, second))
        mx, my = blur(x), blur(y)
        vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        values.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    assert metrics.ssim(first, second) == pytest.approx(np.mean(values), abs=1e-9)
    assert metrics.ssim(first, first) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # from the test data of Sharma, Wu, Dalal 2005
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_delta_e2000(first: Any, second: Any, expected: float) -> None:
    one, two = (np.array(c, dtype=np.float64).reshape(1, 1, 3) for c in (first, second))
    assert metrics.delta_e2000(one, two) == pytest.approx(expected, abs=1e-4)
    # the mean over pixels: half of them right
    assert metrics.delta_e2000(
        np.concatenate([one, one]), np.concatenate([two, one])
    ) == pytest.approx(expected / 2, abs=1e-4)


def test_to_lab() -> None:
    lab = metrics.to_lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8))
    expected = np.array([[100.0, 0.0, 0.0], [0.0, 0.0, 0.0], [53.24, 80.09, 67.20]])
    np.testing.assert_allclose(lab[0], expected, atol=0.02)


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_colorfulness_of_one_colour_is_its_distance_from_grey(rgb: tuple[int, int, int]) -> None:
    red, green, blue = rgb
    expected = 0.3 * np.hypot(red - green, (red + green) / 2 - blue)
    assert metrics.colorfulness(flat(*rgb)) == pytest.approx(expected)
    assert metrics.colorfulness_absolute(flat(*rgb)) == pytest.approx(expected)


def test_the_two_kinds_of_colorfulness() -> None:
    # rg = ±255, yb = 127.5: deviation 255, means 0 and 127.5; folded: deviation 0, means 255, 127.5
    picture = np.concatenate([flat(255, 0, 0), flat(0, 255, 0)])
    assert metrics.colorfulness(picture) == pytest.approx(255 + 0.3 * 127.5)
    assert metrics.colorfulness_absolute(picture) == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_grey_has_no_colorfulness() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=-1)
    assert metrics.colorfulness(grey) == 0.0
    assert metrics.colorfulness_absolute(grey) == 0.0


def test_bias_is_result_minus_truth() -> None:
    truth = np.random.default_rng(0).normal(0, 20, (6, 5, 3))
    assert metrics.bias(truth, truth + np.array([9.0, 2.0, -3.0])) == pytest.approx((2.0, -3.0))


@pytest.mark.parametrize("function", [metrics.psnr, metrics.ssim])
@pytest.mark.parametrize(
    "other",
    [
        np.zeros((12, 13, 3), np.uint8),
        np.zeros((12, 12, 3), np.float32),
        np.zeros((12, 12), np.uint8),
    ],
)
def test_only_pairs_of_8_bit_rgb_pictures(function: Callable[..., float], other: Any) -> None:
    with pytest.raises(ValueError):
        function(flat(1, 2, 3), other)
