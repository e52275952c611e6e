#!/usr/bin/env python3
"""Measure what age costs: the shipped weights on photographs made to look old (Markdown table).

    python benchmarks/robustness.py PHOTOS… -o docs/robustness.json

Runs ``colorizer evaluate --degrade``: blur, uneven exposure, grain, fading, scratches, dust and
JPEG on the luminance that is coloured. What it is compared with, the same photographs undamaged,
is in docs/quality.json (benchmarks/quality.py).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from quality import PLACE_BY_PLACE, SETTINGS

CLEAN = Path(__file__).resolve().parents[1] / "docs" / "quality.json"
ROWS = {"default": "default settings", PLACE_BY_PLACE: SETTINGS[PLACE_BY_PLACE]}


def table(report: dict[str, Any]) -> str:
    """Gain over the grey picture, clean and old, and what is lost between them."""
    clean = json.loads(CLEAN.read_text(encoding="utf-8"))
    if clean["photos"] != report["photos"]:
        raise SystemExit(f"{CLEAN} is about other photographs: {clean['photos']} of them.")
    head = ["", "AuC rebal., clean", "made old", "PSNR over grey, clean", "made old"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for name, title in ROWS.items():
        cells = [f"{r['rows'][name]['auc_rebalanced']:.1f}" for r in (clean, report)]
        for rows in (clean["rows"], report["rows"]):
            cells.append(f"{rows[name]['psnr'] - rows['grey']['psnr']:+.2f} dB")
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--strength", type=float, default=1.0, help="0 (no damage) to 1")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "colorizer", "evaluate", *arguments.photos]
    command += ["--degrade", str(arguments.strength), "--json", str(arguments.output), "--no-vgg"]
    for setting in ROWS.keys() - {"default"}:
        command += ["--setting", setting]
    code = subprocess.call(command)
    if code:
        return code
    print("now: python scripts/fill_tables.py")
    print(table(json.loads(arguments.output.read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
