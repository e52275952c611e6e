"""``colorizer prior``: how common each of the 313 colours is in photographs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError, TrainingDataError
from ..names import printable
from ..optional import need_torch
from .options import photos_argument
from .outputs import check_writable

if TYPE_CHECKING:
    from torch import Tensor

    from ..training.photos import Item

_AT_ONCE = 64


@click.command()
@photos_argument()
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    metavar="FILE.npy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write: 313 float64 that sum to 1.",
)
@click.option("--counts", is_flag=True, help="Write the bare counts (int64) instead.")
@click.option(
    "--resize",
    type=click.IntRange(8, 4096),
    default=256,
    show_default=True,
    help="Short side at which the colours are counted (px).",
)
def prior(photos: tuple[Path, ...], file: Path, counts: bool, resize: int) -> None:
    """Count the colours of PHOTOS (files, folders, tar shards) and smooth the counts.

    Files that cannot be read are left out and counted.
    """
    need_torch("Counting colours for training")
    check_writable(file, "the numbers")
    import numpy as np

    from ..color.bins import smooth_prior
    from ..training.photos import find_photos
    from ..training.prior import count_bins

    items = find_photos(photos)
    skipped: list[int] = []
    result = count_bins(_batches(items, resize, skipped))
    if not result.any():
        raise TrainingDataError("None of the photographs could be read.")
    if not counts:
        result = smooth_prior(result)
    buffer = io.BytesIO()
    np.save(buffer, result)
    _write(file, buffer.getvalue())
    read = len(items) - sum(skipped)
    click.echo(printable(f"{file}: from {read} photographs, {sum(skipped)} could not be read"))


def _batches(items: Sequence[Item], size: int, skipped: list[int]) -> Iterator[Tensor]:
    """A few photographs at a time, so that any number of them fits in memory."""
    from tqdm import tqdm

    from ..training.photos import load_squares

    with tqdm(total=len(items), unit="photo", disable=None, file=sys.stderr, leave=False) as bar:
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            try:
                squares, bad = load_squares(some, size, progress=False)
            except TrainingDataError:  # not one of these can be read
                skipped.append(len(some))
            else:
                skipped.append(bad)
                yield squares
            bar.update(len(some))


def _write(file: Path, data: bytes) -> None:
    from ..atomic import write_atomically

    try:
        write_atomically(file, data)
    except OSError as error:
        raise OutputError(f"{file} could not be written: {error.strerror or error}.") from error
