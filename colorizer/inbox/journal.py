"""What became of the photographs of an inbox: a file of JSON lines beside the results.

A line is on the disk before a result is begun, and another when it is there. Results appear as a
whole or not at all, so that after a crash a photograph is done if its result is there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import OutputError
from .settled import Mark

NAME = ".colorizer-watch.jsonl"
State = Literal["begun", "done", "gone"]


@dataclass(frozen=True)
class Entry:
    """Of a photograph with this mark: the result's name below the output folder, and how far it is.

    "begun": the result may be there or not; "done"; "gone": the photograph was moved away since,
    and another may come under its name.
    """

    mark: Mark
    output: str
    state: State


def _there(path: str, flags: int) -> int:
    """Opens what is there."""
    return os.open(path, flags & ~os.O_CREAT)


class Journal:
    """The journal of an output folder, which one process at a time writes.

    Raises:
        OutputError: if it cannot be read or written.
    """

    def __init__(self, out: Path) -> None:
        self.path = out / NAME
        self._entries: dict[str, Entry] = {}
        self._owned: set[str] = set()
        try:
            with open(self.path, "ab+") as file:
                file.seek(0)
                for line in file:
                    self._take(line)
        except OSError as error:
            raise self._unusable(error) from error

    def __getitem__(self, photograph: str) -> Entry | None:
        """The last entry of a photograph, by its name below the inbox."""
        return self._entries.get(photograph)

    def begun(self) -> list[str]:
        """The results that a process which was killed may not have finished."""
        return [entry.output for entry in self._entries.values() if entry.state == "begun"]

    def owns(self, output: str) -> bool:
        """Whether a result of this name was ever begun here, in upper or lower case."""
        return output.casefold() in self._owned

    def note(self, photograph: str, entry: Entry) -> None:
        """Add an entry; it is on the disk when this returns.

        Raises:
            OutputError: if it cannot be written, or is no longer there.
        """
        row = {
            "input": photograph,
            "size": entry.mark.size,
            "modified_ns": entry.mark.modified,
            "output": entry.output,
            "state": entry.state,
        }
        try:
            # never made anew: where it is not, the folder is another (a share is gone)
            with open(self.path, "ab", opener=_there) as file:
                # begins on a line of its own even after one that a crash cut off
                file.write(b"\n" + json.dumps(row).encode("ascii") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unusable(error) from error
        self._remember(photograph, entry)

    def _take(self, line: bytes) -> None:
        try:
            row: dict[str, Any] = json.loads(line)
            mark = Mark(int(row["size"]), int(row["modified_ns"]))
            self._remember(row["input"], Entry(mark, row["output"], row["state"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # empty, or cut off by a crash

    def _remember(self, photograph: str, entry: Entry) -> None:
        self._entries[photograph] = entry
        self._owned.add(entry.output.casefold())

    def _unusable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path} cannot be written: {error.strerror or error}.")
