"""The report as text: aligned columns, the paper's figures below."""

from __future__ import annotations

import textwrap

from .columns import METRICS, PAPER_CAUTION, PAPER_FIGURES, Column
from .comparison import Comparison
from .report import Report

_PRIORS = {
    "own": "these photographs' own colours",
    "model": "the model's colour prior",
    "file": "the colour prior of a file",
    "given": "a given colour prior",
}

PAPER = textwrap.fill(
    "The paper this work starts from reports "
    + ", ".join(f"{METRICS[key].name} {figure}" for key, figure in PAPER_FIGURES.items())
    + f". {PAPER_CAUTION}",
    88,
)


def format_table(report: Report) -> str:
    """The report's rows as an aligned table with a line for the truth, a summary and a caution.

    The comparison, if there is one, is a second table below.
    """
    columns = shown(report)
    lines = [["", *(column.heading for column in columns.values())]]
    for name, row in report.rows.items():
        lines.append([name, *(number(row[key], column) for key, column in columns.items())])
    first = next(iter(report.rows.values()))
    lines.append(["truth", *(_truth(first, key, column) for key, column in columns.items())])
    parts = [_aligned(lines), summary(report)]
    if report.comparison is not None:
        parts.append(_compared(report.comparison))
    return "\n\n".join([*parts, PAPER])


def shown(report: Report) -> dict[str, Column]:
    """The metrics that the report has."""
    row = next(iter(report.rows.values()))
    return {key: column for key, column in METRICS.items() if key in row}


def number(value: float, column: Column, sign: str = "") -> str:
    """A value with the decimals of its column; ``sign="+"`` shows the plus too."""
    return f"{value:{sign}.{column.places}f}"


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    table.insert(1, "-" * max(map(len, table)))
    return "\n".join(table)


def _compared(comparison: Comparison) -> str:
    lines = [["", "B - A", "95 % from", "to", "B better"]]
    for key, difference in comparison.metrics.items():
        column = METRICS[key]
        ends = [number(end, column, "+") for end in difference.interval]
        better = "" if difference.better is None else f"{difference.better:.0%}"
        lines.append([column.heading, number(difference.mean, column, "+"), *ends, better])
    return f"A: {comparison.a}\nB: {comparison.b}\n\n{_aligned(lines)}"


def summary(report: Report) -> str:
    """How the report was made, in two sentences and a few words."""
    protocol = report.protocol
    source = protocol["prior"]["source"]
    skipped = f" ({len(report.skipped)} skipped)" if report.skipped else ""
    old = "" if protocol["degrade"] == "none" else " The input was made old."
    return (
        f"{report.photos} photographs{skipped}, short side {protocol['short_side']}, "
        f"{protocol['crop']}. CF: colourfulness. AuC: of 100, all pixels pooled; "
        f"rebalanced by {_PRIORS.get(source, source)}.{old}"
    )


def _truth(row: dict[str, float], key: str, column: Column) -> str:
    value = row.get(f"{key}_truth")
    return "" if value is None else number(value, column)
