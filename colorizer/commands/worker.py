"""``colorizer worker``: work off the queue of a web application that does not do so itself."""

from __future__ import annotations

from pathlib import Path

import click

from ..names import printable


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="The web application's folder.",
)
def worker(data_dir: Path | None) -> None:
    """Work off the web application's queue.

    For a server that was started with COLORIZER_EMBEDDED_WORKER=false and has the same data folder
    and the same COLORIZER_QUEUE_URL. With a Redis queue there may be several.
    """
    from app.config import Config
    from app.processes.supervisor import work

    work(
        Config.load(data_dir=data_dir),
        announce=lambda folder: click.echo(printable(f"Working on the photographs in {folder}")),
    )
