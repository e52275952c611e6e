#!/usr/bin/env python3
"""Measure the shipped weights and print the README's quality table (Markdown).

    python benchmarks/quality.py PHOTOS… -o docs/quality.json [--report docs/report]

Runs ``colorizer evaluate`` with the rows of the table; the JSON file holds the whole protocol.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from colorizer.evaluation.bare import bare_name

#: the default settings as they were before there was a colour field
PLACE_BY_PLACE = "coherence=0,rebalancing=1.0,temperature=0.5,cast_removal=0.5"
#: and as they were before there was a second look
FIELD_ALONE = "second_look=0"
#: settings -> name in the table; "default" is always measured
SETTINGS = {
    FIELD_ALONE: "without the second look",
    PLACE_BY_PLACE: "place by place, the default before",
    "cast_removal=0.0": "default without cast removal",
}
#: temperature of the bare network -> name in the table
BARE = {
    1.0: "bare network, T = 1",
    0.38: "bare network, T = 0.38",
}
COLUMNS = {
    "vgg": ("VGG distance", "{:.3f}"),
    "patches": ("patches", "{:.2f}"),
    "chroma": ("chroma", "{:.1f}"),
    "psnr": ("PSNR dB", "{:.2f}"),
    "ssim": ("SSIM", "{:.3f}"),
    "delta_e2000": ("ΔE2000", "{:.2f}"),
    "colorfulness": ("colourfulness", "{:.1f}"),
    "auc": ("AuC", "{:.1f}"),
    "auc_rebalanced": ("AuC rebal.", "{:.1f}"),
    "bias_a": ("bias a*", "{:+.2f}"),
    "bias_b": ("bias b*", "{:+.2f}"),
    "sepia_rate": ("sepia", "{:.1%}"),
    "hist_correlation": ("hist. corr.", "{:.3f}"),
    "hist_chi_square": ("hist. χ²", "{:.3f}"),
    "hist_bhattacharyya": ("hist. Bhatt.", "{:.3f}"),
    "rgb_hist_correlation": ("RGB hist. corr.", "{:.3f}"),
    "rgb_hist_chi_square": ("RGB hist. χ²", "{:.2f}"),
    "rgb_hist_bhattacharyya": ("RGB hist. Bhatt.", "{:.3f}"),
}
#: Pandey et al., as printed there; their histograms and "percent" are not defined in the paper
PAPER = {
    "psnr": "20.85",
    "ssim": "0.83",
    "rgb_hist_correlation": "86.98 %",
    "rgb_hist_chi_square": "99.81 %",
    "rgb_hist_bhattacharyya": "14.26 %",
}


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(report: dict[str, Any]) -> str:
    names = {"grey": "grey (no colour)", "default": "**default settings**", **SETTINGS}
    names |= {bare_name(temperature): title for temperature, title in BARE.items()}
    lines = [line(["", *(title for title, _ in COLUMNS.values())])]
    lines.append(line(["---", *["---:"] * len(COLUMNS)]))
    for key, row in report["rows"].items():
        cells = [form.format(row[column]) for column, (_, form) in COLUMNS.items()]
        lines.append(line([names.get(key, key), *cells]))
    truth = report["rows"]["grey"]
    cells = [
        form.format(truth[f"{column}_truth"]) if f"{column}_truth" in truth else ""
        for column, (_, form) in COLUMNS.items()
    ]
    lines.append(line(["truth", *cells]))
    lines.append(line(["paper, on its own test set", *(PAPER.get(c, "") for c in COLUMNS)]))
    return "\n".join(lines)


def intervals(report: dict[str, Any]) -> str:
    """The middle 95 % of each number if other photographs of this kind had been drawn."""
    names = {
        "grey": "grey (no colour)",
        "default": "default settings",
        FIELD_ALONE: SETTINGS[FIELD_ALONE],
        PLACE_BY_PLACE: SETTINGS[PLACE_BY_PLACE],
    }
    shown = {key: column for key, column in COLUMNS.items() if "hist_" not in key}
    lines = [line(["", *(title for title, _ in shown.values())])]
    lines.append(line(["---", *["---:"] * len(shown)]))
    for key, name in names.items():
        ends = report["intervals"][key]
        cells = [" … ".join(form.format(x) for x in ends[c]) for c, (_, form) in shown.items()]
        lines.append(line([name, *cells]))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="folder for a page without photographs")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "colorizer", "evaluate", *arguments.photos]
    for setting in SETTINGS:
        command += ["--setting", setting]
    for temperature in BARE:
        command += ["--bare", str(temperature)]
    if arguments.report:
        command += ["--compare", "grey", "default"]
        command += ["--report", str(arguments.report), "--without-photographs"]
    code = subprocess.call([*command, "--json", str(arguments.output)])
    if code:
        return code
    print("now: python scripts/fill_tables.py")
    print(table(json.loads(arguments.output.read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
