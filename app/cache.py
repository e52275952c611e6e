"""The latest used objects, as many as fit into a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")


class Cache:
    """Thread-safe; what was not used for longest goes first.

    Args:
        limit: bytes of all values together.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, key: Hashable, make: Callable[[], Value], size_of: Callable[[Value], int]
    ) -> Value:
        """The value kept under ``key``, or what ``make`` makes, which is then kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                value: Value = self._values[key][0]
                return value
        value = make()
        self.put(key, value, size_of(value))
        return value

    def put(self, key: Hashable, value: object, size: int) -> None:
        """Keep ``value`` of ``size`` bytes, unless it alone is larger than the limit."""
        with self._lock:
            self._held -= self._values.pop(key, (None, 0))[1]
            if size > self._limit:
                return
            self._values[key] = (value, size)
            self._held += size
            while self._held > self._limit:
                self._held -= self._values.popitem(last=False)[1][1]
