"""What is counted while work is done; whoever watches keeps it (:mod:`app.watch.metrics`)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Counting(Protocol):
    """Told what happens, as it happens."""

    def uploaded(self, outcome: str) -> None:
        """A photograph or a film was taken in ("stored"), or refused: the error's name."""

    def predicted(self, outcome: str, seconds: float) -> None:
        """A photograph was worked on: "ready", or what went wrong."""

    def rendering(self, kind: str) -> AbstractContextManager[object]:
        """Take the time of a picture's rendering: "preview", "uncertainty", "found", …"""

    def filmed(self, outcome: str, seconds: float) -> None:
        """A version of a film was worked on: "ready", "removed", or what went wrong."""
