"""Which files are written to their end: those that have not changed for a while.

Nothing else tells it on every file system: network shares know no events for it, and many scanners
and cameras keep no lock on what they write.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mark:
    """What changes when a file is written to: its size in bytes, and when that was, in ns."""

    size: int
    modified: int


def mark_of(path: Path) -> Mark | None:
    """The mark of a file; None if it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Mark(status.st_size, status.st_mtime_ns)


class Settled:
    """Remembers since when each file has been as it is.

    Args:
        seconds: for how long a file must not have changed. It counts from when the change was
            seen, by this machine's clock: that of a file server may be another.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[Path, tuple[Mark, float]] = {}

    def look(self, paths: Iterable[Path], now: float) -> list[tuple[Path, Mark, float]]:
        """Take note of the files that are there.

        Args:
            now: seconds of a clock that never goes back.

        Returns:
            Of those that have settled: path, mark, and the seconds since its last change.
        """
        before, self._since = self._since, {}
        result = []
        for path in paths:
            mark = mark_of(path)
            if mark is None:
                continue
            known, since = before.get(path, (None, now))
            since = since if known == mark else now
            self._since[path] = (mark, since)
            if now - since >= self.seconds:
                result.append((path, mark, now - since))
        return result

    def waiting(self, now: float) -> bool:
        """Whether some files have not settled yet."""
        return any(now - since < self.seconds for _, since in self._since.values())
