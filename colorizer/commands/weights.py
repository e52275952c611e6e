"""``colorizer weights``: list, pull, verify, import and find checkpoints.

Exit codes: 0 all well, 1 a file is missing, wrong or could not be had, 2 the command was misused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..errors import ColorizerError, InvalidSetting, UnknownModel
from ..names import printable

if TYPE_CHECKING:
    from ..weights import Status


@contextmanager
def _errors() -> Iterator[None]:
    """Typed errors as click's: 2 for a name or setting that does not exist, else 1."""
    try:
        yield
    except (UnknownModel, InvalidSetting) as error:
        raise click.UsageError(str(error)) from error
    except ColorizerError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def weights() -> None:
    """Find, fetch and check the networks' weights.

    Nothing is ever downloaded except by `pull`.
    """


@weights.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the known weights, and whether they are on this machine."""
    from ..weights import statuses

    with _errors():
        rows = [_row(status) for status in statuses()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB" if row["bytes"] else ""
        name = printable(row["name"])
        click.echo(f"{name:<20} {row['state']:<8} {size:>9}  {row['licence'] or 'own'}")
        click.echo(printable(f"    {row['path'] or row['description']}"))


def _row(status: Status) -> dict[str, Any]:
    entry, file = status.entry, status.path
    return {
        "name": status.name,
        "state": status.state,
        "path": None if file is None else str(file),
        "bytes": entry.bytes if entry else file.stat().st_size if file else None,
        "sha256": entry.sha256 if entry else None,
        "licence": entry.licence if entry else None,
        "description": entry.description if entry else "Imported weights.",
    }


@weights.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def pull(names: tuple[str, ...]) -> None:
    """Download weights, resuming an earlier attempt, and check them."""
    from tqdm import tqdm

    from ..weights import pull as fetch

    for name in names:
        # disable=None: no bar where the output is not a terminal
        with (
            _errors(),
            tqdm(unit="B", unit_scale=True, desc=name, disable=None, leave=False) as bar,
        ):

            def show(done: int, total: int, bar: tqdm[Any] = bar) -> None:
                bar.total = total
                bar.update(done - bar.n)

            file = fetch(name, show)
        click.echo(printable(f"{name}: {file}"))


@weights.command()
@click.argument("names", metavar="[NAME|FILE]...", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Check weights byte for byte; without a name, all that are on this machine."""
    from ..weights import statuses
    from ..weights import verify as check

    with _errors():
        chosen = names or tuple(s.name for s in statuses() if s.state != "missing")
    failed = False
    for name in chosen:
        try:
            result = check(name)
        except UnknownModel as error:
            raise click.UsageError(str(error)) from error
        except ColorizerError as error:
            failed = True
            click.echo(printable(f"{name}: {error}"), err=True)
        else:
            note = "" if result.known else " (not in the catalogue; it reads well)"
            click.echo(printable(f"{name}: good{note}  {result.sha256}  {result.path}"))
    if failed:
        raise SystemExit(1)


@weights.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--name", help="What to call them (default: the catalogue's or the file's name).")
def import_(file: str, name: str | None) -> None:
    """Check FILE and copy it to where weights are looked for."""
    from ..weights import import_file

    with _errors():
        click.echo(printable(str(import_file(file, name))))


@weights.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where the weights NAME lie."""
    from ..weights import path as locate

    with _errors():
        click.echo(printable(str(locate(name))))
