"""Folders of frames: going on after a stop, and after a frame that was damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colorizer.errors import CorruptImage, OutputError
from colorizer.video import Progress, run, stretches

from .clips import names, render, shapes, write_frames


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Two shots of 15 frames, PNG of 8 bits."""
    return write_frames(
        tmp_path / "frames", [shapes(i, scene=s) for s in (1, 2) for i in range(15)]
    )


def same_pictures(one: Path, other: Path) -> None:
    assert names(one) == names(other)
    for name in names(one):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


class _Killed(Exception):
    pass


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "REPORT", 0.0)
    monkeypatch.setattr(stretches, "MOST_FRAMES", 9)


def die_at(number: int) -> Any:
    def dying(progress: Progress) -> None:
        if progress.frames == number:
            raise _Killed

    return dying


@pytest.mark.usefixtures("small_parts")
def test_a_run_that_was_killed_goes_on_without_a_seam(frames: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    render(frames, whole, every=4)
    with pytest.raises(_Killed):
        render(frames, out, every=4, progress=die_at(13))
    kept = {name: (out / name).stat().st_mtime_ns for name in names(out)[:8]}
    (out / f".{names(out)[12]}.{12 * 'a'}.part").write_bytes(b"half a pict")
    seen: list[Progress] = []
    result = render(frames, out, every=4, progress=seen.append)
    assert (result.frames, result.complete, result.shots) == (30, True, 2)
    assert seen[0].frames == 9
    assert {name: (out / name).stat().st_mtime_ns for name in kept} == kept
    same_pictures(whole, out)


@pytest.mark.usefixtures("small_parts")
def test_a_frame_that_is_damaged_is_named_and_can_be_replaced(frames: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    render(frames, whole, every=4)
    bad = frames / "scan_0021.png"
    good = bad.read_bytes()
    bad.write_bytes(good[: len(good) // 2])
    with pytest.raises(CorruptImage, match=r"scan_0021\.png"):
        render(frames, out, every=4)
    assert len(names(out)) == 15
    bad.write_bytes(good)
    seen: list[Progress] = []
    render(frames, out, every=4, progress=seen.append)
    assert seen[0].frames == 16
    same_pictures(whole, out)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("change", ["frame", "result", "name"])
def test_what_was_changed_since_is_done_again(frames: Path, tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(_Killed):
        render(frames, out, every=4, progress=die_at(20))
    if change == "frame":
        Image.fromarray(shapes(40, scene=1)).save(frames / "scan_0002.png")
    elif change == "result":
        (out / "scan_0002.png").unlink()
    else:
        (frames / "scan_0001.png").rename(frames / "scan_0000.png")
    seen: list[Progress] = []
    render(frames, out, every=4, progress=seen.append)
    assert seen[0].frames == 1
    render(frames, tmp_path / "whole", every=4)
    for name in names(tmp_path / "whole"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.usefixtures("small_parts")
def test_a_stopped_folder_has_its_first_frames_and_goes_on(frames: Path, tmp_path: Path) -> None:
    out, calls = tmp_path / "out", []

    def enough() -> bool:
        calls.append(1)
        return len(calls) > 17

    result = render(frames, out, cancelled=enough)
    assert (result.complete, result.frames, len(names(out))) == (False, 18, 18)
    assert render(frames, out).complete
    assert names(out) == names(frames)


@pytest.mark.usefixtures("small_parts")
def test_what_is_before_a_change_is_not_done_again(frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(_Killed):
        render(frames, out, every=4, progress=die_at(28))
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)[:15]}
    Image.fromarray(shapes(40, scene=2)).save(frames / "scan_0018.png")  # of the second shot
    seen: list[Progress] = []
    render(frames, out, every=4, progress=seen.append)
    assert seen[0].frames == 16
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    render(frames, tmp_path / "whole", every=4)
    same_pictures(tmp_path / "whole", out)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("change", [{"frame_rate": 12}, {"provenance": False}])
def test_another_rate_or_note_begins_anew(
    frames: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(_Killed):
        render(frames, out, every=4, progress=die_at(20))
    seen: list[Progress] = []
    render(frames, out, every=4, progress=seen.append, **change)
    assert seen[0].frames == 1


def test_the_folder_of_the_frames_stays_as_it_is(frames: Path) -> None:
    for target in (frames / "sub", frames / "deep" / "er", frames / "film.mp4"):
        with pytest.raises(OutputError, match="stays as it is"):
            render(frames, target)
    assert len(names(frames)) == 30
