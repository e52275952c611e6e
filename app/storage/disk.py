"""What the storage asks of the operating system: room, locks, and a key that only we can read."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from colorizer.errors import OutputError

from ..errors import DataFolderUnusable, NotFound, StorageFull, UploadTooLarge

_CHUNK = 1 << 20
_SPOOLED = 500_000  # bytes
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_AWAY = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN),
}


def make_folder(folder: Path) -> None:
    """Make a folder for this user only, or see that the one there can be used.

    Raises:
        DataFolderUnusable: if it cannot be made or written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise _unusable(folder) from error
    except OSError as error:
        raise DataFolderUnusable(f"{folder} cannot be made: {error.strerror}.") from error
    check_access(folder)


def check_access(path: Path) -> None:
    """Raise DataFolderUnusable if ``path``, which is there, cannot be read and written."""
    mode = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    if not os.access(path, mode):
        raise _unusable(path)


def _unusable(path: Path) -> DataFolderUnusable:
    """Say whose the folder is that is in the way, who we are, and what to do."""
    there = path
    while not _is_there(there) and there != there.parent:
        there = there.parent
    if there.exists() and not there.is_dir() and there.suffix not in (".key", ".db"):
        return DataFolderUnusable(f"{there} is not a folder; choose another with --data-dir.")
    owner, us = there.stat().st_uid, os.geteuid()
    if owner == us:
        return DataFolderUnusable(f"{there} cannot be written to; it may be mounted read-only.")
    return DataFolderUnusable(
        f"{there} belongs to user id {owner}, but Colorizer runs as user id {us} and may not write "
        f"there. Run `chown -R {us} {there}`, or start Colorizer as user id {owner}."
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


@contextmanager
def full_disk() -> Iterator[None]:
    """A disk without room is a StorageFull."""
    try:
        yield
    except (OSError, OutputError) as error:
        if not is_full(error):
            raise
        raise StorageFull() from error


def is_full(error: Exception) -> bool:
    """Whether an error says that the disk has no room."""
    return _errno(error) in _FULL


def is_away(error: Exception) -> bool:
    """Whether an error says that a disk, or a folder of it, cannot be reached or written to."""
    return isinstance(error, OSError | OutputError) and _errno(error) in _AWAY


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


def spool_in(folder: Path) -> IO[bytes]:
    """A new file without a name: in memory while it is small, then in ``folder``."""
    return cast(IO[bytes], SpooledTemporaryFile(_SPOOLED, "w+b", dir=str(folder)))


def try_lock(handle: int) -> bool:
    """Lock an open file if nobody else has; the lock ends with the handle, or the process."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Hold a file that is there, after whoever holds it now; a process that dies lets go of it.

    Raises:
        NotFound: if it is not there.
    """
    with gone():
        handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def claimed(path: Path, is_done: Callable[[], bool]) -> Iterator[int | None]:
    """Hold a file while something is worked on; a process that dies lets go by dying.

    Args:
        is_done: asked at the end; True removes the file.

    Yields:
        The number of this attempt, 1 is the first; None if another is at it or the folder is gone.
        One that ends in an exception does not count: the process lives.
    """
    try:
        with full_disk():
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except FileNotFoundError:
        yield None
        return
    try:
        if not try_lock(handle):
            yield None
            return
        with full_disk():
            os.write(handle, b".")
        attempt = os.fstat(handle).st_size
        try:
            yield attempt
        except Exception:
            os.ftruncate(handle, attempt - 1)
            raise
        if is_done():
            path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def is_claimed(path: Path) -> bool:
    """Whether some process holds a file by :func:`claimed` now."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(handle)
    finally:
        os.close(handle)


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


def used(path: Path) -> bool:
    """Whether there is such a file; if so it counts as just used."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def older(paths: Iterable[Path], seconds: float) -> Iterator[Path]:
    """Those of some files and folders that were not changed for so long."""
    for path in paths:
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - seconds:
                yield path
