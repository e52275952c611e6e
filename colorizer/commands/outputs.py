"""Files that a command writes at its end: looked at before its work begins."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import OutputError


def check_writable(file: Path, what: str) -> None:
    """Fail before the long run, not after it.

    Args:
        file: to be written whole or not at all, see :mod:`..atomic`, if it is no device.
        what: is written, in the plural: "the numbers".

    Raises:
        OutputError: if its folder does not exist, or it may not be written.
    """
    final = Path(os.path.realpath(file))
    if not final.parent.is_dir():
        raise OutputError(f"The folder {file.parent} for {what} does not exist.")
    device = final.exists() and not final.is_file()
    if not os.access(final if device else final.parent, os.W_OK):
        subject = what[0].upper() + what[1:]
        raise OutputError(f"{subject} cannot be written to {file}: no permission.")
