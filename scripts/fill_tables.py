#!/usr/bin/env python3
"""Fill the tables of the documents from the code and from what was measured (docs/*.json).

    python scripts/fill_tables.py [--check]

A table stands between ``<!-- NAME: … -->`` and ``<!-- end -->``. With ``--check`` nothing is
written, and the exit code is 1 if a table is not up to date.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]  # app/ of this checkout; their common parts
DOCUMENTS = tuple(
    ROOT / document
    for document in (
        "README.md",
        "weights/MODEL_CARD.md",
        "docs/performance.md",
        "docs/operating.md",
        "docs/coherence.md",
        "docs/hints.md",
        "docs/mounts.md",
        "docs/video.md",
    )
)


def script(path: str, function: str = "table") -> Callable[..., str]:
    made: Callable[..., str] = runpy.run_path(str(ROOT / path))[function]
    return made


def measured(name: str, path: str, function: str = "table") -> str:
    report = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
    return script(path, function)(report)


TABLES: dict[str, Callable[[], str]] = {
    "parameters": lambda: script("scripts/parameters_table.py")(),
    "configuration": lambda: script("scripts/configuration_table.py")(),
    "quality": lambda: measured("quality.json", "benchmarks/quality.py"),
    "intervals": lambda: measured("quality.json", "benchmarks/quality.py", "intervals"),
    "robustness": lambda: measured("robustness.json", "benchmarks/robustness.py"),
    "performance": lambda: measured("performance.json", "benchmarks/pipeline.py"),
    "performance-avx2": lambda: measured("performance-avx2.json", "benchmarks/pipeline.py"),
    "coherence": lambda: measured("coherence.json", "benchmarks/coherence.py"),
    "mounts": lambda: measured("mounts.json", "benchmarks/mounts.py"),
    "hints": lambda: measured("hints.json", "benchmarks/hints.py"),
    "films": lambda: measured("video.json", "benchmarks/video.py"),
    "soak": lambda: measured("soak.json", "scripts/soak_table.py"),
    "web": lambda: measured("web.json", "scripts/web_table.py"),
}


def filled(text: str) -> str:
    """``text`` with all of :data:`TABLES` that it has marks for made anew."""
    for name, table in TABLES.items():
        found = re.search(f"<!-- {name}: [^>]*-->\n(.*?)<!-- end -->", text, re.DOTALL)
        if found:
            text = text[: found.start(1)] + table() + "\n" + text[found.end(1) :]
    return text


def main() -> int:
    stale = [
        d
        for d in DOCUMENTS
        if filled(d.read_text(encoding="utf-8")) != d.read_text(encoding="utf-8")
    ]
    for document in stale:
        print(f"{document.relative_to(ROOT)} is not up to date")
        if "--check" not in sys.argv[1:]:
            document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(stale) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
