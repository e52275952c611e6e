"""What ``colorizer colorize`` says while it works, and at the end."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import click


def report(
    rows: Generator[dict[str, Any]], total: int, out: Path | str, as_json: bool, rate: bool
) -> Counter[str]:
    """Show each row as it comes, then the sum; returns how many had which status.

    Args:
        rows: of photographs: "input", "output", "status", "seconds", "error", "warnings".
        total: how many there are to be.
        out: where the results are.
        as_json: each row as a line of JSON.
        rate: say in the text also how many photographs were done in a second.
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
                name = click.format_filename(row["input"])
                if row["error"] is not None:
                    bar.write(f"{name}: {row['error']['message']}", file=sys.stderr)
                for warning in row["warnings"]:
                    bar.write(f"{name}: {warning}", file=sys.stderr)
                if as_json:
                    click.echo(json.dumps(row), file=stdout)
                bar.update()
        except KeyboardInterrupt:
            counts["stopped"] = total - counts.total()
            bar.write("Stopped.", file=sys.stderr)
    seconds = time.perf_counter() - start
    if as_json:
        click.echo(json.dumps({"summary": _summary(counts, total, seconds)}))
    else:
        click.echo(_summary_text(counts, out, counts["done"] / seconds if rate else None))
    return counts


def _summary(counts: Counter[str], total: int, seconds: float) -> dict[str, Any]:
    by_status = {status: counts[status] for status in ("done", "skipped", "failed", "stopped")}
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
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} skipped (there already; --overwrite replaces them)")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    if counts["stopped"]:
        parts.append(f"{counts['stopped']} not done")
    return f"{', '.join(parts)}: {click.format_filename(out)}"
