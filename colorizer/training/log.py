"""The log of a training: a CSV file that grows by a row."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


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
