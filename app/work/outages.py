"""What is away for a while is said once, and once more when it is back."""

from __future__ import annotations

import logging
import threading


class Outage:
    """Tells the log of one thing that may be away, however often it is looked at.

    Args:
        what: begins the sentences: "the queue".
        logger: of whoever looks.
    """

    def __init__(self, what: str, logger: logging.Logger) -> None:
        self._what = what
        self._logger = logger
        self._lock = threading.Lock()
        self.is_on = False

    def begins(self, error: Exception) -> None:
        """It is away, or still is."""
        with self._lock:
            is_new, self.is_on = not self.is_on, True
        if is_new:
            why = str(error) or type(error).__name__
            self._logger.error("%s cannot be used: %s; trying again until it can", self._what, why)

    def ends(self) -> None:
        """It is there, or still is."""
        with self._lock:
            was_on, self.is_on = self.is_on, False
        if was_on:
            self._logger.warning("%s can be used again", self._what)
