"""What looks the same gets the same colour, wherever it is; and nothing else does."""

import numpy as np
import pytest

from colorizer.color.hues import CLASSES
from colorizer.color.likeness import MOST_PLACES, Likeness, likeness

HEIGHT, WIDTH = 16, 24
#: the thing in the middle of the picture: two walls left and right of it
MIDDLE = slice(8, 16)


def found(
    height: int = HEIGHT, width: int = WIDTH, variance: float = 400.0
) -> tuple[np.ndarray, np.ndarray]:
    """Variance and classes of places that are all as sure as each other, and of one class."""
    classes = np.zeros((CLASSES, height, width), np.float32)
    classes[0] = 1
    return np.full((height, width), variance, np.float32), classes


def features(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Two walls that look the same and a thing that does not."""
    seen = np.zeros((3, height // 2, width // 2), np.float32)
    seen[:, :, MIDDLE.start // 2 : MIDDLE.stop // 2] = 3
    return seen


def tints(left: float, right: float, middle: float = 0.0) -> np.ndarray:
    """b* of the left wall, the right one and the thing between them."""
    found = np.zeros((2, HEIGHT, WIDTH), np.float32)
    found[1, :, : MIDDLE.start], found[1, :, MIDDLE], found[1, :, MIDDLE.stop :] = (
        left, middle, right,
    )  # fmt: skip
    return found


def of(usual: np.ndarray, lightness: float = 50.0) -> Likeness:
    grey = np.full((HEIGHT, WIDTH), lightness, np.float32)
    return likeness(usual, grey, *found(), features())


def test_two_walls_that_lie_apart_get_one_colour() -> None:
    usual = tints(5, 1)
    result = of(usual).smooth(usual)[1]
    assert abs(result[:, :7].mean() - result[:, 17:].mean()) < 0.25 * 4
    np.testing.assert_allclose(result[:, MIDDLE].mean(), 0, atol=0.3)  # which is no wall


def test_what_looks_different_is_left_alone() -> None:
    usual = tints(5, 1, 9)
    result = of(usual).smooth(usual)[1]
    np.testing.assert_allclose(result[:, 10:14], 9, atol=0.1)
    grey = np.full((HEIGHT, WIDTH), 20, np.float32)
    grey[:, 12:] = 90  # nor is a white wall a black one
    apart = likeness(usual, grey, *found(), features()).smooth(usual)[1]
    np.testing.assert_allclose(apart[:, 2:6], 5, atol=0.1)


def test_strong_colours_and_those_that_differ_much_are_kept() -> None:
    usual = tints(90, 60)
    np.testing.assert_allclose(of(usual).smooth(usual), usual, atol=0.1)
    usual = tints(25, -25)
    result = of(usual).smooth(usual)
    np.testing.assert_allclose(result[1, :, :6], 25, atol=0.1)


def test_one_colour_stays_one_colour() -> None:
    usual = np.full((2, HEIGHT, WIDTH), 4, np.float32)
    np.testing.assert_allclose(of(usual).smooth(usual), usual, atol=0.02)


def test_it_is_linear_in_what_a_slider_changes() -> None:
    usual = tints(5, 1, 9)
    alike = of(usual)
    np.testing.assert_allclose(
        alike.smooth(np.float32(1.7) * usual), 1.7 * alike.smooth(usual), atol=0.02
    )


def test_a_mirrored_picture_gives_a_mirrored_result() -> None:
    rng = np.random.default_rng(0)
    usual = rng.normal(0, 5, (2, HEIGHT, WIDTH)).astype(np.float32)
    grey = rng.uniform(20, 80, (HEIGHT, WIDTH)).astype(np.float32)
    seen = rng.normal(size=(3, HEIGHT // 2, WIDTH // 2)).astype(np.float32)
    result = likeness(usual, grey, *found(), seen).smooth(usual)
    back = (slice(None), slice(None, None, -1), slice(None, None, -1))
    mirrored = likeness(usual[back], grey[back[1:]], *found(), seen[back]).smooth(usual[back])
    np.testing.assert_allclose(mirrored[back], result, atol=0.02)


def test_what_words_have_said_is_neither_changed_nor_passed_on() -> None:
    usual = tints(5, 1)
    said = usual.copy()
    said[0, :, : MIDDLE.start] = 50  # the left wall is red now
    believed = np.ones((HEIGHT, WIDTH), np.float32)
    believed[:, : MIDDLE.start] = 0
    result = of(usual).smooth(said, believed)
    np.testing.assert_allclose(result[0, :, :6], 50, atol=1e-3)
    np.testing.assert_allclose(result[:, :, 18:], usual[:, :, 18:], atol=0.1)


@pytest.mark.parametrize("shape", [(2, 2), (16, 2), (102, 130), (256, 384), (64, 1536)])
def test_any_grid_in_bounded_memory(shape: tuple[int, int]) -> None:
    height, width = shape
    rng = np.random.default_rng(0)
    usual = rng.normal(0, 5, (2, height, width)).astype(np.float32)
    grey = rng.uniform(20, 80, shape).astype(np.float32)
    seen = rng.normal(size=(3, height // 2, width // 2)).astype(np.float32)
    alike = likeness(usual, grey, *found(height, width), seen)
    assert alike.strength.size <= MOST_PLACES * 1.1
    assert alike.nbytes <= 400 * height * width + 64
    result = alike.smooth(usual)
    assert result.shape == usual.shape
    assert result.dtype == np.float32
    assert bool(np.isfinite(result).all())


def test_a_place_that_is_certain_breaks_nothing() -> None:
    usual = tints(5, 1)
    grey = np.full((HEIGHT, WIDTH), 50, np.float32)
    result = likeness(usual, grey, *found(variance=0), features()).smooth(usual)
    assert bool(np.isfinite(result).all())
