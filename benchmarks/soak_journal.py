"""What all visitors of soak.py saw."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from served import Client

CUT = "cut off"  # instead of a status


@dataclass
class Accepted:
    """A photograph that the server took."""

    client: Client
    good: bool  # whether it is one that must become ready
    deleted: bool = False


@dataclass
class Journal:
    """What all visitors saw."""

    total: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: int = 0
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    accepted: dict[str, Accepted] = field(default_factory=dict)
    gone_uploads: int = 0  # sent whole by clients that did not wait for the answer
    broken: list[str] = field(default_factory=list)

    def turn(self) -> bool:
        """Whether there is one more request to be made."""
        with self.lock:
            if self.asked == self.total:
                return False
            self.asked += 1
            return True

    def note(self, kind: str, route: str, status: str, seconds: float) -> None:
        """An answer."""
        with self.lock:
            self.answers[route][status] += 1
            if status != CUT:
                self.seconds[kind].append(seconds)

    def complain(self, text: str) -> None:
        """A promise was not kept."""
        with self.lock:
            self.broken.append(text)
