"""Boxes, which JPEG 2000, JPEG XL, AVIF and HEIC consist of (ISO/IEC 14496-12, 15444-1 annex I)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_MOST = 10_000  # boxes


class Box(NamedTuple):
    """Four letters, and what lies inside."""

    kind: bytes
    body: memoryview


def boxes(data: bytes | memoryview) -> Iterator[Box]:
    """The boxes of a file or of a box, as far as they are whole; the last may end too early."""
    view = memoryview(data)
    at = 0
    for _ in range(_MOST):
        if at + 8 > len(view):
            return
        size, head = int.from_bytes(view[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(view[at + 8 : at + 16], "big"), 16
        elif size == 0:  # to the end of the file
            size = len(view) - at
        if size < head:
            return
        yield Box(bytes(view[at + 4 : at + 8]), view[at + head : at + size])
        at += size
