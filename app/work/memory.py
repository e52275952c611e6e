"""Freed memory goes back to the system.

glibc keeps what was freed for the next time, in a heap for nearly every thread. With dozens of
threads and pictures of all sizes a server's memory would grow for hours although nothing is lost
in it. benchmarks/soak.py measures it.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_ARENA_MAX = -8  # of mallopt in malloc.h
_HEAPS = 2


def share_heaps() -> None:
    """Let the threads of this process, and of those it forks, share two heaps.

    Call it before there are threads. Does nothing where the C library is not glibc.
    """
    if (library := _glibc()) is not None:
        library.mallopt(_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Hand free pages back to the system; takes milliseconds. Nothing without glibc."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
