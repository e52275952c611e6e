"""Hints as planes for a network."""

import numpy as np
import pytest

from colorizer.color.hint_planes import SIDE, hint_planes
from colorizer.color.hints import Stroke

LIGHTNESS = np.full((20, 30), 50, np.float32)


def test_a_hint_is_a_square_of_its_colour() -> None:
    planes = hint_planes(LIGHTNESS, [Stroke(0.5, 0.5, (20, -30))])
    assert planes.dtype == np.float32
    assert planes.shape == (3, 20, 30)
    rows, columns = np.nonzero(planes[2])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 13, 12, 18)
    assert len(rows) == SIDE**2
    np.testing.assert_array_equal(planes[:, 10, 15], [20, -30, 1])
    np.testing.assert_array_equal(planes[:, planes[2] == 0], 0)


def test_grey_is_a_hint_too() -> None:
    planes = hint_planes(LIGHTNESS, [Stroke(0.5, 0.5, (0, 0))])
    assert not planes[:2].any()
    assert planes[2].sum() == SIDE**2


@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0)])
def test_squares_end_at_the_border(place: tuple[float, float]) -> None:
    planes = hint_planes(LIGHTNESS, [Stroke(*place, (1, 1))])
    assert planes[2].sum() == (SIDE // 2 + 1) ** 2
    assert planes[2, -int(place[0]), -int(place[1])] == 1


def test_the_later_of_two_hints_counts() -> None:
    planes = hint_planes(LIGHTNESS, [Stroke(0.5, 0.5, (1, 2)), Stroke(0.5, 0.5, (3, 4))])
    np.testing.assert_array_equal(planes[:, 10, 15], [3, 4, 1])


def test_a_colour_of_another_lightness_is_paler() -> None:
    planes = hint_planes(LIGHTNESS, [Stroke(0.5, 0.5, (20, 10), lightness=17)])
    np.testing.assert_allclose(planes[:, 10, 15], [10, 5, 1])
