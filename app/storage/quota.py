"""How large the data folder, or the store elsewhere, is and may become."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path


class Usage:
    """Bytes that are stored, counted anew now and then, and guessed in between.

    Args:
        count: counts them.
        now_and_then: seconds that a count is good for.
        at_best: seconds that it is good for when it matters.
    """

    def __init__(
        self, count: Callable[[], int], now_and_then: float = 10.0, at_best: float = 1.0
    ) -> None:
        self._count = count
        self._now_and_then = now_and_then
        self._at_best = at_best
        self._lock = threading.Lock()
        self._bytes = 0
        self._counted = float("-inf")

    def bytes(self, exactly: bool = False) -> int:
        """Bytes; ``exactly`` is as well as they can be known now."""
        with self._lock:
            fresh_for = self._at_best if exactly else self._now_and_then
            if time.monotonic() - self._counted >= fresh_for:
                self._bytes = self._count()
                self._counted = time.monotonic()
            return self._bytes

    def add(self, length: int) -> None:
        """Something was written since."""
        with self._lock:
            self._bytes += length


def folder_bytes(root: str | Path) -> int:
    """Bytes of all files below ``root``; what disappears meanwhile counts nothing.

    Raises:
        OSError: if ``root`` itself cannot be looked into.
    """
    total = 0
    with os.scandir(root) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    total += folder_bytes(entry.path)
                else:
                    about = entry.stat(follow_symlinks=False)
                    total += about.st_size // max(about.st_nlink, 1)  # pages share their file
            except FileNotFoundError:
                continue
    return total
