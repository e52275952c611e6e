"""What is computed of many photographs, once, and kept: rows of arrays in files.

A folder of ``.npy`` files that are mapped into memory, one row a photograph, and the facts that
they were computed by. Computing can be stopped and goes on where it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from ..ahead import ahead
from ..atomic import write_atomically
from ..errors import InvalidSetting, OutputError, TrainingDataError

#: name of a file -> shape of a row, type
Layout = Mapping[str, tuple[tuple[int, ...], type]]
#: of the file that says which rows are there
DONE = "done"
Seen = TypeVar("Seen")


def open_rows(
    known: Path,
    facts: Mapping[str, Any],
    layout: Layout,
    count: int,
    what: str,
    first: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The files of a folder, which are made if they are not there: name -> (count, ...), writable.

    Args:
        known: the file of the facts; the others lie beside it.
        facts: what they are computed by; of JSON.
        layout: of the files, :data:`DONE` besides.
        count: of photographs.
        what: they are, in a message.
        first: called before new files are made, to put something else into the folder.

    Raises:
        InvalidSetting: if the folder's files were computed by other facts, or are damaged.
        OutputError: if the folder cannot be written to, or has no room for all rows.
    """
    folder, layout = known.parent, {**layout, DONE: ((), np.uint8)}
    if known.is_file() and _read(known) != facts:
        raise InvalidSetting(f"{folder} holds other {what}; choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not known.is_file():
            first()
            for name, (shape, kind) in layout.items():
                path, whole = folder / f"{name}.npy", (count, *shape)
                np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=whole)
                _take_room(path)
            write_atomically(known, json.dumps(facts).encode())
        return {n: np.lib.format.open_memmap(folder / f"{n}.npy", mode="r+") for n in layout}
    except ValueError as error:
        raise InvalidSetting(f"{folder} holds damaged {what}: {error}. Remove it.") from error
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to: {error.strerror or error}.") from error


def _read(known: Path) -> Any:
    try:
        return json.loads(known.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidSetting(f"{known} is damaged: {error}. Remove {known.parent}.") from error
    except OSError as error:
        raise OutputError(f"{known} cannot be read: {error.strerror or error}.") from error


def _take_room(path: Path) -> None:
    """Have the disk give all of a file, which is a hole so far.

    A disk that is full later would end the process, as its files are mapped into memory.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def fill_rows(
    files: Mapping[str, Any],
    look: Callable[[int], Seen | None],
    put: Callable[[int, Seen], None],
    what: str,
    progress: bool,
) -> None:
    """Compute the rows that are missing.

    Args:
        files: of :func:`open_rows`.
        look: reads a photograph, in another thread, one ahead; None if it cannot be read.
        put: computes and stores its row.
        what: rows are, on the bar.

    Raises:
        TrainingDataError: if there is no row afterwards.
    """
    missing = np.flatnonzero(files[DONE] == 0).tolist()
    with closing(ahead((row, look(row)) for row in missing)) as coming:
        for row, seen in tqdm(coming, what, len(missing), disable=not progress):
            if seen is not None:
                put(row, seen)
                files[DONE][row] = 1
    if not files[DONE].any():
        raise TrainingDataError("None of the photographs could be read.")
