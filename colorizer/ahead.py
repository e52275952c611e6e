"""An iterator that is run ahead, in a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_POLL = 0.2  # seconds


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items; while one is used the next one is made, and not more.

    What making them raises is raised here. When the generator is closed, the thread ends after the
    item that it is at.
    """
    waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(1)
    unwanted = threading.Event()

    def put(item: Item | None, error: BaseException | None = None) -> bool:
        while not unwanted.is_set():
            try:
                waiting.put((item, error), timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    return
                del item
                while not waiting.empty() and not unwanted.is_set():
                    time.sleep(_POLL / 10)
        except BaseException as error:
            put(None, error)
        else:
            put(None)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        unwanted.set()
        thread.join()
