"""Counters of the rate limits, in the memory of the one process that answers requests.

The storage that comes with the library limits starts a thread to forget old counters, and two
requests at the same moment can start the same one twice, which was an error 500 (found by the soak
test). Here one lock guards a cache that forgets by itself.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from cachetools import TLRUCache
from limits.storage import Storage

_MOST = 100_000  # counters; beyond it the one that was unused for longest is forgotten


@dataclass
class _Window:
    end: float  # of the clock that nobody sets, s
    count: int = 0


class Counters(Storage):
    """Counts requests in fixed windows of time; for many threads. Its address is ``counters://``."""

    STORAGE_SCHEME = ["counters"]  # noqa: RUF012 # the library wants a list

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = threading.Lock()
        self._windows: TLRUCache[str, _Window] = TLRUCache(
            _MOST, ttu=lambda key, window, now: window.end, timer=time.monotonic
        )

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a storage in memory raises: nothing of its own."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count ``amount`` more in the key's window, which lasts ``expiry`` s from its first."""
        with self._lock:
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = _Window(time.monotonic() + expiry)
            window.count += amount
            return window.count

    def get(self, key: str) -> int:
        """What was counted in the key's window."""
        with self._lock:
            window = self._windows.get(key)
            return 0 if window is None else window.count

    def get_expiry(self, key: str) -> float:
        """When the key's window ends, seconds since 1970; now, if there is none."""
        with self._lock:
            window = self._windows.get(key)
            left = 0.0 if window is None else window.end - time.monotonic()
            return time.time() + left

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all; returns how many counters there were."""
        with self._lock:
            count = len(self._windows)
            self._windows.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._windows.pop(key, None)
