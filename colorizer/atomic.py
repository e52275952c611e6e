"""Writing a file so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_LONGEST = 255  # bytes of a name that file systems take
#: Characters of a file's name, and bytes of them, that the name of its temporary file repeats.
_NAME, _BYTES = 100, 200
_LEFTOVER = re.compile(rf"\.(.{{1,{_NAME}}})\.[0-9a-f]{{12}}\.part", re.DOTALL)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A new file beside ``path`` that takes its place when the block ends without an error.

    It is flushed to the disk before it takes the name, and the name after. When anything fails,
    nothing is left behind and an older file stays as it was. A new file has the mode that the
    umask gives; one that replaces an older file has that one's. A symbolic link is followed.

    Raises:
        OSError: disk full, no permission, no such folder, ``path`` is a folder or a device.
    """
    final = Path(os.path.realpath(path))
    if final.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(path))
    if final.exists() and not final.is_file():
        raise OSError(22, "it is a device, not a file", str(path))
    temporary = final.with_name(f".{_beginning(final.name)}.{secrets.token_hex(6)}.part")
    handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    _hold(handle)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):
            os.chmod(temporary, final.stat().st_mode & 0o7777)
        os.replace(temporary, final)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(final.parent)


def fitting(name: str, more: int) -> str:
    """A file's name, or the beginning of one that has no room for so many bytes more."""
    return name if len(os.fsencode(name)) + more <= _LONGEST else _beginning(name)


def _beginning(name: str) -> str:
    """Of a name, so much that there is room for more."""
    name = name[:_NAME]
    while len(os.fsencode(name)) > _BYTES:
        name = name[:-1]
    return name


def _hold(handle: int) -> bool:
    """Mark an open file as being written by this process; False if another one's is."""
    with suppress(ImportError, OSError):
        import fcntl  # not on Windows; some file systems cannot

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove what writers of ``paths`` that were killed left beside them.

    What is being written stays, where the system can tell.
    """
    expected: dict[Path, set[str]] = {}
    for path in paths:
        final = Path(os.path.realpath(path))
        expected.setdefault(final.parent, set()).add(_beginning(final.name))
    for folder, names in expected.items():
        with suppress(OSError):
            for file in folder.iterdir():
                match = _LEFTOVER.fullmatch(file.name)
                if match and match[1] in names and not _is_written(file):
                    file.unlink()


def _is_written(path: Path) -> bool:
    """Whether a living process is at it."""
    with path.open("rb") as file:
        return not _hold(file.fileno())


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` as :func:`atomic_file` does."""
    with atomic_file(path) as file:
        file.write(data)


def sync_folder(folder: Path) -> None:
    """Make new names in ``folder`` last through a power cut, where the system can do that."""
    with suppress(OSError):
        sync_file(folder)


def sync_file(path: Path) -> None:
    """Make what another library has written into a file last through a power cut.

    Raises:
        OSError: if the disk cannot take it.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
