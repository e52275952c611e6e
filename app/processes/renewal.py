"""When a worker process has done enough, so that a fresh one should take its place.

Decoders and networks leave memory in pieces that the system does not get back; a new process has
none of them.
"""

from __future__ import annotations

import psutil


class Renewal:
    """Whether a process is due to be renewed.

    Args:
        photos: so many photographs are enough; 0 is never.
        memory_mb: so much resident memory is too much, MB; 0 is never.

    Attributes:
        reason: a sentence, once it is due; empty before.
    """

    def __init__(self, photos: int, memory_mb: int) -> None:
        self._photos = photos
        self._memory_mb = memory_mb
        self.reason = ""

    def is_due(self, done: int) -> bool:
        """Ask after a photograph; ``done`` is how many this process has finished."""
        if self._photos and done >= self._photos:
            self.reason = f"{done} photographs are done."
        elif self._memory_mb and done:
            used = psutil.Process().memory_info().rss / 1e6
            if used > self._memory_mb:
                self.reason = f"{used:.0f} MB of memory are in use after {done} photographs."
        return bool(self.reason)
