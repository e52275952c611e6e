"""Times of a film whose clock begins again: discs in parts, and films that were joined.

Such a film has the same time at several places. Shown is what comes later in the file later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

#: seconds back by which a clock has begun again, and is not only out of order
JUMP = Fraction(1, 2)
#: frames before and behind a place that must agree that it has: single wrong times are common
_BEFORE, _BEHIND = 8, 2


class Clock:
    """Gives frames times that grow.

    Args:
        step: units of time from frame to frame.
        jump: units of time back by which the clock has begun again.

    Attributes:
        jumps: by how much frames are shown later than they say, after each place where it has.
    """

    def __init__(self, step: int, jump: int) -> None:
        self._step, self._jump = step, jump
        self.jumps: list[int] = []
        self._late = 0
        self._last: int | None = None
        self._said: deque[int] = deque(maxlen=_BEFORE)

    def time(self, said: int | None, following: Sequence[int | None], first: int) -> int:
        """When a frame is shown that says a time, or none; ``first`` is when the first one is."""
        found = None if said is None else said + self._late
        if self._last is None:
            found = first if found is None else found
        elif said is not None and self._begins_again(said, following):
            found = self._last + self._step
            self._late = found - said
            self.jumps.append(self._late)
            self._said.clear()
        elif found is None:
            found = self._last + self._step
        elif found <= self._last:
            found = self._last + 1
        if said is not None:
            self._said.append(said)
        self._last = found
        return found

    def _begins_again(self, said: int, following: Sequence[int | None]) -> bool:
        if not self._said or not following:
            return False
        limit = min(self._said) - self._jump
        return said < limit and all(other is None or other < limit for other in following)


def with_following(frames: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Each frame, and the two behind it, as far as there are any."""
    waiting: deque[Any] = deque()
    for frame in frames:
        waiting.append(frame)
        if len(waiting) > _BEHIND:
            yield waiting.popleft(), list(waiting)
    while waiting:
        yield waiting.popleft(), list(waiting)


def goes_back(packets: Iterable[Any], unit: Fraction) -> bool:
    """Whether packets of one stream go back in time somewhere; ``unit`` is theirs, in seconds."""
    last = None
    for packet in packets:
        if packet.dts is None:
            continue
        if last is not None and packet.dts < last - JUMP / unit:
            return True
        last = packet.dts
    return False
