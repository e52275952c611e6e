"""Colours what is put into a folder, as soon as it is whole.

A file counts as whole when it has not changed for some seconds and can be read. One that cannot is
tried again after ten times as long, and then given up: some scanners pause in the middle.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ..atomic import remove_leftovers
from ..batch import Result
from ..errors import ImageError, OutputError
from ..folders import LeftOut, Walk
from ..photo import SUFFIX_TO_FORMAT
from ..plan import Task, result_names
from .journal import Entry, Journal
from .moving import move_aside, numbered
from .settled import Mark, Settled, mark_of
from .waking import wakes

#: Folders in the inbox where photographs are moved to; what lies in them is not looked at.
DONE, FAILED = "done", "failed"
#: A file that cannot be read is given up after so many times the seconds of settling.
PATIENCE = 10
#: Seconds after which the folder is looked at although no event came.
LOOK_EVERY = 5.0
#: Seconds between two tries where the photograph is not to blame (disk full), at most.
_LONGEST_PAUSE = 600.0


@dataclass(frozen=True)
class News:
    """Something to be told: a result, or what was left out; and where the photograph was moved."""

    what: Result | LeftOut
    moved_to: Path | None = None


@dataclass(frozen=True)
class _Retry:
    """When a file is tried again, if it stays as it is, and after which pause, in seconds."""

    mark: Mark
    at: float
    pause: float = 0.0


class Watcher:
    """Watches an inbox.

    Args:
        inbox: the folder that is watched.
        out: the folder of the results and of the journal; it is made if it is missing.
        treat: colours one photograph; :func:`colorizer.batch.run` with one task.
        format: of the results; None: JPEG stays JPEG, and all else becomes PNG.
        recursive: also the folders in the inbox.
        move_done: move photographs to :data:`DONE` or :data:`FAILED` in the inbox afterwards.
        settle: seconds for which a file must not have changed.
        salvage: colours what there is of one that is given up otherwise, as ``treat``.

    Raises:
        OutputError: if the journal cannot be written.
    """

    def __init__(
        self,
        inbox: Path,
        out: Path,
        treat: Callable[[Task], Result],
        *,
        format: str | None = None,
        recursive: bool = True,
        move_done: bool = False,
        settle: float = 2.0,
        salvage: Callable[[Task], Result] | None = None,
    ) -> None:
        self.inbox = inbox
        self.out = out
        self.treat = treat
        self.format = format
        self.recursive = recursive
        self.move_done = move_done
        self.salvage = salvage
        self.patience = PATIENCE * settle
        self.stop = threading.Event()
        self.journal = Journal(out)
        self._settled = Settled(settle)
        self._told: set[tuple[Path, str]] = set()
        self._given_up: dict[Path, Mark] = {}
        self._retry: dict[Path, _Retry] = {}
        remove_leftovers(out / name for name in self.journal.begun())

    def run(self) -> Generator[News]:
        """Watch until :attr:`stop` is set; a photograph that was begun is finished first."""
        tick = max(min(self._settled.seconds / 2, 1.0), 0.05)
        looked = -LOOK_EVERY
        for changed in self._wakes(tick):
            now = time.monotonic()
            if changed or self._settled.waiting(now - tick) or now - looked >= LOOK_EVERY:
                looked = now
                yield from self.look(now)

    def _wakes(self, tick: float) -> Iterator[bool]:
        yield True
        yield from wakes(self.inbox, self.stop, tick, self.recursive)

    def look(self, now: float) -> Iterator[News]:
        """Colour what has settled by ``now`` (seconds of :func:`time.monotonic`)."""
        found: list[LeftOut] = []
        excluded = [self.out, self.inbox / DONE, self.inbox / FAILED]
        walk = Walk(found.append, recursive=self.recursive, excluded=excluded)
        paths = list(walk(self.inbox))
        found += [
            LeftOut(path, f"{path} is a link to what is not there.", failed=True)
            for path in paths
            if path.is_symlink() and not path.exists()
        ]
        settled = self._settled.look(paths, now)
        told, self._told = self._told, {(item.path, item.reason) for item in found}
        yield from (News(item) for item in found if (item.path, item.reason) not in told)
        for path, mark, age in settled:
            if self.stop.is_set():
                return
            retry = self._retry.get(path)
            if retry is not None and retry.mark != mark:
                del self._retry[path]
            elif self._given_up.get(path) == mark or (retry is not None and retry.at > now):
                continue
            try:
                yield from self._photograph(path, mark, age, now)
            except OutputError as error:  # the journal cannot be written, or the file not moved
                left_out = LeftOut(path, str(error), failed=True)
                yield from self._later(path, mark, News(left_out), now)

    def _photograph(self, path: Path, mark: Mark, age: float, now: float) -> Iterator[News]:
        name = path.relative_to(self.inbox).as_posix()
        entry = self.journal[name]
        if entry is not None and entry.mark == mark and entry.state == "done":
            if self.move_done:  # a process that was killed did not come to it
                self._move(path, name, entry)
            return
        task, entry = self._planned(path, name, mark)
        self.journal.note(name, entry)
        result = self.treat(task)
        if isinstance(result.error, ImageError) and self.salvage and age >= self.patience:
            result = self.salvage(task)
        after = mark_of(path)
        if after is None:  # somebody has taken it away
            if result.error is None:
                self.journal.note(name, Entry(mark, entry.output, "done"))
                yield News(result)
            return
        if after != mark:  # it was not whole yet
            if result.status in ("done", "kept"):
                task.output.unlink(missing_ok=True)
            return
        if result.error is not None:
            yield from self._failed(path, name, mark, result, age, now)
            return
        self._retry.pop(path, None)
        entry = Entry(mark, entry.output, "done")
        self.journal.note(name, entry)
        yield News(result, self._move(path, name, entry) if self.move_done else None)

    def _failed(
        self, path: Path, name: str, mark: Mark, result: Result, age: float, now: float
    ) -> Iterator[News]:
        if not isinstance(result.error, ImageError):  # the photograph is not to blame
            yield from self._later(path, mark, News(result), now)
            return
        if age < self.patience:
            self._retry[path] = _Retry(mark, now - age + self.patience)
            return
        moved = None
        if self.move_done:
            try:
                moved = move_aside(path, self.inbox / FAILED / name)
            except OutputError as error:
                reasons = LeftOut(path, f"{result.error} {error}", failed=True)
                yield from self._later(path, mark, News(reasons), now)
                return
        self._retry.pop(path, None)
        self._given_up[path] = mark
        yield News(result, moved)

    def _later(self, path: Path, mark: Mark, news: News, now: float) -> Iterator[News]:
        """Try again after a pause, which grows; it is told once."""
        retry = self._retry.get(path)
        if retry is None or not retry.pause:
            yield news
        first = max(self.patience, 1.0)
        pause = min(2 * retry.pause or first, _LONGEST_PAUSE) if retry else first
        self._retry[path] = _Retry(mark, now + pause, pause)

    def _move(self, path: Path, name: str, entry: Entry) -> Path:
        """To the photographs that are done."""
        moved = move_aside(path, self.inbox / DONE / name)
        self.journal.note(name, Entry(entry.mark, entry.output, "gone"))
        return moved

    def _planned(self, path: Path, name: str, mark: Mark) -> tuple[Task, Entry]:
        """Where the result goes: never to a name that another result has."""
        ((plain, format),) = result_names([Path(name)], self.format)
        known = self.journal[name]
        if known is not None and self._is_to_be_finished(known, mark, format):
            output = known.output
        else:
            both = Path(name).with_name(Path(name).name + plain.suffix)
            names = [plain] if both.name == plain.name + plain.suffix else [plain, both]
            output = next(
                candidate.as_posix()
                for candidate in chain(names, islice(numbered(plain), 1, None))
                if self._is_free(candidate, path)
            )
        return Task(path, self.out / output, format), Entry(mark, output, "begun")

    def _is_to_be_finished(self, entry: Entry, mark: Mark, format: str) -> bool:
        """Whether what was begun is of this photograph, or came to nothing."""
        if (
            entry.state != "begun"
            or SUFFIX_TO_FORMAT.get(Path(entry.output).suffix.lower()) != format
        ):
            return False
        return entry.mark == mark or not os.path.lexists(self.out / entry.output)

    def _is_free(self, output: Path, photograph: Path) -> bool:
        """Also if a result is there of which the journal does not know, but which is newer than
        the photograph: that of an earlier ``colorizer colorize``, which is not made again."""
        if self.journal.owns(output.as_posix()):
            return False
        try:
            made = os.lstat(self.out / output).st_mtime_ns
        except OSError:
            return True
        mark = mark_of(photograph)
        return mark is not None and made >= mark.modified
