"""What kill -9 leaves of ``colorizer video`` goes on without a seam."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from colorizer import cli
from colorizer.commands import video
from colorizer.video import into_film, stretches

from ..conftest import ROOT
from .clips import KnowingColorizer, names, planes_of, shapes, write_clip, write_frames
from .killed import small_pieces

FRAMES = [shapes(i, scene=s) for s, count in ((1, 28), (2, 6)) for i in range(count)]
_PATIENCE = 60.0  # seconds


@pytest.fixture
def colorizer(monkeypatch: pytest.MonkeyPatch) -> KnowingColorizer:
    """The one of the child, which never stands still; its pieces are small, too."""
    found = KnowingColorizer()
    monkeypatch.setattr(video, "load_colorizer", lambda *_: found)
    monkeypatch.setattr(stretches, "MOST_FRAMES", stretches.MOST_FRAMES)
    monkeypatch.setattr(into_film, "SEGMENT", into_film.SEGMENT)
    small_pieces()
    return found


def run(*arguments: Any) -> None:
    result = CliRunner().invoke(cli.main, ["video", *map(str, arguments)])
    assert result.exit_code == 0, result.output


@contextmanager
def child(*arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The command, in a group of processes of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.video.killed", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def kept(target: Path) -> int:
    """How many frames are in the pieces that are whole."""
    job = target.with_name(f".{target.name}.parts") / "job.json"
    if not job.exists():
        return 0
    return sum(piece["frames"] for piece in json.loads(job.read_text())["pieces"])


def kill(target: Path, *arguments: Any) -> int:
    """Begin, and kill -9 when something is kept and what comes after it is begun."""
    with child(*arguments, "-o", target) as process:
        end = time.monotonic() + _PATIENCE
        while not (frames := kept(target)):
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < end, "nothing was kept"
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        assert process.wait(_PATIENCE) == -signal.SIGKILL
    return frames


def test_a_film(tmp_path: Path, colorizer: KnowingColorizer) -> None:
    clip = write_clip(tmp_path / "clip.mkv", FRAMES)
    whole, target = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    options = ["--codec", "ffv1", "--every", "4"]
    assert 0 < kill(target, clip, *options) < len(FRAMES)
    assert not target.exists()
    run(clip, *options, "-o", target, "--resume")
    looks = colorizer.calls
    run(clip, *options, "-o", whole)
    assert looks < colorizer.calls - looks  # it did not begin anew
    frames, wanted = planes_of(target), planes_of(whole)
    assert len(frames) == len(wanted) == len(FRAMES)
    for one, other in zip(wanted, frames, strict=True):
        for plane, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(plane, same)
    assert not (tmp_path / ".out.mkv.parts").exists()


def test_a_folder_of_frames(tmp_path: Path, colorizer: KnowingColorizer) -> None:
    source = write_frames(tmp_path / "in", FRAMES)
    whole, target = tmp_path / "whole", tmp_path / "out"
    done = kill(target, source, "--every", "4")
    assert 0 < done < len(FRAMES)
    whole_ones = [name for name in names(target) if not name.startswith(".")]  # one may be begun
    before = {name: (target / name).stat().st_mtime_ns for name in whole_ones[:done]}
    run(source, "--every", "4", "-o", target, "--resume")
    run(source, "--every", "4", "-o", whole)
    assert names(target) == names(whole) == names(source)
    for name in names(whole):
        assert (target / name).read_bytes() == (whole / name).read_bytes()
    assert {name: (target / name).stat().st_mtime_ns for name in before} == before
