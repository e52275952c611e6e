"""Bars beside the picture of a film: found, and left grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer.guidance import Hint
from colorizer.photo.mount import Box
from colorizer.video import MAX_PIXELS, FilmGuidance, FilmHint, Output, Progress, stills
from colorizer.video.bars import picture_of
from colorizer.video.sources import sources

from .clips import HEIGHT, WIDTH, planes_of, render, rgb_frames, shapes, write_clip, write_frames

Array = NDArray[Any]
#: px of black on the left and on the right, and of the whole
LEFT, RIGHT = 33, 31
WIDE = WIDTH + LEFT + RIGHT


def pillar(frame: Array, tone: float = 16, grain: float = 0.0, seed: int = 0) -> Array:
    """A frame between two bars."""
    noise = np.random.default_rng(seed).normal(tone, grain, (len(frame), WIDE))
    noise[:, LEFT:-RIGHT] = frame
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


def picture(path: Path) -> Box | None:
    with sources(path, 1) as (source,):
        return picture_of(source, path, MAX_PIXELS)


def columns(box: Box | None, width: int = WIDE) -> tuple[int, int]:
    assert box is not None
    return box.on(HEIGHT, width)[1].start, box.on(HEIGHT, width)[1].stop


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two shots of 15 frames, between bars."""
    frames = [pillar(shapes(i, scene=s)) for s in (1, 2) for i in range(15)]
    return write_clip(tmp_path / "clip.mkv", frames)


def test_bars_are_found_and_stay_grey(clip: Path, tmp_path: Path) -> None:
    result = render(clip, tmp_path / "out.mkv", output=Output("ffv1"))
    assert columns(result.picture) == (32, 194)  # outwards to even numbers
    assert result.warnings == ()
    before, after = planes_of(clip), planes_of(tmp_path / "out.mkv")
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        for chroma in other[1:]:
            assert (chroma[:, :32] == 128).all()
            assert (chroma[:, 194:] == 128).all()
    for number, rgb in enumerate(rgb_frames(tmp_path / "out.mkv")):
        bright = before[number][0] > 180
        red, _, blue = (rgb[..., c].astype(int) for c in range(3))
        assert (red - blue)[bright].mean() > 40


def test_the_picture_gets_the_colours_that_it_has_without_bars(clip: Path, tmp_path: Path) -> None:
    even = [pillar(shapes(i, scene=1))[:, LEFT - 1 : -RIGHT + 1] for i in range(8)]
    alone = write_clip(tmp_path / "alone.mkv", even)
    barred = write_clip(tmp_path / "barred.mkv", [pillar(shapes(i, scene=1)) for i in range(8)])
    render(alone, tmp_path / "one.mkv", output=Output("ffv1"), whole=True)
    render(barred, tmp_path / "other.mkv", output=Output("ffv1"))
    pairs = zip(rgb_frames(tmp_path / "one.mkv"), rgb_frames(tmp_path / "other.mkv"), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other[:, LEFT - 1 : -RIGHT + 1])


def test_whole_colours_them(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [pillar(shapes(i), tone=232) for i in range(5)])
    for whole in (False, True):
        target = tmp_path / f"{whole}.mkv"
        result = render(clip, target, output=Output("ffv1"), whole=whole)
        assert (result.picture is None) == whole
        assert all((planes[1][:, :32] != 128).any() == whole for planes in planes_of(target))


def test_with_half_of_the_chroma(clip: Path, tmp_path: Path) -> None:
    render(clip, tmp_path / "out.mp4", output=Output("h264", crf=4))
    for _, *chroma in planes_of(tmp_path / "out.mp4"):
        for plane in chroma:
            assert plane.shape == (HEIGHT // 2, WIDE // 2)
            assert np.abs(plane[:, :12].astype(int) - 128).max() <= 1
            assert np.abs(plane[:, 20:90].astype(int) - 128).max() > 10


def test_a_folder_of_frames(tmp_path: Path) -> None:
    frames = [pillar(shapes(i, scene=1), tone=0) for i in range(6)]
    folder = write_frames(tmp_path / "scans", frames)
    result = render(folder, tmp_path / "out")
    assert columns(result.picture) == (32, 194)
    from PIL import Image

    for number, file in enumerate(sorted((tmp_path / "out").iterdir())):
        pixels = np.asarray(Image.open(file))
        assert (pixels[:, :32] == pixels[:, :32, :1]).all()
        assert (pixels[:, 194:] == frames[number][:, 194:, None]).all()
        assert (pixels[:, 40:190] != pixels[:, 40:190, :1]).any()


@pytest.mark.parametrize(("tone", "grain"), [(16, 0.0), (18, 1.5), (235, 0.0)])
def test_of_black_and_white_and_with_noise(tmp_path: Path, tone: float, grain: float) -> None:
    frames = [pillar(shapes(i, scene=3), tone, grain, i) for i in range(20)]
    left, right = columns(picture(write_clip(tmp_path / "clip.mkv", frames)))
    assert LEFT - 4 <= left <= LEFT
    assert WIDE - RIGHT <= right <= WIDE - RIGHT + 4


def test_a_film_that_fills_its_frame_has_none(tmp_path: Path) -> None:
    frames = [shapes(i, scene=s, width=WIDE) for s in (1, 2) for i in range(15)]
    assert picture(write_clip(tmp_path / "full.mkv", frames)) is None


def test_nor_has_one_that_fills_it_now_and_then(tmp_path: Path) -> None:
    frames = [pillar(shapes(i, scene=1)) for i in range(15)]
    frames += [shapes(i, scene=2, width=WIDE) for i in range(15)]
    assert picture(write_clip(tmp_path / "clip.mkv", frames)) is None


def test_nor_has_one_that_begins_in_the_dark(tmp_path: Path) -> None:
    """A square in the dark is no picture if the next shot is a wide one."""
    dark = np.full((HEIGHT, WIDE), 16, np.uint8)
    dark[20:70, 60:130] = shapes(0, width=70, height=50)
    frames = [dark] * 10 + [shapes(i, scene=2, width=WIDE) for i in range(20)]
    options = {"g": "100"}  # a frame that needs no other is at the beginning alone
    path = write_clip(tmp_path / "clip.mp4", frames, codec="libx264", options=options)
    assert picture(path) is None
    bars = [pillar(dark[:, :WIDTH])] * 10 + [pillar(shapes(i, scene=2)) for i in range(20)]
    path = write_clip(tmp_path / "bars.mp4", bars, codec="libx264", options=options)
    assert columns(picture(path))[0] in (30, 32)


def test_hints_are_where_they_were_put(clip: Path, tmp_path: Path) -> None:
    """In shares of the frame; on a bar they are left out, which is said."""
    green = (-60.0, 50.0)
    hints = (
        FilmHint(0.0, Hint(0.5, 0.1, green, reach=0.1)),
        FilmHint(0.2, Hint(0.05, 0.5, "red")),
    )
    output = Output("ffv1")
    result = render(clip, tmp_path / "out.mkv", guidance=FilmGuidance(hints), output=output)
    (told,) = result.warnings
    assert told.startswith("A hint at 0.2 s is on a bar beside the picture")
    render(clip, tmp_path / "plain.mkv", output=output)
    hinted, plain = (rgb_frames(tmp_path / name)[0] for name in ("out.mkv", "plain.mkv"))
    changed = np.abs(hinted.astype(int) - plain).max(-1) > 20
    rows, across = np.nonzero(changed)
    assert abs(across.mean() - WIDE / 2) < 12
    assert rows.mean() < HEIGHT / 3


def test_a_run_goes_on_with_the_same_bars(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    told: list[Progress] = []
    stopped = render(clip, target, progress=told.append, cancelled=lambda: len(told) > 0)
    assert not stopped.complete
    result = render(clip, target)
    assert (result.complete, result.frames) == (True, 30)
    assert columns(result.picture) == (32, 194)


def test_moments_know_their_picture(clip: Path) -> None:
    for still in stills(clip, 3):
        assert columns(still.photo.picture) == (32, 194)
    assert all(still.photo.picture is None for still in stills(clip, 3, whole=True))
