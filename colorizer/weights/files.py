"""Files: checksums remembered per process, and writing that never shows a half-written file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

Signature = tuple[int, int, int, int]

_digests: dict[str, tuple[Signature, str]] = {}


def signature(status: os.stat_result) -> Signature:
    """What must stay the same for a remembered checksum to hold: size, time, inode, device."""
    return (status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def sha256_of(file: Path, *, fresh: bool = False) -> str:
    """The sha256 of a file (64 hex digits); remembered until its size or time changes.

    ``fresh`` reads it again whatever is remembered. Raises OSError if it cannot be read.
    """
    with file.open("rb") as stream:
        mark = signature(os.fstat(stream.fileno()))
        known = None if fresh else recall(file, mark)
        if known is not None:
            return known
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    remember(file, mark, digest)
    return digest


def recall(file: Path, mark: Signature) -> str | None:
    """The remembered checksum of ``file``, if it was taken of this very state."""
    kept = _digests.get(os.path.abspath(file))
    return kept[1] if kept is not None and kept[0] == mark else None


def remember(file: Path, mark: Signature, digest: str) -> None:
    """Keep a checksum for the rest of this process."""
    _digests[os.path.abspath(file)] = (mark, digest)


def write_atomically(target: Path, data: bytes) -> None:
    """Write ``data`` to ``target`` so that a reader sees the old file or the new one, never a part.

    Raises OSError (disk full, no permission); then nothing is left behind.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        move_into_place(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def move_into_place(source: Path, target: Path) -> None:
    """Rename a finished, synced file over ``target`` and sync the folder where the system can."""
    os.replace(source, target)
    if os.name == "posix":
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError:  # some file systems cannot sync a folder; the rename holds all the same
            pass
        finally:
            os.close(handle)
