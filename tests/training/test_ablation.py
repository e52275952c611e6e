"""The ablation's table (benchmarks/ablation.py): in the documentation as it was measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "ablation.py"))
REPORT = json.loads((ROOT / "docs" / "ablation.json").read_text(encoding="utf-8"))


def test_the_table_in_the_documentation_is_what_was_measured() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    begin, end = SCRIPT["MARKS"]
    between = text.partition(begin)[2].partition(end)[0]
    assert between == SCRIPT["table"](REPORT) + "\n\n" + SCRIPT["note"](REPORT) + "\n"


def test_every_line_of_the_table_has_a_cell_for_each_column() -> None:
    lines = SCRIPT["table"](REPORT).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 2 + len(REPORT["rows"]) + 1


def test_the_rows_measured_are_rows_that_the_script_has() -> None:
    assert REPORT["rows"].keys() <= SCRIPT["ROWS"].keys()
    assert "the paper's settings" in REPORT["rows"]
