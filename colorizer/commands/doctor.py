"""``colorizer doctor``: what keeps the web application from working, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ..names import printable

_MARKS = {"ok": "ok      ", "warning": "warning ", "broken": "BROKEN  "}


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="The web application's folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, data_dir: Path | None, as_json: bool) -> None:
    """Check weights, data folder, queue, memory, device and engine, and say what to do.

    Run it as the user and with the settings of the server. Exit code 1 if something is broken.
    """
    from app.config import Config
    from app.watch.doctor import examine

    findings = list(examine(Config.load(data_dir=data_dir)))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            detail = printable(finding.detail)
            click.echo(f"{_MARKS[finding.state]}{finding.name:<12}{detail}")
            if finding.advice:
                click.echo(f"{'':20}{finding.advice}")
    if any(finding.state == "broken" for finding in findings):
        ctx.exit(1)
