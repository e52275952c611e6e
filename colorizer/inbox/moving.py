"""Moving files so that none is ever replaced."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import OutputError


def numbered(path: Path) -> Iterator[Path]:
    """``a.jpg``, ``a-2.jpg``, ``a-3.jpg``, …"""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def move_aside(file: Path, target: Path) -> Path:
    """Move a file to ``target``, or to the first numbered name beside it that is free.

    The name is taken with an empty file first, which only one process can make, and the file put
    in its place then: that works on network shares as well, which links do not.

    Returns:
        Where it is now.

    Raises:
        OutputError: if it cannot be moved.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in numbered(target):
            try:
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                continue
            try:
                os.replace(file, name)
            except OSError:
                os.unlink(name)
                raise
            return name
    except OSError as error:
        raise OutputError(
            f"{file} cannot be moved to {target.parent}: {error.strerror or error}."
        ) from error
    raise AssertionError("there is no last number")
