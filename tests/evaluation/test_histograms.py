from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.evaluation import histograms
from colorizer.evaluation.histograms import CELLS, ab_histogram, rgb_histogram


@st.composite
def sample(draw: st.DrawFn) -> Any:
    """ab values like those of a picture: a few clusters, some pixels far from them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    centres = rng.normal(0, draw(st.floats(0, 40)), (draw(st.integers(1, 5)), 2))
    points = centres[rng.integers(0, len(centres), draw(st.integers(1, 3000)))]
    return points + rng.normal(0, draw(st.floats(0, 15)), points.shape)


@settings(deadline=None)
@given(sample(), sample())
def test_the_metrics_are_those_of_opencv(first: Any, second: Any) -> None:
    h1, h2 = ab_histogram(first), ab_histogram(second)
    for ours, method in (
        (histograms.correlation, cv2.HISTCMP_CORREL),
        (histograms.chi_square, cv2.HISTCMP_CHISQR),
    ):
        for pair in ((h1, h2), (h2, h1), (h1, h1)):
            assert ours(*pair) == pytest.approx(cv2.compareHist(*pair, method), rel=1e-6, abs=1e-6)
    # near zero the root magnifies rounding: compare its square too
    theirs = cv2.compareHist(h1, h2, cv2.HISTCMP_BHATTACHARYYA)
    assert histograms.bhattacharyya(h1, h2) ** 2 == pytest.approx(theirs**2, abs=1e-12)
    assert histograms.bhattacharyya(h1, h2) == pytest.approx(theirs, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 500))
def test_the_rgb_histogram_is_that_of_opencv(seed: int, count: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (count, 1, 3)).astype(np.uint8)
    h = rgb_histogram(rgb)
    theirs = cv2.calcHist([rgb], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
    np.testing.assert_allclose(h, theirs / count, atol=1e-7)
    other = rgb_histogram(255 - rgb)
    expected = cv2.compareHist(h.ravel(), other.ravel(), cv2.HISTCMP_CORREL)
    assert histograms.correlation(h, other) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="pixel"):
        rgb_histogram(rgb[:0])


def test_flat_and_empty_histograms_are_those_of_opencv() -> None:
    level = np.full((CELLS, CELLS), 1 / CELLS**2, np.float32)
    empty = np.zeros((CELLS, CELLS), np.float32)
    for pair in ((level, level), (level, empty), (empty, level), (empty, empty)):
        for ours, method in (
            (histograms.correlation, cv2.HISTCMP_CORREL),
            (histograms.chi_square, cv2.HISTCMP_CHISQR),
            (histograms.bhattacharyya, cv2.HISTCMP_BHATTACHARYYA),
        ):
            assert ours(*pair) == pytest.approx(cv2.compareHist(*pair, method), abs=1e-6)


def test_chi_square_takes_the_truth_first_and_skips_what_it_lacks() -> None:
    h1 = np.array([0.5, 0.5, 0.0], np.float32)
    h2 = np.array([0.25, 0.5, 0.25], np.float32)
    assert histograms.chi_square(h1, h2) == pytest.approx(0.125)
    assert histograms.chi_square(h2, h1) == pytest.approx(0.5)


@settings(deadline=None)
@given(sample())
def test_a_histogram_is_a_distribution(ab: Any) -> None:
    h = ab_histogram(ab)
    assert h.shape == (23, 23)
    assert h.dtype == np.float32
    assert h.min() >= 0
    assert h.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("ab", "cell"),
    [
        ((0, 0), (11, 11)),
        ((-5, 4.99), (11, 11)),  # the lower edge belongs to the cell, the upper does not
        ((5, -5.01), (12, 10)),
        ((30, -20), (14, 9)),
        ((200, -200), (22, 0)),
    ],
)
def test_cells_are_centred_on_the_tens_a_first(ab: Any, cell: tuple[int, int]) -> None:
    h = ab_histogram(np.array([[ab]], dtype=np.float64))
    assert h[cell] == 1.0


def test_no_pixels_or_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError):
        ab_histogram(np.empty((0, 2)))
    with pytest.raises(ValueError):
        ab_histogram(np.array([[np.nan, 0.0]]))
    with pytest.raises(ValueError):
        histograms.correlation(np.zeros(3, np.float32), np.zeros(4, np.float32))
