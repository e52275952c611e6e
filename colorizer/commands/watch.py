"""``colorizer watch``: colour what a scanner puts into a folder."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidSetting
from ..locks import only_one
from ..names import printable
from ..settings import Settings
from .collection_report import Row, left_out_row, messages, result_row
from .options import device_options, load_colorizer, setting_options
from .result_options import ResultOptions, result_options

if TYPE_CHECKING:
    from ..batch import Result
    from ..inbox.watcher import News
    from ..plan import Task


@click.command()
@click.argument("inbox", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@setting_options
@result_options
@click.option(
    "--recursive/--no-recursive",
    default=True,
    show_default=True,
    help="Also the folders in INBOX.",
)
@click.option(
    "--move-done",
    is_flag=True,
    help="Move photographs to the folder done in INBOX afterwards, and files that cannot be read "
    "to failed; nothing there is replaced.",
)
@click.option(
    "--settle",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1, max=3600),
    default=2.0,
    show_default=True,
    help="How long a file must not have changed to be taken for whole. One that cannot be read "
    "then is tried again after ten times as long.",
)
@device_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per photograph and line."
)
def watch(
    inbox: Path,
    out: Path,
    results: ResultOptions,
    recursive: bool,
    move_done: bool,
    settle: float,
    device: str,
    engine: str,
    as_json: bool,
    **values: Any,  # of the settings
) -> None:
    """Colour what is put into the folder INBOX, as soon as it is whole, into the folder OUT.

    It goes on until Ctrl-C or SIGTERM, finishes the photograph that it is at, and then ends with
    exit code 0. Started again it does not do again what is done, of which it keeps a journal in
    OUT. A photograph that comes under the name of an earlier one gets a result of its own name.

    On network shares it looks every few seconds, because no events come from there;
    WATCHFILES_FORCE_POLLING=1 makes it look everywhere. The folders done and failed in INBOX are
    left alone.
    """
    from .. import batch
    from ..folders import same_place
    from ..inbox.watcher import Watcher

    if same_place(inbox, out):
        raise InvalidSetting(f"{inbox} cannot be both the inbox and the folder of the results.")
    results.check([results.format] if results.format else ["jpeg", "png"])
    settings = Settings(**values)
    whole = dict(results.read_options)
    salvage = whole.pop("salvage", False)  # what is cut off may still be on its way
    with _alone(out):
        colorizer = load_colorizer(settings.model, device, engine)

        def treat(task: Task, read_options: dict[str, Any] = whole) -> Result:
            (result,) = batch.run(
                [task], lambda: colorizer, settings,
                jobs=1, provenance=results.provenance, colour=results.colour,
                read_options=read_options, write_options=results.write_options,
            )  # fmt: skip
            return result

        watcher = Watcher(
            inbox, out, treat,
            format=results.format, recursive=recursive, move_done=move_done, settle=settle,
            salvage=partial(treat, read_options=results.read_options) if salvage else None,
        )  # fmt: skip
        click.echo(printable(f"Watching {inbox}; results go to {out}. Ctrl-C ends."), err=True)
        with _signals_set(watcher.stop), closing(watcher.run()) as stream:
            for news in stream:
                _tell(news, as_json)
    click.echo("Stopped.", err=True)


def _alone(out: Path) -> AbstractContextManager[None]:
    """Two that write the same results would do everything twice."""
    lock = out / ".colorizer-watch.lock"
    return only_one(lock, f"Another colorizer watch writes to {out} already.")


@contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set ``stop``; a second Ctrl-C does not wait for the photograph."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(news: News, as_json: bool) -> None:
    row = _row(news)
    for line in messages(row):
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps(row))
    elif row["status"] in ("done", "kept", "skipped"):
        there = " (there already)" if row["status"] == "skipped" else ""
        click.echo(printable(f"{row['input']} -> {row['output']}{there}"))
    sys.stdout.flush()


def _row(news: News) -> Row:
    from ..folders import LeftOut

    what = news.what
    row = left_out_row(what) if isinstance(what, LeftOut) else result_row(what)
    return row | {"moved_to": None if news.moved_to is None else str(news.moved_to)}
