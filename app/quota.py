"""How large the data folder is, and may become."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_FRESH_FOR = 10.0  # s


class Usage:
    """Bytes of all files below a folder, counted anew now and then, and guessed in between."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._bytes = 0
        self._counted = -_FRESH_FOR

    def bytes(self, fresh_for: float = _FRESH_FOR) -> int:
        """Bytes, counted at most ``fresh_for`` seconds ago."""
        with self._lock:
            if time.monotonic() - self._counted >= fresh_for:
                self._bytes = folder_bytes(self._root)
                self._counted = time.monotonic()
            return self._bytes

    def add(self, length: int) -> None:
        """Something was written since."""
        with self._lock:
            self._bytes += length


def folder_bytes(root: str | Path) -> int:
    """Bytes of all files below ``root``; what disappears meanwhile counts nothing."""
    total = 0
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        total += folder_bytes(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        pass
    return total
