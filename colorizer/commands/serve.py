"""``colorizer serve``: the web application."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", help="Address to listen at.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8000]"
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for uploads, results and the queue.",
)
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Start the web application and print its address.

    All other settings are environment variables that start with COLORIZER_; the README lists them.
    """
    from app.config import Config
    from app.processes.server import Server

    config = Config.load(host=host, port=port, data_dir=data_dir)
    Server(config, announce=lambda address: click.echo(f"Colorizer is at {address}")).run()
