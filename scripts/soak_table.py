#!/usr/bin/env python3
"""Print the paragraph of docs/operating.md about the soak test from docs/soak.json."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

_KINDS = ("upload", "view", "preview", "result")


def table(report: dict[str, Any]) -> str:
    """What was asked, what came of it, how long it took; from a report of benchmarks/soak.py."""
    memory, fates, times = report["memory"], dict(report["photographs"]), report["latency_s"]
    accepted = fates.pop("accepted")
    fates.pop("of_clients_that_had_gone")
    broken = len(report["broken_promises"])
    note = f"{report['note']} " if report.get("note") else ""
    quick = "; ".join(
        f"{kind} {times[kind]['p50']:.2f} / {times[kind]['p95']:.2f} / {times[kind]['p99']:.2f}"
        for kind in _KINDS
    )
    third, end = memory["every_tenth_mb"][2], memory["every_tenth_mb"][-1]
    failed = sum(number for fate, number in fates.items() if fate.startswith("failed"))
    text = (
        f"{report['requests']:,} requests, and {report['polls']:,} questions whether a "
        f"photograph is ready, by {report['clients']} clients took {report['seconds']} s "
        f"({report['machine']}). "
        f"{note}Broken promises: {broken or 'none'}. "
        f"Of {accepted} accepted photographs {fates['ready']} became ready, "
        f"{fates['deleted by us']} were deleted by their owners, and {failed} damaged ones failed "
        f"with a reason. Seconds until the answer (p50 / p95 / p99): {quick}. "
        f"Memory was {third} MB after three tenths and {end} MB at the end "
        f"({memory['growth_percent']:+.1f} %), at most {memory['highest_mb']} MB."
    )
    return textwrap.fill(text, 108, break_on_hyphens=False, break_long_words=False)


if __name__ == "__main__":
    path = Path(__file__).parents[1] / "docs" / "soak.json"
    print(table(json.loads(path.read_text(encoding="utf-8"))))
