"""How much is worked on at full size at the same time, in pixels: the rest waits its turn.

Reading, colouring and writing a photograph take memory in proportion to its pixels. Predictions and
full-size pictures share one budget, first come, first served, so that ten large scans at once
queue instead of filling the memory.
"""

from __future__ import annotations

from colorizer.room import Room

from ..errors import TooBusy


class Budget(Room):
    """Pixels that may be in work; who cannot wait longer gets TooBusy."""

    error = TooBusy
