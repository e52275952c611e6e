"""What the storage asks of the operating system: room, locks, and a key that only we can read."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from colorizer.errors import OutputError

from .errors import NotFound, StorageFull, UploadTooLarge

_CHUNK = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def full_disk() -> Iterator[None]:
    """A disk without room is a StorageFull."""
    try:
        yield
    except (OSError, OutputError) as error:
        if _errno(error) not in _FULL:
            raise
        raise StorageFull(
            "The server's disk is full, so nothing was stored. Try again later, or delete "
            "photographs that are not needed any more."
        ) from error


@contextmanager
def gone() -> Iterator[None]:
    """A file or folder that is not there any more is a NotFound."""
    try:
        yield
    except (OSError, OutputError) as error:
        if _errno(error) != errno.ENOENT:
            raise
        raise NotFound() from error


def _errno(error: Exception) -> int | None:
    """Of the error itself, or of what made the library raise it."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return cause.errno if isinstance(cause, OSError) else None


def receive(source: IO[bytes], target: Path, limit: int) -> int:
    """Copy an upload to a new file, piece by piece; returns its length in bytes.

    Raises:
        UploadTooLarge: as soon as there are more than ``limit`` bytes.
    """
    length = 0
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            length += len(chunk)
            if length > limit:
                raise UploadTooLarge(f"The file is larger than {limit / 1e6:g} MB.")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return length


def try_lock(handle: int) -> bool:
    """Lock an open file if nobody else has; the lock ends with the handle, or the process."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def secret_in(path: Path) -> str:
    """64 random hexadecimal digits, made at the first call by whoever comes first; mode 0600."""
    if not path.exists():
        mine = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return path.read_text(encoding="ascii")
