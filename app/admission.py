"""How much is worked on at full size at the same time, in pixels: the rest waits its turn.

Reading, colouring and writing a photograph take memory in proportion to its pixels. Predictions and
full-size pictures share one budget, first come, first served, so that ten large scans at once
queue instead of filling the memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import TooBusy


class Budget:
    """Pixels that may be in work.

    Args:
        total: px; a photograph with more takes all of it, and is worked on alone.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def used(self) -> int:
        """Pixels in work."""
        return self._used

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @contextmanager
    def reserve(self, pixels: int, patience: float | None = None) -> Iterator[None]:
        """Wait for room, and hold it.

        Args:
            patience: seconds to wait at most; None is for ever.

        Raises:
            TooBusy: if there is no room in that time.
        """
        share = min(pixels, self._total)
        self._enter(share, patience)
        try:
            yield
        finally:
            with self._changed:
                self._used -= share
                self._changed.notify_all()

    def _enter(self, share: int, patience: float | None) -> None:
        ticket = object()
        deadline = None if patience is None else time.monotonic() + patience
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or self._used + share > self._total:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise TooBusy()
                    self._changed.wait(left)
                self._used += share
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
