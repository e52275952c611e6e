"""The latest results of a computation, so that a slider that has nothing to do with it waits not.

For what :class:`.prediction.Prediction` is asked for again and again with words: a cached property
keeps one value for ever, this the last two of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

#: of a kind: a picture is decoded twice where its palette is balanced
KEPT = 2


class Latest:
    """Results by kind and by what they were made of; any number of threads may ask at once."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Hashable, Any], ...]] = {}

    def of(self, kind: str, key: Hashable, make: Callable[[], T]) -> T:
        """The result of ``make``, or that of an earlier call with an equal key.

        Args:
            kind: of result; each has its own :data:`KEPT` keys.
            key: all that the result depends on.
        """
        kept = self._kept.get(kind, ())
        for known, value in kept:
            if known == key:
                found: T = value
                return found
        made = make()
        self._kept[kind] = ((key, made), *kept)[:KEPT]
        return made
