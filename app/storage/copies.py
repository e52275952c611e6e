"""Local copies of photographs that lie in an object store, and what is rendered from them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .quota import Usage, folder_bytes

_KEPT_FOR = 3600  # s without use
_IN_USE = 120  # s for which nothing is removed: somebody may be about to read it


class Copies:
    """A folder with a folder for each photograph.

    Args:
        most: bytes; beyond it those that were not used for longest are removed.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._usage = Usage(lambda: folder_bytes(folder))

    def ids(self) -> list[str]:
        """The photographs of which there is something."""
        return os.listdir(self._folder)

    def keep(self, file: Path, target: Path) -> None:
        """Move a new copy to its place in the folder, and see that there are not too many."""
        target.parent.mkdir(mode=0o700, exist_ok=True)
        length = file.stat().st_size
        os.replace(file, target)
        self._usage.add(length)
        if self._usage.bytes() > self._most:
            self.trim()

    def trim(self) -> None:
        """Remove what was not used for long, and the oldest of what is too much."""
        now = time.time()
        copies = sorted(self._copies())
        total = sum(length for _, length, _ in copies)
        for used, length, folder in copies:
            idle = now - used
            if idle > _KEPT_FOR or (total > self._most and idle > _IN_USE):
                shutil.rmtree(folder, ignore_errors=True)
                total -= length

    def _copies(self) -> Iterator[tuple[float, int, Path]]:
        """When each was last used (s since 1970), its bytes, and its folder."""
        for folder in self._folder.iterdir():
            with suppress(FileNotFoundError):
                files = [file.stat() for file in (folder, *folder.rglob("*"))]
                yield max(file.st_mtime for file in files), folder_bytes(folder), folder
