"""So much of something for all, shared out in turn: memory, by pixels or bytes of photographs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Units that are handed out first come, first served, and come back.

    Args:
        total: units; who needs more takes all of them, alone.

    Attributes:
        error: what is raised if there is no room in time.
    """

    error: type[Exception] = TimeoutError

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def used(self) -> int:
        """Units that are out."""
        return self._used

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @contextmanager
    def reserve(self, amount: int, patience: float | None = None) -> Iterator[None]:
        """Wait for room, and hold it.

        Args:
            amount: units.
            patience: seconds to wait at most; None is for ever.

        Raises:
            Exception: :attr:`error`, if there is no room in that time.
        """
        share = min(amount, self._total)
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
                        raise self.error
                    self._changed.wait(left)
                self._used += share
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
