"""``colorizer video``."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from colorizer import cli, photo
from colorizer.commands import video as module
from colorizer.video import probe

from ..video.clips import KnowingColorizer, shapes, write_clip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", [shapes(i) for i in range(20)])


@pytest.fixture
def colorizer(monkeypatch: pytest.MonkeyPatch) -> KnowingColorizer:
    found = KnowingColorizer()
    monkeypatch.setattr(module, "load_colorizer", lambda *_: found)
    return found


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.main, ["video", *map(str, arguments)])


@pytest.mark.usefixtures("colorizer")
def test_a_film_is_coloured(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = run(clip, "-o", out, "--hint", "0.2@0.2,0.5,lime", "--start", "0.2", "--end", "0:00.6")
    assert result.exit_code == 0, result.output
    assert "10 frames, 1 shot, in" in result.stdout
    assert probe(out).frames == 10
    result = run(clip, "-o", out)
    assert result.exit_code == 1
    assert f"{out} exists; --overwrite replaces it.\n" in result.stderr
    assert run(clip, "-o", out, "--overwrite").exit_code == 0
    assert probe(out).frames == 20


def test_ctrl_c_leaves_a_film_that_goes_on(
    clip: Path, tmp_path: Path, colorizer: KnowingColorizer
) -> None:
    out = tmp_path / "out.mp4"

    def interrupt() -> None:
        if colorizer.calls == 0:
            signal.raise_signal(signal.SIGINT)

    colorizer.on_predict = interrupt
    before = signal.getsignal(signal.SIGINT)
    result = run(clip, "-o", out, "--every", "50")
    assert result.exit_code == 130, result.output
    assert "--resume goes on" in result.stdout
    assert 0 < (probe(out).frames or 0) < 20
    assert signal.getsignal(signal.SIGINT) is before
    assert "--resume goes on with what was stopped." in run(clip, "-o", out).stderr
    result = run(clip, "-o", out, "--every", "50", "--resume")
    assert result.exit_code == 0, result.output
    assert probe(out).frames == 20
    film = out.read_bytes()
    result = run(clip, "-o", out, "--every", "50", "--resume")  # it is whole
    assert result.exit_code == 1
    assert "exists, and is whole" in result.stderr
    assert out.read_bytes() == film


@pytest.mark.usefixtures("colorizer")
def test_words_that_nobody_knows_are_told(clip: Path, tmp_path: Path) -> None:
    result = run(clip, "-o", tmp_path / "out.mp4", "--words", "zlorp, a blorf")
    assert result.stderr.startswith("Not understood: zlorp\nNot understood: blorf\n")
    assert "Words need what the model 'knowing' did not keep" in result.stderr
    assert result.exit_code == 2
    assert not (tmp_path / "out.mp4").exists()
    result = run(clip, "-o", tmp_path / "more.mp4", "--words", "autumn", "--words-amount", "3")
    assert result.exit_code == 2


@pytest.mark.usefixtures("colorizer")
def test_what_is_wrong_is_said(clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("a letter")
    result = run(text, "-o", tmp_path / "b.mp4")
    assert (result.exit_code, "not a film" in result.stderr) == (1, True)
    assert run(clip, "-o", tmp_path / "b.mp4", "--hint", "navy").exit_code == 2
    assert run(clip, "-o", tmp_path / "b.mp4", "--codec", "prores", "--bits", "8").exit_code == 2
    assert run(clip, "-o", tmp_path / "b.mp4", "--every", "0").exit_code == 2
    assert run(clip, "-o", tmp_path / "b.mp4", "--hint", "90@.5,.5,red").exit_code == 2
    for name in ("x" * 300, f"{'x' * 300}.mp4"):
        result = run(clip, "-o", tmp_path / name)
        assert (result.exit_code, "cannot be written" in result.stderr) == (1, True)
        assert run(clip, "-o", tmp_path / name, "--preview", "2").exit_code == 1
    assert "exists; --overwrite" in run(clip, "-o", "/").stderr
    result = run(clip, "-o", tmp_path / "b", "--preview", "2", "--start", "0.2")
    assert (result.exit_code, "whole film" in result.stderr) == (2, True)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(12):
        grey = shapes(number).astype(np.uint16) * 257
        Image.fromarray(grey).save(folder / f"{number:03d}.png")
    return folder


@pytest.mark.usefixtures("colorizer")
def test_frames_in_a_folder_are_coloured_into_a_folder_or_a_film(
    frames: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(frames, "-o", out, "--frame-rate", "4", "--start", "1", "--end", "2")
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in out.iterdir()) == [f"{i:03d}.png" for i in range(4, 8)]
    assert photo.read(out / "004.png", colours=True).bit_depth == 16
    result = run(frames, "-o", out)
    assert (result.exit_code, "exists; --overwrite replaces it." in result.stderr) == (1, True)
    result = run(frames, "-o", out, "--resume", "--codec", "tiff", "--bits", "8")
    assert (result.exit_code, "exists, and is whole" in result.stderr) == (1, True)
    result = run(frames, "-o", out, "--overwrite", "--codec", "tiff", "--bits", "8")
    assert result.exit_code == 0, result.output
    assert photo.read(out / "004.tif", colours=True).bit_depth == 8
    film = tmp_path / "a.mkv"
    assert run(frames, "-o", film, "--frame-rate", "16").exit_code == 0
    assert probe(film).frames == 12
    assert run(film, "-o", tmp_path / "again").exit_code == 0
    assert (tmp_path / "again" / "a-000012.png").is_file()


@pytest.mark.usefixtures("colorizer")
def test_moments_of_a_folder(frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "moments"
    result = run(frames, "-o", out, "--preview", "3", "--frame-rate", "12")
    assert result.exit_code == 0, result.output
    for place in (frames, frames / "moments"):
        assert "the folder of the frames" in run(frames, "-o", place, "--preview", "3").stderr
    assert len(list(frames.iterdir())) == 12
    wanted = [f"frames-{time:09.3f}s.png" for time in (2 / 12, 6 / 12, 10 / 12)]
    assert sorted(file.name for file in out.iterdir()) == wanted


@pytest.mark.usefixtures("colorizer")
def test_what_does_not_fit_a_folder_is_said(clip: Path, frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for arguments in (["--frame-rate", "x"], ["--crf", "20"], ["--bits", "10"], ["--deinterlace"]):
        assert run(frames, "-o", out, *arguments).exit_code == 2, arguments
    assert run(clip, "-o", out / "a.mp4", "--frame-rate", "16").exit_code == 2
    assert run(frames, "-o", out, "--codec", "h264").exit_code == 1
    assert run(frames, "-o", frames, "--overwrite").exit_code == 1
    assert not out.exists()


@pytest.mark.usefixtures("colorizer")
def test_the_folder_where_one_is(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert run(frames, "-o", ".").exit_code == 0
    assert len(list(here.iterdir())) == 12
    assert "exists; --overwrite replaces it." in run(frames, "-o", ".").stderr
