"""Files: checksums remembered per process, and finished downloads that take their name."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..atomic import sync_folder

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


def move_into_place(source: Path, target: Path) -> None:
    """Rename a finished, synced file over ``target`` and sync the folder where the system can."""
    os.replace(source, target)
    sync_folder(target.parent)
