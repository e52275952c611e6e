"""The log of a training: a CSV file that grows by a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..errors import OutputError

#: what it is called, in the folder of a run
LOG = "log.csv"


def append_row(file: Path, fields: Sequence[str], row: Mapping[str, Any], digits: int) -> None:
    """Add a row, and the head if the file is new.

    Args:
        fields: the head; the row has no others.
        digits: after the point, of what is not whole.
    """
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fields)
        if new:
            writer.writeheader()
        values = row.items()
        writer.writerow({k: round(v, digits) if isinstance(v, float) else v for k, v in values})


def last_step(file: Path) -> int | None:
    """The step of the last row; None if there is none."""
    steps = [step for step, _ in _rows(file)[1]]
    return steps[-1] if steps else None


def forget_rows(file: Path, after: int) -> None:
    """Remove the rows of steps after one, and unfinished ones: a run that goes on makes them anew.

    Raises:
        OutputError: if the file cannot be read or written.
    """
    try:
        head, rows = _rows(file)
        kept = [row for step, row in rows if step is not None and step <= after]
        if len(kept) < len(rows):
            buffer = io.StringIO(newline="")
            csv.writer(buffer).writerows([head, *kept])
            write_atomically(file, buffer.getvalue().encode())
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error


def _rows(file: Path) -> tuple[list[str], list[tuple[int | None, list[str]]]]:
    """The head, and each row with its step, None in one that is unfinished."""
    if not file.is_file():
        return [], []
    with file.open(newline="", encoding="utf-8", errors="replace") as stream:
        head, *rows = list(csv.reader(stream)) or [[]]
    if "step" not in head:
        return head, []
    place = head.index("step")
    whole = [len(row) == len(head) and row[place].isdecimal() for row in rows]
    return head, [(int(r[place]) if w else None, r) for r, w in zip(rows, whole, strict=True)]
