"""An iterator that is run ahead: order, how far ahead, errors, and that its thread ends."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from colorizer.ahead import ahead


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_the_same_items_in_the_same_order() -> None:
    assert list(ahead(iter(range(20)))) == list(range(20))
    assert list(ahead(iter(()))) == []
    assert not _threads()


def test_one_is_made_while_one_is_used_and_not_more() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(6):
            made.append(item)
            yield item

    with closing(ahead(items())) as coming:
        for item in coming:
            deadline = time.monotonic() + 5
            while len(made) < min(item + 2, 6) and time.monotonic() < deadline:
                time.sleep(0.005)  # the next one is made by itself
            time.sleep(0.05)
            assert made == list(range(min(item + 2, 6)))


def test_what_making_them_raises_is_raised_here() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(OSError, match="gone"):
        next(coming)
    assert not _threads()


def test_closed_early_its_thread_ends() -> None:
    coming = ahead(iter(range(1_000_000)))
    assert next(coming) == 0
    coming.close()
    assert not _threads()
