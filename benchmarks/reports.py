"""What the benchmarks that measure photographs share: which they take, and how they report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from colorizer import Colorizer
from colorizer.evaluation.machine import describe_machine
from colorizer.evaluation.scores import RowScore
from colorizer.evaluation.sources import Candidate, candidates, expand
from colorizer.training.photos import thinned


def spread(paths: Iterable[Path], limit: int) -> list[Candidate]:
    """At most ``limit`` photographs of each file or folder, evenly spaced."""
    chosen: list[Candidate] = []
    for path in paths:
        found = [item for item in candidates(expand([path])) if item.problem is None]
        chosen += thinned(found, limit)
    return chosen


def report_of(
    paths: Iterable[Path], count: int, model: Colorizer, scores: Mapping[str, RowScore]
) -> dict[str, Any]:
    """What was measured of ``count`` photographs, row by row, by whom and where."""
    every = np.ones((1, count))
    return {
        "photos": count,
        "photographs": [path.name for path in paths],
        "weights_sha256": model.weights.sha256,
        "machine": describe_machine(),
        "rows": {
            name: {key: float(x[0]) for key, x in score.values().estimates(every).items()}
            for name, score in scores.items()
        },
    }


def finish(
    report: Mapping[str, Any], output: Path | None, table: Callable[[Mapping[str, Any]], str]
) -> None:
    """Write the numbers, if that is asked for, and print their table."""
    if output:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        output.write_text(text, encoding="utf-8")
        print("now: python scripts/fill_tables.py")
    print(table(report))
