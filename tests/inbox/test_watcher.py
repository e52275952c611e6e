"""The watcher, with time that goes as the tests want it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer import batch
from colorizer.batch import Result
from colorizer.errors import OutputError
from colorizer.folders import LeftOut
from colorizer.inbox.journal import NAME, Journal
from colorizer.inbox.moving import move_aside
from colorizer.inbox.watcher import News, Watcher
from colorizer.plan import Task

from ..fake_colorizer import FakeColorizer
from ..pictures import channels, picture


class Station:
    """An inbox, its watcher, and a clock; ``start`` is a new process."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.inbox, self.out = folder / "inbox", folder / "out"
        self.inbox.mkdir()
        self.out.mkdir()
        self.options = options
        self.now = 1000.0
        self.colorizer: Any = FakeColorizer()
        self.before: Callable[[Task], None] = lambda task: None
        self.start()

    def start(self) -> None:
        self.watcher = Watcher(self.inbox, self.out, self.treat, **self.options)

    def treat(self, task: Task) -> Result:
        self.before(task)
        (result,) = batch.run([task], lambda: self.colorizer, jobs=1, **self.batch_options)
        return result

    batch_options: dict[str, Any] = {}  # noqa: RUF012

    def after(self, seconds: float) -> list[News]:
        """What is told when so much time has gone by."""
        self.now += seconds
        return list(self.watcher.look(self.now))

    def settled(self) -> list[News]:
        """What is told of what is there, when it has not changed for long enough."""
        return [*self.after(0), *self.after(2.5)]

    @property
    def done(self) -> int:
        return len(self.colorizer.settings)

    def results(self) -> list[str]:
        return files(self.out)


def files(folder: Path) -> list[str]:
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in names if not name.startswith(".colorizer"))


def statuses(news: list[News]) -> list[str]:
    return [item.what.status for item in news if isinstance(item.what, Result)]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_what_is_put_in_is_coloured_once(station: Station) -> None:
    picture(station.inbox / "a.png")
    picture(station.inbox / "sub" / "b.jpg")
    assert station.after(0) == []
    assert station.after(1.9) == []
    assert statuses(station.after(0.2)) == ["done", "done"]
    assert station.results() == ["a.png", "sub/b.jpg"]
    assert channels(station.out / "a.png") == 3
    assert station.after(100) == []
    assert files(station.inbox) == ["a.png", "sub/b.jpg"]


def test_a_file_that_grows_is_waited_for(station: Station) -> None:
    data = picture(station.inbox / "whole.png", 300, 200).read_bytes()
    (station.inbox / "whole.png").unlink()
    file = station.inbox / "a.png"
    for i in range(1, 11):
        file.write_bytes(data[: len(data) * i // 10])
        assert station.after(1.5) == []
    assert statuses(station.after(2.1)) == ["done"]
    assert station.results() == ["a.png"]


def test_a_scanner_may_pause(station: Station) -> None:
    data = picture(station.inbox / "a.png", 300, 200).read_bytes()
    (station.inbox / "a.png").write_bytes(data[: len(data) // 2])
    assert station.settled() == []  # it cannot be read, and nobody is told yet
    (station.inbox / "a.png").write_bytes(data)
    assert statuses(station.settled()) == ["done"]


def test_a_part_is_taken_only_of_what_would_be_given_up(tmp_path: Path) -> None:
    def salvage(task: Task) -> Result:
        options = {"salvage": True}
        (result,) = batch.run([task], lambda: colorizer, jobs=1, read_options=options)
        return result

    colorizer: Any = FakeColorizer()
    station = Station(tmp_path, salvage=salvage)
    data = picture(station.inbox / "a.png", 300, 200).read_bytes()
    (station.inbox / "a.png").write_bytes(data[: len(data) // 2])
    (station.inbox / "b.png").write_bytes(b"no picture")
    assert station.settled() == []
    told = station.after(20)
    assert statuses(told) == ["done", "failed"]
    assert isinstance(told[0].what, Result)
    assert "a.png is damaged" in told[0].what.warnings[0]
    assert station.after(1000) == []


def test_a_file_that_changes_while_it_is_coloured_is_done_again(station: Station) -> None:
    picture(station.inbox / "a.png")

    def change(task: Task) -> None:
        picture(task.input, 48, 32)
        os.utime(task.input, ns=(0, 5_000_000_000))
        station.before = lambda task: None

    station.before = change
    assert station.settled() == []
    assert station.results() == []
    assert statuses(station.settled()) == ["done"]
    assert station.results() == ["a.png"]
    with Image.open(station.out / "a.png") as image:
        assert image.size == (48, 32)


def test_a_new_process_does_nothing_again(station: Station) -> None:
    for name in ("a.png", "b.png"):
        picture(station.inbox / name)
    station.settled()
    (station.out / "b.png").unlink()  # somebody took it
    station.start()
    assert station.settled() == []
    assert station.done == 2
    picture(station.inbox / "c.png")
    assert statuses(station.settled()) == ["done"]


@pytest.mark.parametrize("finished", [True, False])
def test_after_a_crash_nothing_is_lost_or_done_twice(station: Station, finished: bool) -> None:
    """The process is killed before or after the result has its name, and before the journal."""
    picture(station.inbox / "a.png")
    real = station.watcher.treat

    def crash(task: Task) -> Result:
        if finished:
            real(task)
        (task.output.parent / f".{task.output.name}.0123456789ab.part").write_bytes(b"x")
        raise SystemExit

    station.watcher.treat = crash
    with pytest.raises(SystemExit):
        station.settled()
    with open(station.out / NAME, "ab") as file:
        file.write(b'{"input": "a.p')  # a line that was cut off
    station.start()
    assert files(station.out) == (["a.png"] if finished else [])
    assert statuses(station.settled()) == ["skipped" if finished else "done"]
    assert station.results() == ["a.png"]
    assert station.done == 1
    station.start()
    assert station.settled() == []


def test_another_photograph_of_the_same_name_replaces_nothing(station: Station) -> None:
    for width in (24, 32, 40):
        picture(station.inbox / "scan.jpg", width, 16)
        assert statuses(station.settled()) == ["done"]
    widths = {}
    for name in station.results():
        with Image.open(station.out / name) as image:
            widths[name] = image.width
    assert widths == {"scan.jpg": 24, "scan-2.jpg": 32, "scan-3.jpg": 40}


def test_names_that_meet_in_one_format_are_both_done(station: Station) -> None:
    for name in ("a.tif", "a.png", "a.bmp", "b.JPG", "B.jpg"):
        picture(station.inbox / name)
    assert statuses(station.settled()) == ["done"] * 5
    assert len({name.casefold() for name in station.results()}) == 5


def test_what_colorize_has_done_is_not_done_again(station: Station) -> None:
    old = picture(station.inbox / "a.png")
    os.utime(old, (1, 1))
    picture(station.out / "a.png")
    assert statuses(station.settled()) == ["skipped"]
    newer = picture(station.inbox / "b.png")
    os.utime(picture(station.out / "b.png"), (1, 1))
    before = (station.out / "b.png").read_bytes()
    assert statuses(station.settled()) == ["done"]
    assert newer.exists()
    assert (station.out / "b.png").read_bytes() == before
    assert station.results() == ["a.png", "b-2.png", "b.png"]


def test_bad_files_are_told_once_and_stay(station: Station) -> None:
    (station.inbox / "a.png").write_bytes(b"no picture")
    (station.inbox / "b.png").write_bytes(b"")
    picture(station.inbox / "c.png")
    assert statuses(station.settled()) == ["done"]
    told = station.after(20)
    assert statuses(told) == ["failed", "failed"]
    assert {type(item.what.error).__name__ for item in told if isinstance(item.what, Result)} == {
        "UnsupportedImage",
        "CorruptImage",
    }
    assert [item.moved_to for item in told] == [None, None]
    assert station.after(1000) == []
    assert files(station.inbox) == ["a.png", "b.png", "c.png"]
    picture(station.inbox / "a.png")  # somebody put a better one there
    assert statuses(station.settled()) == ["done"]


@pytest.fixture
def moving(tmp_path: Path) -> Station:
    return Station(tmp_path, move_done=True)


def test_photographs_are_moved_and_none_is_replaced(moving: Station) -> None:
    for width in (24, 32):
        picture(moving.inbox / "sub" / "a.png", width)
        (moving.inbox / "bad.png").write_bytes(bytes(width))
        (told,) = moving.settled()
        assert told.moved_to is not None
        assert told.moved_to.is_file()
        (bad,) = moving.after(20)
        assert bad.moved_to is not None
    assert files(moving.inbox) == [
        "done/sub/a-2.png",
        "done/sub/a.png",
        "failed/bad-2.png",
        "failed/bad.png",
    ]
    assert moving.results() == ["sub/a-2.png", "sub/a.png"]
    moving.start()
    assert moving.settled() == []
    moving.options["move_done"] = False
    moving.start()
    assert moving.settled() == []


def test_the_very_same_file_may_come_again(moving: Station) -> None:
    data = picture(moving.inbox / "a.png").read_bytes()
    os.utime(moving.inbox / "a.png", (1, 1))
    moving.settled()
    (moving.inbox / "a.png").write_bytes(data)
    os.utime(moving.inbox / "a.png", (1, 1))
    assert statuses(moving.settled()) == ["done"]
    assert moving.results() == ["a-2.png", "a.png"]


def test_what_was_done_but_not_moved_is_moved_by_the_next_process(moving: Station) -> None:
    moving.options["move_done"] = False
    moving.start()
    picture(moving.inbox / "a.png")
    moving.settled()
    moving.options["move_done"] = True
    moving.start()
    assert moving.settled() == []
    assert files(moving.inbox) == ["done/a.png"]
    assert moving.done == 1


def test_a_full_disk_does_not_lose_photographs(
    moving: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(moving.inbox / "a.png")

    def full(task: Task) -> None:
        raise OutputError("No space left on device.")

    real = moving.treat
    moving.watcher.treat = lambda task: Result(task, "failed", error=OutputError("No space left."))
    assert statuses(moving.settled()) == ["failed"]
    assert moving.after(15) == []
    assert moving.after(25) == []  # told once
    assert files(moving.inbox) == ["a.png"]
    moving.watcher.treat = real
    assert statuses(moving.after(100)) == ["done"]
    assert files(moving.inbox) == ["done/a.png"]


def test_a_journal_that_cannot_be_written_is_told_and_tried_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(station.inbox / "a.png")

    def full(*arguments: object) -> None:
        raise OutputError("The journal cannot be written.")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "note", full)
        (told,) = station.settled()
        assert isinstance(told.what, LeftOut)
        assert station.after(21) == []
    assert statuses(station.after(100)) == ["done"]


def test_colour_photographs_that_are_left_out_are_done_with(moving: Station) -> None:
    moving.batch_options = {"colour": "skip"}
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(moving.inbox / "a.png")
    assert statuses(moving.settled()) == ["left_out"]
    assert files(moving.inbox) == ["done/a.png"]
    assert moving.results() == []


def test_results_in_the_inbox_and_hidden_files_are_not_photographs(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.out = station.inbox / "colour"
    station.out.mkdir()
    station.start()
    picture(station.inbox / "a.png")
    picture(station.inbox / ".b.png")
    (station.inbox / "c.png.part").write_bytes(b"x")
    (station.inbox / "d.txt").write_bytes(b"x")
    assert statuses(station.settled()) == ["done"]
    assert station.settled() == []


def test_pipes_and_folders_out_of_reach_are_told_once(station: Station) -> None:
    os.mkfifo(station.inbox / "p.png")
    picture(station.inbox / "a.png")
    told = [item.what for item in station.settled()]
    assert [type(what).__name__ for what in told] == ["LeftOut", "Result"]
    station.inbox.rename(station.inbox.with_name("away"))  # a share that is gone
    (gone,) = station.after(1)
    assert isinstance(gone.what, LeftOut)
    assert gone.what.failed
    assert station.after(1) == []
    station.inbox.with_name("away").rename(station.inbox)
    assert all(isinstance(item.what, LeftOut) for item in station.settled())
    assert station.done == 1


def test_a_link_to_nothing_is_told_once_and_coloured_when_there_is_something(
    station: Station, tmp_path: Path
) -> None:
    (station.inbox / "a.png").symlink_to(tmp_path / "later.png")
    (broken,) = station.settled()
    assert isinstance(broken.what, LeftOut)
    assert "a link to what is not there" in broken.what.reason
    assert station.settled() == []
    picture(tmp_path / "later.png")
    assert statuses(station.settled()) == ["done"]


def test_it_stops_between_two_photographs(station: Station) -> None:
    for i in range(3):
        picture(station.inbox / f"{i}.png")
    station.before = lambda task: station.watcher.stop.set()
    assert statuses(station.settled()) == ["done"]
    assert station.results() == ["0.png"]


def test_moving_never_replaces(tmp_path: Path) -> None:
    for i in range(3):
        file = tmp_path / "a.jpg"
        file.write_text(str(i))
        move_aside(file, tmp_path / "done" / "a.jpg")
    texts = {p.name: p.read_text() for p in (tmp_path / "done").iterdir()}
    assert texts == {"a.jpg": "0", "a-2.jpg": "1", "a-3.jpg": "2"}
    with pytest.raises(OutputError, match="cannot be moved"):
        move_aside(tmp_path / "missing.jpg", tmp_path / "done" / "b.jpg")
    assert len(list((tmp_path / "done").iterdir())) == 3


def test_a_bad_file_that_cannot_be_moved_is_tried_again(moving: Station) -> None:
    (moving.inbox / "a.png").write_bytes(b"nonsense")
    (moving.inbox / "failed").write_text("in the way")
    told = [*moving.settled(), *moving.after(30)]
    (news,) = [item.what for item in told if isinstance(item.what, LeftOut)]
    assert "not a picture" in news.reason
    assert "cannot be moved" in news.reason
    assert moving.after(5) == []
    (moving.inbox / "failed").unlink()
    assert statuses(moving.after(700)) == ["failed"]
    assert files(moving.inbox) == ["failed/a.png"]
    assert moving.after(700) == []


def test_a_share_of_results_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    """Only its mount point is there then, an empty folder: nothing is put into it, or moved."""
    station = Station(tmp_path, move_done=True)
    picture(station.inbox / "a.png")
    assert statuses(station.settled()) == ["done"]
    share = station.out.rename(station.out.with_name("share"))
    station.out.mkdir()
    picture(station.inbox / "b.png")
    (gone,) = station.settled()
    assert isinstance(gone.what, LeftOut)
    assert "cannot be written" in gone.what.reason
    assert list(station.out.iterdir()) == []
    assert (station.inbox / "b.png").exists()
    station.out.rmdir()
    share.rename(station.out)
    assert statuses(station.after(60)) == ["done"]
    assert station.results() == ["a.png", "b.png"]


def test_a_photograph_that_is_taken_away_meanwhile_is_told(station: Station) -> None:
    file = picture(station.inbox / "a.png")

    def treat(task: Task) -> Result:
        result = station.treat(task)
        file.unlink()
        return result

    station.watcher.treat = treat
    assert statuses(station.settled()) == ["done"]
    assert station.results() == ["a.png"]
    assert Journal(station.out)["a.png"].state == "done"  # type: ignore[union-attr]
