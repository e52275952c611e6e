"""One at a time: what two processes must not write together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError


@contextmanager
def only_one(lock: Path, otherwise: str, *, remove: bool = False) -> Iterator[None]:
    """Hold a lock, of which the system knows when its process is gone.

    Args:
        lock: its file, in a folder that is made if it is not there.
        otherwise: what is said if another process holds it.
        remove: leave no file behind.

    Raises:
        OutputError: if another process holds it, or the file cannot be made.
    """
    from filelock import FileLock, Timeout

    held = FileLock(lock, timeout=0)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except Timeout:
        raise OutputError(otherwise) from None
    except NotImplementedError:
        pass  # a share that knows no locks
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{lock.parent} cannot be written: {reason}.") from error
    try:
        yield
    finally:
        if remove and held.is_locked:
            lock.unlink(missing_ok=True)
        held.release()
