"""Names in a folder behind which there is no file with data in it (POSIX.1, ``<sys/stat.h>``)."""

from __future__ import annotations

import os
import stat

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def special_kind(path: str | os.PathLike[str]) -> str | None:
    """ "a pipe", "a socket" or "a device", which may keep a reader waiting for ever; else None.

    Links are followed. None also if nothing is there.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), None)
