"""When to look into a folder again: at events of the file system, and every now and then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path


def wakes(folder: Path, stop: threading.Event, tick: float, recursive: bool) -> Iterator[bool]:
    """Yield True at each change below ``folder``, and False after each ``tick`` without one.

    Events do not come from network shares, nor where the system has run out of watches: who looks
    now and then at a False as well misses nothing. ``WATCHFILES_FORCE_POLLING`` makes the library
    ask instead of listening. It ends when ``stop`` is set.

    Args:
        tick: seconds.
    """
    from watchfiles import watch

    milliseconds = max(int(tick * 1000), 1)
    while not stop.is_set():
        try:
            for changes in watch(
                folder,
                watch_filter=None,
                stop_event=stop,
                debounce=milliseconds,
                rust_timeout=milliseconds,
                yield_on_timeout=True,
                raise_interrupt=False,
                poll_delay_ms=milliseconds,
                recursive=recursive,
                ignore_permission_denied=True,
            ):
                yield bool(changes)
        except (OSError, RuntimeError):  # the folder is out of reach, for now
            stop.wait(tick)
            yield False
