"""``-`` for standard input and output: temporary files stand in for them while it is worked."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import click

from ..photo.formats import FORMAT_TO_SUFFIX, SNIFF_BYTES, sniff

DASH = "-"


@dataclass(frozen=True)
class Places:
    """Where photographs are, and where results go, with files in the place of the streams.

    Attributes:
        photos, out: as the command takes them.
        names: by the path of a file in the place of a stream: ``-``.
        sink: standard output, if the result goes there; while rows are told it is another's.
    """

    photos: tuple[Path | str, ...]
    out: Path | str
    names: dict[str, str]
    sink: BinaryIO | None = None

    @property
    def to_stdout(self) -> bool:
        """Whether the result goes to standard output."""
        return self.sink is not None

    def hand_over(self, result: str | None) -> None:
        """Copy a result that is meant for standard output to it; raises OSError."""
        if self.sink is not None and result is not None and Path(result).is_file():
            with Path(result).open("rb") as file:
                shutil.copyfileobj(file, self.sink)
            self.sink.flush()


@contextmanager
def without_streams(
    photos: tuple[Path | str, ...], out: Path | str, format: str | None, as_json: bool
) -> Iterator[Places]:
    """Standard input is read into a file; one stands for standard output.

    Raises:
        click.UsageError: if what is asked for is not possible with a stream.
    """
    if DASH not in photos and out != DASH:
        yield Places(photos, out, {})
        return
    _check(photos, out, as_json)
    with TemporaryDirectory(prefix="colorizer-") as folder:
        names = {}
        source = photos[0]
        if source == DASH:
            source = Path(folder) / "standard input"
            names[str(source)] = DASH
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if out != DASH:
            yield Places((source,), out, names)
            return
        suffix = _suffix(Path(source), format)
        target = Path(folder) / f"standard output{suffix}"
        names[str(target)] = DASH
        yield Places((source,), target, names, sys.stdout.buffer)


def _check(photos: tuple[Path | str, ...], out: Path | str, as_json: bool) -> None:
    if len(photos) > 1:
        raise click.UsageError("With - there can be one photograph only.")
    if out == DASH:
        if Path(photos[0]).is_dir():
            raise click.UsageError(f"{photos[0]} is a folder; -o - takes one photograph.")
        if as_json:
            raise click.UsageError("--json and -o - would both write to standard output.")
        if sys.stdout.isatty():
            raise click.UsageError("A terminal shows no photographs; send -o - to a file or pipe.")
    elif Path(out).is_dir() or not Path(out).suffix:
        raise click.UsageError("A photograph from standard input needs a file's name after -o.")


def _suffix(source: Path, format: str | None) -> str:
    """Of the result: of the format, if it is given; otherwise JPEG stays JPEG, else PNG."""
    if format is None:
        with source.open("rb") as file:
            format = "jpeg" if sniff(file.read(SNIFF_BYTES)) == "JPEG" else "png"
    return FORMAT_TO_SUFFIX[format]
