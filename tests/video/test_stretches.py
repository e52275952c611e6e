"""Shots: found where they are, and only there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer.photo import Photo
from colorizer.video import stretches as module
from colorizer.video.container import opened
from colorizer.video.luma import Levels
from colorizer.video.reading import MAX_PIXELS, Film, Frame
from colorizer.video.stretches import Stretch, stretches

from .clips import KnowingColorizer, shapes

LEVELS = Levels(8, True, "bt601")


def film(frames: Sequence[NDArray[Any]]) -> Iterator[Frame]:
    for number, luma in enumerate(frames):
        yield Frame(np.clip(luma, 0, 255).astype(np.uint8), LEVELS, number)


def cut(frames: Sequence[NDArray[Any]], **options: Any) -> list[Stretch]:
    colorizer = KnowingColorizer()
    return list(stretches(film(frames), lambda f: colorizer.predict(Photo(f.grey)), **options))


def begins(found: Sequence[Stretch]) -> list[int]:
    return [stretch.pts[0] for stretch in found if stretch.begins]


def test_cuts_are_found_where_they_are() -> None:
    frames = [shapes(i, scene=s) for s in (1, 2, 3) for i in range(12)]
    found = cut(frames)
    assert begins(found) == [0, 12, 24]
    assert all(stretch.keys[0] == 0 for stretch in found)
    assert all(stretch.keys[-1] == len(stretch.pts) - 1 for stretch in found)


def test_shots_of_one_frame_are_shots() -> None:
    assert begins(cut([shapes(0, scene=s) for s in range(4)])) == [0, 1, 2, 3]


@pytest.mark.parametrize("change", ["fade", "flicker", "pan", "still", "black"])
def test_what_is_no_cut_is_none(change: str) -> None:
    draw = np.random.default_rng(3)
    if change == "pan":
        wide = shapes(0, width=320)
        frames = [wide[:, 3 * i : 3 * i + 160] for i in range(24)]
    elif change == "still":
        frames = [shapes(0) + draw.normal(0, 2, shapes(0).shape) for _ in range(24)]
    elif change == "black":
        frames = [np.full((96, 160), 2) + draw.integers(0, 2, (96, 160)) for _ in range(24)]
    else:
        light = np.linspace(1, 0, 24) if change == "fade" else draw.uniform(0.8, 1.2, 24)
        frames = [shapes(i) * factor for i, factor in enumerate(light)]
    assert begins(cut(frames)) == [0]


def test_every_says_which_frames_the_network_sees() -> None:
    (found,) = cut([shapes(i) for i in range(20)], every=6)
    assert found.keys == [0, 6, 12, 18, 19]


def test_of_what_stands_still_the_network_sees_little() -> None:
    (found,) = cut([shapes(0)] * 60)
    assert len(found.keys) == 4


def test_a_long_shot_comes_in_parts_that_share_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FRAMES", 10)
    found = cut([shapes(i) for i in range(30)], every=5)
    assert [stretch.begins for stretch in found] == [True, *[False] * (len(found) - 1)]
    for one, other in pairwise(found):
        assert not one.ends
        assert one.pts[-1] == other.pts[0]
        assert one.predictions[-1] is other.predictions[0]
    assert found[-1].ends
    assert sum(stretch.shown for stretch in found) == 30


@pytest.mark.parametrize(
    ("name", "cuts"), [("bikes", [30, 76, 137, 187, 242]), ("film-bw", [34, 134, 207, 290])]
)
def test_shots_of_real_films(shared: Path, name: str, cuts: list[int]) -> None:
    path = shared / "data" / "video" / f"{name}.mp4"
    if not path.exists():
        pytest.skip("the films are not here")
    colorizer = KnowingColorizer()
    with opened(path) as (container, stream):
        source = Film(container, stream, path, MAX_PIXELS)
        frames = list(source.frames())[:300]
        number = {frame.pts: i for i, frame in enumerate(frames)}
        found = list(stretches(frames, lambda f: colorizer.predict(Photo(f.grey)), every=1000))
    assert [number[pts] for pts in begins(found)] == [0, *cuts]
