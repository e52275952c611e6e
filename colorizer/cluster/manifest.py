"""What became of each photograph of a collection: a file of JSON lines beside the results."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

from ..errors import OutputError
from . import places

#: Name of the file in the output folder.
MANIFEST = "colorizer-manifest.jsonl"
#: Seconds between two writes where a file cannot be appended to (S3).
INTERVAL = 10.0


@dataclass(frozen=True)
class Line:
    """What the manifest says of one photograph.

    Attributes:
        input: its path or address.
        output: the result's name below the output folder.
        status: "done"; "kept" or "left_out": a colour photograph, with or without a copy; "failed";
            or "found" (the result was there, but nobody had noted it).
        error: why it failed, one sentence; else None.
        seconds: from reading to the written result.
        sha256: of the result's bytes, in hexadecimal digits; None if it failed.
    """

    input: str
    output: str
    status: Literal["done", "kept", "left_out", "failed", "found"]
    error: str | None = None
    seconds: float | None = None
    sha256: str | None = None


class Manifest:
    """The manifest of an output folder or address, which this process alone writes.

    In a folder each line is on the disk when :meth:`add` returns. At an address the file is
    written anew after :data:`INTERVAL` seconds, and at the end. One result has one line.

    Args:
        out: the output folder (absolute), or address.

    Raises:
        OutputError, PackageMissing, StorageError: if it cannot be read or written.
    """

    def __init__(self, out: str) -> None:
        self.name = places.join(out, Path(MANIFEST))
        self._lines: dict[str, Mapping[str, Any]] = {}
        self._file: BinaryIO | None = None
        self._written = time.monotonic()
        for text in (places.read_bytes(self.name) or b"").splitlines():
            try:
                line = json.loads(text)
                self._lines[line["output"]] = line
            except (ValueError, KeyError, TypeError):
                continue  # a line that was being written when the process was killed

    def __contains__(self, output: str) -> bool:
        """Whether it says that the result was there."""
        return self._lines.get(output, {}).get("status") in ("done", "kept", "found")

    def start(self, outputs: Iterable[str]) -> Self:
        """Forget ``outputs``, which are made anew; use the result in a ``with`` block."""
        for output in outputs:
            self._lines.pop(output, None)
        self._write()
        return self

    def __enter__(self) -> Self:
        if not places.is_address(self.name):
            try:
                self._file = open(self.name, "ab")
            except OSError as error:
                raise self._unwritable(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        else:
            self._write()

    def add(self, line: Line) -> None:
        """Note what became of a photograph.

        Raises:
            OutputError, StorageError: if it cannot be written.
        """
        self._lines[line.output] = asdict(line)
        if self._file is None:
            if time.monotonic() - self._written >= INTERVAL:
                self._write()
            return
        try:
            self._file.write(_text(self._lines[line.output]))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self) -> None:
        places.write_bytes(self.name, b"".join(map(_text, self._lines.values())))
        self._written = time.monotonic()

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.name} cannot be written: {error.strerror or error}.")


def _text(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line).encode("ascii") + b"\n"
