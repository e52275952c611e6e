"""``colorizer watch``, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from colorizer.cli import main

from ..conftest import ROOT
from ..fake_colorizer import FakeColorizer
from ..pictures import channels, picture

PROGRAM = """
import sys
from colorizer.pipeline import Colorizer
from tests.fake_colorizer import FakeColorizer
from colorizer.cli import main
Colorizer.load = lambda model, device, engine: FakeColorizer(float(sys.argv[1]))
main(sys.argv[2:])
"""


class Watching:
    """A process that watches."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def row(self) -> dict[str, Any]:
        """The next photograph that it tells of."""
        assert self.process.stdout is not None
        row: dict[str, Any] = json.loads(self.process.stdout.readline())
        return row

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors


@contextmanager
def watching(
    inbox: Path, out: Path, *options: str, seconds: float = 0.0, polling: bool = False
) -> Iterator[Watching]:
    inbox.mkdir(exist_ok=True)
    arguments = ["watch", str(inbox), str(out), "--settle", "0.3", "--json", *options]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seconds), *arguments],
        env={
            **os.environ, "PYTHONPATH": str(ROOT),
            "WATCHFILES_FORCE_POLLING": "1" if polling else "false",
        },
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("Watching ")
            yield Watching(process)
        finally:
            process.kill()


def names(folder: Path) -> list[str]:
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if not name.startswith("."))


@pytest.mark.parametrize("polling", [False, True], ids=["events", "polling"])
def test_what_is_dropped_in_is_coloured(tmp_path: Path, polling: bool) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    picture(inbox / "before.png")
    with watching(inbox, out, polling=polling) as watch:
        row = watch.row()
        assert (row["status"], row["input"]) == ("done", str(inbox / "before.png"))
        assert row["moved_to"] is None
        data = picture(tmp_path / "scan.jpg", 400, 300).read_bytes()
        with open(inbox / "slow.jpg", "wb") as file:
            for i in range(8):
                file.write(data[i * len(data) // 8 : (i + 1) * len(data) // 8])
                file.flush()
                time.sleep(0.1)
        row = watch.row()
        assert (row["status"], row["output"]) == ("done", str(out / "slow.jpg"))
        picture(inbox / "new folder" / "c.png")
        assert watch.row()["output"] == str(out / "new folder" / "c.png")
        code, rest, errors = watch.stop()
    assert (code, rest, errors) == (0, "", "Stopped.\n")
    assert names(out) == ["before.png", "new folder/c.png", "slow.jpg"]
    assert {channels(out / name) for name in names(out)} == {3}
    assert names(inbox) == ["before.png", "new folder/c.png", "slow.jpg"]


def test_done_and_bad_files_are_moved(tmp_path: Path) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    with watching(inbox, out, "--move-done") as watch:
        picture(inbox / "a.png")
        (inbox / "b.png").write_bytes(b"no picture")
        good, bad = watch.row(), watch.row()
        assert good["moved_to"] == str(inbox / "done" / "a.png")
        assert (bad["status"], bad["moved_to"]) == ("failed", str(inbox / "failed" / "b.png"))
        code, _, errors = watch.stop(signal.SIGINT)
    assert code == 0
    assert "b.png is not a picture" in errors
    assert names(inbox) == ["done/a.png", "failed/b.png"]


def test_what_stays_cut_off_is_salvaged(tmp_path: Path) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    with watching(inbox, out, "--salvage") as watch:
        file = picture(tmp_path / "a.jpg", 200, 160)
        (inbox / "a.jpg").write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
        row = watch.row()
        watch.stop()
    assert row["status"] == "done"
    assert row["warnings"] == ["a.jpg is incomplete: what is missing of the picture is grey."]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_the_photograph_that_it_is_at(tmp_path: Path, number: int) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    for i in range(10):
        picture(inbox / f"{i}.png")
    with watching(inbox, out, seconds=0.4) as watch:
        watch.row()
        time.sleep(0.1)
        code, rest, errors = watch.stop(number)
    assert (code, errors) == (0, "Stopped.\n")
    done = [Path(json.loads(line)["output"]).name for line in rest.splitlines()]
    assert names(out) == ["0.png", *done]
    assert 1 <= len(done) <= 2
    with watching(inbox, out) as watch:
        later = [Path(watch.row()["output"]).name for _ in range(9 - len(done))]
        watch.stop()
    assert sorted(["0.png", *done, *later]) == [f"{i}.png" for i in range(10)]


def test_killed_and_started_again_it_goes_on(tmp_path: Path) -> None:
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    for i in range(6):
        picture(inbox / f"{i}.png")
    with watching(inbox, out, "--move-done", seconds=0.2) as watch:
        watch.row()
        watch.row()
        time.sleep(0.3)
        watch.stop(signal.SIGKILL)
    with watching(inbox, out, "--move-done") as watch:
        eventually(lambda: len(names(inbox / "done")) == 6)
        watch.stop()
    assert names(out) == [f"{i}.png" for i in range(6)]
    assert {channels(out / name) for name in names(out)} == {3}
    assert not [name for name in os.listdir(out) if name.endswith(".part")]


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    with watching(tmp_path / "inbox", tmp_path / "out"):
        arguments = ["watch", str(tmp_path / "inbox"), str(tmp_path / "out")]
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "Another colorizer watch writes to" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing", "out"], "does not exist"),
        (["in", "in"], "cannot be both"),
        (["in"], "Missing argument"),
        (["in", "out", "--bit-depth", "16"], "JPEG has 8 bits only"),
        (["in", "out", "--format", "jpg"], "Did you mean jpeg?"),
        (["in", "out", "--settle", "0"], "--settle"),
    ],
)
def test_misuse_is_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake: FakeColorizer,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    result = CliRunner().invoke(main, ["watch", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
