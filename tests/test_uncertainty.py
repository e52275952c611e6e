"""Entropy, overlay and alternatives, on distributions that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer.color.bins import BIN_COUNT, GREY_BIN, ab_bins, nearest_bin
from colorizer.errors import InvalidSetting
from colorizer.overlay import HUE
from colorizer.prediction import Prediction, logits_shape
from colorizer.uncertainty import entropy, likely_colours, overlay


def prediction(height: int = 40, width: int = 60, lightness: float = 50.0) -> Prediction:
    """Everywhere sure of grey."""
    logits = np.zeros((BIN_COUNT, *logits_shape(height, width)), np.float16)
    logits[GREY_BIN] = 40.0
    light = np.full((height, width), lightness, np.float32)
    weights = np.ones(BIN_COUNT, np.float32)
    return Prediction(logits, light, height, width, "fake", "0" * 64, 256, 0.75, weights)


def bin_of(a: float, b: float) -> int:
    return int(nearest_bin(np.array([a, b], np.float32)))


def test_entropy_is_0_where_sure_and_1_where_clueless() -> None:
    value = prediction()
    value.logits[:, :5] = 0.0
    result = entropy(value)
    assert result.shape == (10, 16)
    assert result.dtype == np.float32
    assert result[:5] == pytest.approx(1.0, abs=1e-5)
    assert result[5:] == pytest.approx(0.0, abs=1e-5)


def test_entropy_is_that_of_the_native_temperature() -> None:
    value = prediction()
    value.logits[GREY_BIN] = 3.0
    p = np.exp(np.where(np.arange(BIN_COUNT) == GREY_BIN, 3.0, 0.0) / 0.75)
    p /= p.sum()
    assert entropy(value)[0, 0] == pytest.approx(-(p * np.log(p)).sum() / np.log(313), abs=1e-4)


def test_the_overlay_covers_what_is_unsure_and_only_that() -> None:
    value = prediction(40, 60)
    value.logits[:, :, 8:] = 0.0  # from 32 px of 60 on
    result = overlay(value, 400, 600)
    assert result.shape == (400, 600, 4)
    assert result.dtype == np.uint8
    assert (result[..., :3] == HUE).all()
    assert (result[:, :290, 3] == 0).all()
    opaque = result[:, 350:, 3]
    assert (opaque == opaque[0, 0]).all()
    assert 128 < opaque[0, 0] < 255
    half = np.argmax(result[200, :, 3] > opaque[0, 0] / 2)
    assert 305 <= half <= 345  # 320, but that the step is not linear


def test_padding_is_not_in_the_overlay() -> None:
    value = prediction(36, 60)  # padded to 40 x 64
    value.logits[:, 9:] = 0.0
    value.logits[:, :, 15:] = 0.0
    assert (overlay(value, 36, 60)[:33, :57, 3] == 0).all()


def test_likely_colours_are_groups_most_likely_first() -> None:
    value = prediction()
    cell = value.logits[:, 2, 3]
    cell[:] = -40.0
    for (a, b), p in {(50, 20): 0.3, (60, 20): 0.3, (-30, 40): 0.35, (0, -60): 0.05}.items():
        cell[bin_of(a, b)] = 0.75 * np.log(p)
    found = likely_colours(value, 14 / 60, 10 / 40)
    assert [c.probability for c in found[:3]] == pytest.approx([0.6, 0.35, 0.05], abs=2e-3)
    assert [(c.a, c.b) for c in found[:3]] == [
        pytest.approx(ab, abs=0.1) for ab in ((55, 20), (-30, 40), (0, -60))
    ]
    assert len(found) == 6
    assert likely_colours(value, 14 / 60, 10 / 40, count=1) == found[:1]
    red, green, blue = found[0].rgb
    assert red > green
    assert red > blue
    grey = likely_colours(value, 0.9, 0.9)[0]
    assert grey.rgb == (119, 119, 119)
    assert grey.probability == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("lightness", "rgb"), [(0.0, (0, 0, 0)), (100.0, (255, 255, 255))])
def test_likely_colours_keep_the_lightness(lightness: float, rgb: Any) -> None:
    value = prediction(lightness=lightness)
    value.logits[:] = 0.0
    assert {c.rgb for c in likely_colours(value, 0.5, 0.5)} == {rgb}


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 313), st.integers(0, 99))
def test_likely_colours_anywhere(x: float, y: float, count: int, seed: int) -> None:
    value = prediction(13, 22)
    rng = np.random.default_rng(seed)
    value.logits[:] = rng.normal(0, 6, value.logits.shape).astype(np.float16)
    found = likely_colours(value, x, y, count)
    chances = [c.probability for c in found]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1 + 1e-9
    assert 1 <= len(found) <= count
    if count == BIN_COUNT:
        assert sum(chances) == pytest.approx(1.0)
        assert len(found) < 100
    low, high = ab_bins().min(0), ab_bins().max(0)
    for colour in found:
        assert low[0] <= colour.a <= high[0]
        assert low[1] <= colour.b <= high[1]
        assert all(type(v) is int and 0 <= v <= 255 for v in colour.rgb)


@pytest.mark.parametrize(
    ("x", "y", "count"),
    [(-0.1, 0.5, 6), (0.5, 1.1, 6), (float("nan"), 0.5, 6), (0.5, 0.5, 0), (0.5, 0.5, 314)],
)
def test_places_outside_are_refused(x: float, y: float, count: int) -> None:
    with pytest.raises(InvalidSetting, match="must be between"):
        likely_colours(prediction(), x, y, count)
