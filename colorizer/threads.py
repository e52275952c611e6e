"""Independent pieces of work shared by a few threads, for code that lets go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    function: Callable[[Item], Value], items: Iterable[Item], threads: int | None = None
) -> Iterator[Value]:
    """``map(function, items)`` with one thread per processor; results in the order of the items.

    At most twice as many results as threads wait to be taken. What ``function`` raises is raised
    here, and the rest is given up.
    """
    threads = threads or processors()
    if threads == 1:
        yield from map(function, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        queue = iter(items)
        running = [pool.submit(function, item) for item in islice(queue, 2 * threads)]
        try:
            while running:
                value = running.pop(0).result()
                running += [pool.submit(function, item) for item in islice(queue, 1)]
                yield value
        finally:
            for future in running:
                future.cancel()
