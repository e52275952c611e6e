"""What ``colorizer colorize`` says while it works, and at the end."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import sentence
from ..names import printable
from ..photo import UnreadableFile

if TYPE_CHECKING:
    from ..batch import LeftOut, Result

Row = dict[str, Any]
_STATUSES = ("done", "kept", "skipped", "left_out", "failed")


def result_row(result: Result, unknown_words: Sequence[str] = ()) -> Row:
    """What became of a photograph, as ``--json`` shows it.

    Args:
        unknown_words: those of the words about it that say nothing.
    """
    error = result.error
    return {
        "input": str(result.task.input),
        "output": str(result.task.output),
        "status": result.status,
        "seconds": round(result.seconds, 3),
        "error": error and {"type": type(error).__name__, "message": sentence(error)},
        "warnings": list(result.warnings),
        "was_colour": result.was_colour,
        "unknown_words": list(unknown_words),
    }


def left_out_row(item: LeftOut) -> Row:
    """What is no photograph, or a folder that cannot be read, in the same form."""
    error = {"type": UnreadableFile.__name__, "message": item.reason} if item.failed else None
    return {
        "input": str(item.path),
        "output": None,
        "status": "failed" if item.failed else "left_out",
        "seconds": 0.0,
        "error": error,
        "warnings": [] if item.failed else [item.reason],
        "was_colour": False,
        "unknown_words": [],
    }


def report(
    rows: Generator[Row],
    total: int,
    out: Path | str,
    as_json: bool,
    *,
    rate: bool = False,
    to_stdout: bool = True,
) -> Counter[str]:
    """Show each row as it comes, then the sum; returns how many had which status.

    Args:
        rows: see :func:`result_row`.
        total: how many there are to be.
        out: where the results are.
        as_json: each row as a line of JSON.
        rate: say in the text also how many photographs were done in a second.
        to_stdout: the text goes to standard output, and not to standard error.
    """
    from tqdm import tqdm

    counts: Counter[str] = Counter()
    start = time.perf_counter()
    stdout = sys.stdout
    # disable=None: no bar where stderr is not a terminal
    bar = tqdm(total=total, unit="photo", disable=None, file=sys.stderr, leave=False)
    # what libraries print (Ray does) must not come between the results
    with bar, redirect_stdout(sys.stderr), closing(rows):
        try:
            for row in rows:
                counts[row["status"]] += 1
                counts["recoloured"] += row["status"] == "done" and row["was_colour"]
                for line in messages(row):
                    bar.write(line, file=sys.stderr)
                if as_json:
                    click.echo(json.dumps(row), file=stdout)
                bar.update()
        except KeyboardInterrupt:
            counts["stopped"] = total - sum(counts[status] for status in _STATUSES)
            bar.write("Stopped.", file=sys.stderr)
    seconds = time.perf_counter() - start
    if as_json:
        click.echo(json.dumps({"summary": _summary(counts, total, seconds)}))
    else:
        text = _summary_text(counts, out, counts["done"] / seconds if rate else None)
        click.echo(text, err=not to_stdout)
    return counts


def messages(row: Row) -> list[str]:
    """The lines about a photograph for a terminal: why it failed, what is odd about it."""
    sentences = [*row["warnings"], *([row["error"]["message"]] if row["error"] else [])]
    return [printable(f"{row['input']}: {text}") for text in sentences]


def _summary(counts: Counter[str], total: int, seconds: float) -> dict[str, Any]:
    by_status = {status: counts[status] for status in (*_STATUSES, "stopped")}
    return {
        "photographs": total,
        **by_status,
        "seconds": round(seconds, 3),
        "photographs_per_second": round(counts["done"] / seconds, 3),
    }


def _summary_text(counts: Counter[str], out: Path | str, rate: float | None) -> str:
    parts = [f"{counts['done']} colorized"]
    if rate is not None:
        parts[0] += f" ({rate:.2f} per second)"
    if counts["recoloured"]:
        count = counts["recoloured"]
        parts[0] += f", of which {count} had colours of their own (--colour keep spares them)"
    if counts["kept"]:
        parts.append(f"{counts['kept']} copied with their own colours")
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} skipped (there already; --overwrite replaces them)")
    if counts["left_out"]:
        parts.append(f"{counts['left_out']} left out")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    if counts["stopped"]:
        parts.append(f"{counts['stopped']} not done")
    return f"{', '.join(parts)}: {printable(str(out))}"
