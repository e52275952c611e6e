"""``colorizer export``: from a training checkpoint to a file with weights."""

from __future__ import annotations

from pathlib import Path

import click


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
def export(checkpoint: Path, file: Path) -> None:
    """Make weights that `colorize --model FILE` takes, of a training CHECKPOINT."""
    from ..training.export import export_weights

    click.echo(str(export_weights(checkpoint, file)))
