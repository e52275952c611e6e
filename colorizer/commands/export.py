"""``colorizer export``: from a training checkpoint to a file with weights."""

from __future__ import annotations

from pathlib import Path

import click

from ..names import printable
from ..optional import need_torch
from .outputs import check_writable


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    metavar="FILE.safetensors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.",
)
@click.option(
    "--calibrate",
    "photos",
    multiple=True,
    metavar="PHOTOS",
    type=click.Path(exists=True, path_type=Path),
    help="Held-out colour photographs (file, folder, tar shard; may be repeated) on which to find "
    "the network's native temperature: the one that a temperature of 1 stands for.",
)
@click.option(
    "--ranges",
    "range_photos",
    multiple=True,
    metavar="PHOTOS",
    type=click.Path(exists=True, path_type=Path),
    help="Colour photographs (file, folder, tar shard; may be repeated) on which to find the "
    "ranges of the network's activations: with them it runs in 8 bits on a CPU, several times "
    "faster.",
)
def export(
    checkpoint: Path, file: Path, photos: tuple[Path, ...], range_photos: tuple[Path, ...]
) -> None:
    """Make weights that `colorize --model FILE` takes, of a training CHECKPOINT."""
    need_torch("Exporting a training checkpoint")
    check_writable(file, "the weights")
    from ..training.export import export_weights

    temperature = 1.0
    if photos:
        from ..training.calibrate import native_temperature
        from ..training.checkpoint import load_checkpoint

        temperature = native_temperature(load_checkpoint(checkpoint, kind="run"), photos)
        click.echo(f"native temperature {temperature}")
    written = export_weights(checkpoint, file, native_temperature=temperature, photos=range_photos)
    click.echo(printable(str(written)))
