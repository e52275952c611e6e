"""The colour field: a thing has one colour."""

from __future__ import annotations

import threading

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.color import field as module
from colorizer.color.field import (
    LEAST_AFFINITY,
    STRENGTH,
    USUAL_VARIANCE,
    ColourField,
    affinities,
    confidence,
)

Shape = tuple[int, int]


def random_field(shape: Shape, seed: int = 0) -> ColourField:
    rng = np.random.default_rng(seed)
    height, width = shape
    right = rng.uniform(LEAST_AFFINITY, 1, (height, width - 1)).astype(np.float32)
    down = rng.uniform(LEAST_AFFINITY, 1, (height - 1, width)).astype(np.float32)
    return ColourField(rng.uniform(0.001, 0.5, shape).astype(np.float32), right, down)


def colours(shape: Shape, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 30, (2, *shape)).astype(np.float32)


def energy(field: ColourField, x: np.ndarray, d: np.ndarray) -> float:
    """What the field minimises, as its docstring has it."""
    data = (field.confidence * (x - d) ** 2).sum()
    beside = (field.right * np.diff(x, axis=2) ** 2).sum()
    return float(data + beside + (field.down * np.diff(x, axis=1) ** 2).sum())


shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(0, 1000))
def test_it_is_the_minimum(shape: Shape, seed: int) -> None:
    field, d = random_field(shape, seed), colours(shape, seed)
    x = field.smooth(d)
    assert x.shape == d.shape
    assert x.dtype == np.float32
    least = energy(field, x, d)
    for step in (0.5, -0.5):
        other = x + step * colours(shape, seed + 7) / 30
        assert energy(field, other, d) >= least - 1e-3 * max(least, 1)


@settings(max_examples=40, deadline=None)
@given(shapes, st.floats(-80, 80), st.floats(-80, 80))
def test_equal_colours_stay_as_they_are(shape: Shape, a: float, b: float) -> None:
    d = np.broadcast_to(np.array([a, b], np.float32)[:, None, None], (2, *shape))
    np.testing.assert_allclose(random_field(shape).smooth(d), d, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(0, 1000))
def test_where_the_network_is_certain_nothing_changes(shape: Shape, seed: int) -> None:
    some = random_field(shape, seed)
    field = ColourField(confidence(np.zeros(shape, np.float32)), some.right, some.down)
    d = colours(shape, seed)
    np.testing.assert_allclose(field.smooth(d), d, atol=0.02)


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(0, 1000))
def test_the_order_of_rows_and_columns_does_not_matter(shape: Shape, seed: int) -> None:
    field, d = random_field(shape, seed), colours(shape, seed)
    x = field.smooth(d)
    mirrored = ColourField(field.confidence[:, ::-1], field.right[:, ::-1], field.down[:, ::-1])
    np.testing.assert_allclose(mirrored.smooth(d[:, :, ::-1])[:, :, ::-1], x, atol=1e-3)
    upside = ColourField(field.confidence[::-1], field.right[::-1], field.down[::-1])
    np.testing.assert_allclose(upside.smooth(d[:, ::-1])[:, ::-1], x, atol=1e-3)
    turned = ColourField(field.confidence.T, field.down.T, field.right.T)
    np.testing.assert_allclose(turned.smooth(d.swapaxes(1, 2)).swapaxes(1, 2), x, atol=1e-3)


def two_things(step: float) -> tuple[ColourField, np.ndarray]:
    """Left half L* 30, right half lighter by ``step``; the same distribution everywhere."""
    lightness = np.full((16, 16), 30, np.float32)
    lightness[:, 8:] += step
    masses = np.full((4, 16, 16), 0.25, np.float32)
    variance = np.full((16, 16), USUAL_VARIANCE, np.float32)
    field = ColourField(confidence(variance), *affinities(lightness, masses))
    d = np.zeros((2, 16, 16), np.float32)
    d[0, :, :8], d[1, :, 8:] = 40, -40
    return field, d


def test_across_an_edge_of_lightness_it_does_not_mix() -> None:
    field, d = two_things(40.0)
    np.testing.assert_allclose(field.smooth(d), d, atol=1.0)
    field, d = two_things(0.0)
    assert np.abs(field.smooth(d) - d)[:, :, 7:9].mean() > 10


def test_across_an_edge_of_what_is_likely_it_mixes_less() -> None:
    lightness = np.full((4, 6), 50, np.float32)
    masses = np.zeros((2, 4, 6), np.float32)
    masses[0, :, :3] = masses[1, :, 3:] = 1
    right, down = affinities(lightness, masses)
    assert right[:, 2].max() < 0.03
    np.testing.assert_allclose(np.delete(right, 2, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(down, 1, atol=1e-3)


def test_a_patch_goes_and_a_sure_small_thing_stays() -> None:
    """An unsure red place on a grey wall takes the wall's colour; a sure red bow does not."""
    variance = np.full((24, 24), USUAL_VARIANCE, np.float32)
    d = np.zeros((2, 24, 24), np.float32)
    d[0, 4:7, 4:7] = d[0, 15:18, 15:18] = 50
    variance[15:18, 15:18] = 1
    masses = np.full((4, 24, 24), 0.25, np.float32)
    right, down = affinities(np.full((24, 24), 50, np.float32), masses)
    x = ColourField(confidence(variance), right, down).smooth(d)
    assert x[0, 5, 5] < 10
    assert x[0, 16, 16] > 35


def test_unsure_places_hold_less() -> None:
    found = confidence(np.array([[0.0, 100.0, 400.0, 1600.0]], np.float32))[0]
    np.testing.assert_allclose(found[1:], STRENGTH * np.array([4, 1, 0.25]), rtol=1e-5)
    assert found[0] > 1e4


def test_a_response_is_a_column_of_the_inverse() -> None:
    field = random_field((7, 9))
    unit = np.zeros((1, 7, 9), np.float32)
    unit[0, 3, 4] = 1 / field.confidence[3, 4]
    found = field.response(3 * 9 + 4)
    np.testing.assert_allclose(found, field.smooth(unit)[0], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("shape", [(97, 64), (33, 180)])
def test_large_grids_are_solved_on_blocks(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly the same as on the fine grid, for colours that are smooth there."""
    rng = np.random.default_rng(3)
    lightness = np.full(shape, 50, np.float32)
    lightness[:, shape[1] // 2 :] += 30
    masses = np.full((4, *shape), 0.25, np.float32)
    variance = np.full(shape, USUAL_VARIANCE, np.float32)
    parts = confidence(variance), *affinities(lightness, masses)
    y, x = np.mgrid[: shape[0], : shape[1]] / 12
    d = 30 * np.stack([np.sin(x), np.cos(y)]).astype(np.float32)
    d += rng.normal(0, 0.1, d.shape).astype(np.float32)
    fine = ColourField(*parts).smooth(d)
    monkeypatch.setattr(module, "MOST_PLACES", 2000)
    coarse = ColourField(*parts).smooth(d)
    assert coarse.shape == fine.shape
    assert np.abs(coarse - fine).mean() < 0.3 * np.abs(fine - d).mean()
    flat = np.ones((2, *shape), np.float32)
    np.testing.assert_allclose(ColourField(*parts).smooth(flat), flat, atol=1e-4)


def test_factors_of_one_thread_may_be_freed_in_another() -> None:
    """As in the server; SciPy's SuperLU keeps 2 MB of each."""

    def resident() -> int:
        return psutil.Process().memory_info().rss >> 20

    kept: list[ColourField] = []

    def make() -> None:
        kept.append(random_field((64, 64)))
        kept[-1].smooth(colours((64, 64)))

    def made_and_freed(times: int) -> None:
        for _ in range(times):
            thread = threading.Thread(target=make)
            thread.start()
            thread.join()
            kept.clear()

    made_and_freed(20)
    before = resident()
    made_and_freed(100)
    assert resident() - before < 40


def test_shapes_that_do_not_fit_are_refused() -> None:
    ok = np.ones((3, 4), np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        ColourField(ok, ok, ok)
    with pytest.raises(ValueError, match="do not fit"):
        random_field((3, 4)).smooth(np.ones((2, 4, 3), np.float32))
