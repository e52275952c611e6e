"""Threads: independent pieces of work shared by a few, and how many BLAS takes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeVar

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


_limiting = threading.Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within it numpy's BLAS uses one thread, in the whole process.

    Others of its threads would go on spinning after each small product, in the way of all else.
    Who comes while somebody is within changes nothing: two that put back what they found, the first
    one out before the second one, would leave it at one thread for good.
    """
    if not _limiting.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _limiting.release()


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # training does without

    return ThreadpoolController()
