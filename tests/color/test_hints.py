"""Hints: a person's colours, carried on within a thing and not beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer.color import hints
from colorizer.color.hints import HintField, Stroke
from colorizer.color.lab import lab_to_srgb, srgb_to_lab

Array = NDArray[np.float32]

H, W, STRIDE = 16, 24, 4


def two_things(
    step: float = 30.0, shape: tuple[int, int] = (H, W), left: float = 40.0
) -> tuple[HintField, Array]:
    """A picture of two halves, L* ``left`` and ``step`` more; its field and lightness."""
    lightness = np.full(shape, left, np.float32)
    lightness[:, shape[1] // 2 :] += step
    full = lightness.repeat(STRIDE, 0).repeat(STRIDE, 1)
    colours = np.zeros((2, *shape), np.float32)
    return HintField(lightness, colours, (full.shape[0], full.shape[1]), STRIDE), full


def automatic(lightness: Array) -> Array:
    """Some automatic colours, (2, H, W)."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 5, (2, *lightness.shape)).astype(np.float32)


def grey(lightness: Array) -> Array:
    """No automatic colours, (2, H, W)."""
    return np.zeros((2, *lightness.shape), np.float32)


def test_a_hint_fills_its_thing_and_leaves_the_other_alone_to_the_bit() -> None:
    field, lightness = two_things()
    ab = automatic(lightness)
    found = field.painted(ab, lightness, [Stroke(0.5, 0.2, (20, -30))])
    np.testing.assert_allclose(found[:, :, :40].mean((1, 2)), [20, -30], atol=1.5)
    np.testing.assert_array_equal(found[:, :, 56:], ab[:, :, 56:])


@pytest.mark.parametrize("step", [15.0, 20.0, 40.0])
def test_hardly_any_colour_leaks_into_what_touches(step: float) -> None:
    """A mean difference below 1 in the other half, by CIEDE2000."""
    from skimage.color import deltaE_ciede2000

    field, lightness = two_things(step)
    found = field.painted(grey(lightness), lightness, [Stroke(0.5, 0.25, (50, 40))])
    half = lightness.shape[1] // 2
    shown = [
        srgb_to_lab(lab_to_srgb(np.dstack([lightness, *ab])[:, half:]))
        for ab in (found, grey(lightness))
    ]
    assert deltaE_ciede2000(*shown).mean() < 1


def test_without_hints_nothing_changes() -> None:
    field, lightness = two_things()
    ab = automatic(lightness)
    assert field.painted(ab, lightness, []) is ab


def test_two_hints_share_the_ground_between_them() -> None:
    field, lightness = two_things(step=0)
    strokes = [Stroke(0.5, 0.1, (40, 0)), Stroke(0.5, 0.9, (-40, 0))]
    a = field.painted(grey(lightness), lightness, strokes)[0]
    assert a[:, :20].min() > 12
    assert a[:, -20:].max() < -12
    assert abs(a[:, 47:49]).max() < 10


def test_of_two_hints_along_an_edge_each_has_its_side() -> None:
    field, lightness = two_things()
    strokes = [Stroke(0.5, 0.3, (40, 0)), Stroke(0.5, 0.7, (-40, 0))]
    a = field.painted(grey(lightness), lightness, strokes)[0]
    assert a[:, :44].min() > 35
    assert a[:, 52:].max() < -35


def test_shares_sum_to_one_at_most() -> None:
    field, _ = two_things(step=3)
    rng = np.random.default_rng(0)
    strokes = [
        Stroke(float(y), float(x), (0, 0), float(reach))
        for y, x, reach in zip(rng.random(60), rng.random(60), rng.uniform(0.1, 4, 60), strict=True)
    ]
    shares = field.shares(strokes)
    assert shares.min() >= 0
    assert shares.sum(axis=0).max() <= 1 + 1e-5


def test_reach_widens_and_narrows() -> None:
    field, _ = two_things(step=0, shape=(48, 64))
    areas = [field.shares([Stroke(0.5, 0.5, (9, 9), reach)])[0].mean() for reach in (0.2, 1, 3)]
    assert areas[0] < 0.5 * areas[1]
    assert areas[1] < areas[2]


def test_colour_follows_the_light() -> None:
    field, lightness = two_things(step=4, left=30)  # a fold of one cloth
    found = field.painted(grey(lightness), lightness, [Stroke(0.5, 0.2, (10, 0))])
    dark, light = found[0, 30, 20], found[0, 30, 80]
    assert light / dark == pytest.approx((34 + 16) / (30 + 16), rel=0.03)


@pytest.mark.parametrize(("own", "factor"), [(None, 1.0), (40.0, 1.0), (96.0, 0.5), (12.0, 0.5)])
def test_a_colour_of_another_lightness_becomes_paler(own: float | None, factor: float) -> None:
    field, lightness = two_things()
    stroke = Stroke(0.5, 0.2, (20, 0), 1.0, own)
    found = field.painted(grey(lightness), lightness, [stroke])
    assert found[0, 32, 19] == pytest.approx(20 * factor, rel=0.03)


def test_the_later_of_two_hints_at_one_place_counts() -> None:
    field, lightness = two_things()
    ab = automatic(lightness)
    strokes = [Stroke(0.5, 0.2, (40, 0)), Stroke(0.5, 0.2, (-40, 0))]
    np.testing.assert_array_equal(
        field.painted(ab, lightness, strokes), field.painted(ab, lightness, strokes[1:])
    )


def test_more_hints_than_responses_are_kept() -> None:
    field, lightness = two_things(step=0)
    grid = [Stroke((i + 0.5) / H, (j + 0.5) / W, (5, 5)) for i in range(H) for j in range(W)]
    assert len(grid) > hints._KEPT
    found = field.painted(automatic(lightness), lightness, grid)
    np.testing.assert_allclose(found.mean((1, 2)), [5, 5], atol=0.2)
    assert len(field._responses) == hints._KEPT


def test_very_large_grids_are_made_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "MOST_PLACES", 100)
    field, lightness = two_things()
    assert field.shape == (8, 12)
    found = field.painted(automatic(lightness), lightness, [Stroke(0.5, 0.2, (20, -30))])
    assert found[0, 32, 19] == pytest.approx(20, abs=4)


@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0), (0.999999, 0.5)])
def test_the_borders_are_places_too(place: tuple[float, float]) -> None:
    """Of a picture that fills its grid in part only."""
    grid = np.full((H, W), 40, np.float32)
    field = HintField(grid, np.zeros((2, H, W), np.float32), (61, 93), STRIDE)
    cut = np.full((61, 93), 40, np.float32)
    found = field.painted(automatic(cut), cut, [Stroke(*place, (20, -30))])
    row, column = round(place[0] * 60), round(place[1] * 92)
    assert found[0, row, column] == pytest.approx(20, abs=4)
