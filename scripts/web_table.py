#!/usr/bin/env python3
"""Print the paragraph of the README about the web application from docs/web.json."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any


def table(report: dict[str, Any]) -> str:
    """How quick, how steady, how much at once; from a whole report of benchmarks/web.py."""
    latency, memory, load = report["latency"], report["memory"], report["load"]
    answers = " or ".join(f"{what} ({n:,} times)" for what, n in load["answers"].items())
    fates = load["accepted_photographs"]
    accepted = sum(fates.values())
    ends = ", ".join(f"{number:,} {fate}" for fate, number in fates.items())
    text = (
        f"`python benchmarks/web.py -o docs/web.json` ({report['machine']}; embedded queue): from "
        f"sending a 1 MP JPEG to its coloured preview {latency['upload_to_preview_s']:.2f} s "
        f"(median), from moving a slider to the new preview {latency['slider_to_preview_s']:.3f} s "
        f"(median), from setting a hint {latency['hint_to_preview_s']:.3f} s. Over "
        f"{memory['photographs']} photographs the server's memory is at most "
        f"{memory['growth_after_100_percent']} % above what it was after the first 100, and ends "
        f"at {memory['every_25_mb'][-1]} MB. {load['clients']} clients that upload as fast as they "
        f"are let for {load['seconds']:.0f} s are answered {answers}; of the {accepted:,} "
        f"photographs accepted: {ends}."
    )
    return textwrap.fill(text, 108, break_on_hyphens=False, break_long_words=False)


if __name__ == "__main__":
    path = Path(__file__).parents[1] / "docs" / "web.json"
    print(table(json.loads(path.read_text(encoding="utf-8"))))
