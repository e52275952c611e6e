from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer.color.bins import BIN_COUNT
from colorizer.errors import InvalidSetting
from colorizer.evaluation.bootstrap import draw_sets, interval
from colorizer.evaluation.columns import METRICS
from colorizer.evaluation.comparison import Side, compare, sides
from colorizer.evaluation.scores import COLUMNS, RowScore, RowValues, Truth

from .conftest import paint

TRUTHS = [paint(seed, 40, 40) for seed in range(6)]


def measured(change: Any) -> RowValues:
    score = RowScore()
    for rgb in TRUTHS:
        score.add(Truth.of(rgb), change(rgb.astype(float)).clip(0, 255).astype(np.uint8))
    return score.values()


def paler(factor: float) -> Any:
    return lambda rgb: rgb.mean(-1, keepdims=True) * (1 - factor) + rgb * factor


A, B = measured(paler(0.2)), measured(paler(0.6))
SETS = draw_sets(len(TRUTHS))


def test_the_difference_is_b_minus_a() -> None:
    found = compare(A, B, SETS)
    assert set(found) == set(METRICS) - {"vgg", "lpips"}
    every = np.ones((1, len(TRUTHS)))
    for key, difference in found.items():
        a, b = (float(row.estimates(every)[key][0]) for row in (A, B))
        assert difference.mean == pytest.approx(b - a)
        assert difference.interval[0] <= difference.mean + 1e-9
        assert difference.interval[1] >= difference.mean - 1e-9
    assert found["psnr"].mean > 0
    assert found["psnr"].interval[0] > 0


def test_the_interval_is_the_paired_one() -> None:
    key = "psnr"
    paired = SETS @ (B.values[key] - A.values[key]) / len(TRUTHS)
    assert compare(A, B, SETS)[key].interval == pytest.approx(interval(paired))
    apart = [interval(SETS @ row.values[key] / len(TRUTHS)) for row in (A, B)]
    low, high = interval(paired)
    assert high - low < min(end - start for start, end in apart)


def test_better_means_nearer_the_ideal() -> None:
    better = {key: difference.better for key, difference in compare(A, B, SETS).items()}
    for key in ("psnr", "ssim", "delta_e2000", "colorfulness", "bias_a", "bias_b"):
        assert better[key] == 1.0, key
    assert better["auc"] is better["auc_rebalanced"] is better["colorfulness_delta"] is None
    back = compare(B, A, SETS)
    for key in ("psnr", "delta_e2000", "colorfulness"):
        assert back[key].better == 0.0


def test_too_much_colour_is_worse_than_a_little_too_little() -> None:
    garish, nearly = measured(paler(1.5)), measured(paler(0.9))
    found = compare(garish, nearly, SETS)["colorfulness"]
    assert found.mean < 0
    assert found.better == 1.0


def test_a_row_against_itself() -> None:
    for difference in compare(A, A, SETS).values():
        assert difference.mean == 0.0
        assert difference.interval == (0.0, 0.0)
        assert difference.better in (0.0, None)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any), st.booleans())
def test_metrics_of_a_drawn_set_are_those_of_its_photographs(times: list[int], own: bool) -> None:
    """A set with photographs repeated is measured as if they had been measured so often."""
    score = RowScore()
    weights = None if own else np.random.default_rng(0).uniform(0.1, 1, BIN_COUNT)
    for rgb, often in zip(TRUTHS, times, strict=True):
        truth = Truth.of(rgb)
        for _ in range(often):
            score.add(truth, paler(0.2)(rgb.astype(float)).clip(0, 255).astype(np.uint8))
    repeated = score.values()
    direct = repeated.estimates(np.ones((1, sum(times))), weights)
    drawn = A.estimates(np.array([times], dtype=float), weights)
    assert tuple(direct) == COLUMNS
    for key, value in direct.items():
        assert drawn[key] == pytest.approx(value), key


def test_what_the_sides_name(tmp_path: Path) -> None:
    assert sides(("grey", "default"), "m") == (Side("grey"), Side("default"))
    assert sides(("tint=2", "m"), "m") == (Side("tint=2", setting="tint=2"), Side("default"))
    file = tmp_path / "x=1.safetensors"
    file.touch()
    a, b = sides((str(file), "eccv16"), "m")
    assert a == Side("x=1.safetensors", model=str(file))
    assert b == Side("eccv16", model="eccv16")


def test_two_files_of_one_name_are_told_apart() -> None:
    a, b = sides(("one/best.pt", "two/best.pt"), "m")
    assert (a.row, a.model) == ("best.pt (A)", "one/best.pt")
    assert (b.row, b.model) == ("best.pt (B)", "two/best.pt")


@pytest.mark.parametrize("pair", [("grey", "grey"), ("default", "m"), ("tint=1", "tint=1")])
def test_one_row_cannot_be_compared(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidSetting, match="Two different rows"):
        sides(pair, "m")
