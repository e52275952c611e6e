#!/usr/bin/env python3
"""Many people at once, among them careless and hostile ones: does the server keep its promises?

    python benchmarks/soak.py --odd FOLDER -o docs/soak.json

Starts ``colorizer serve`` (real network, embedded worker, empty folder, rate limits raised) and
sends 8,000 requests (``--requests``) by 16 clients: photographs, previews, results, batches; odd
files of a folder and files damaged by a seeded generator; wrong ids, parameters and types, too
large and half sent bodies, clients that go away. The exit code is 1 if a promise is broken:

* every answer is one that was to be expected: no 5xx but 503 with Retry-After;
* every accepted photograph becomes ready, or fails with a typed reason (only one that was odd or
  damaged may), or was deleted by us and is gone; nothing else is left in the data folder; at the
  end the ZIP of every batch holds all of its photographs;
* the server logs no error that nobody foresaw, and none of its processes dies;
* memory is flat: the median of the last tenth is at most 10 % above that of the third tenth. (With
  fewer requests the server's caches, which are bounded, are still filling then.)
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests
from served import ROOT, photographs, resident, server
from soak_hostile import ALL, Hostile
from soak_journal import Journal

sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from fuzz_seeds import generated  # noqa: E402
from mutations import mutated  # noqa: E402

from colorizer.evaluation.machine import describe_machine  # noqa: E402

GROWTH = 10.0  # percent of memory that is still flat
_WAIT = 1200.0  # s for what still waits at the end
_OURS = {"internal-error", "abandoned"}  # reasons that are no reasons
_DEATH = re.compile(r"was sent SIG(?!TERM)|Fatal Python error")


class Memory(threading.Thread):
    """Looks at the server's memory twice a second."""

    def __init__(self, process: psutil.Process, journal: Journal) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, int]] = []  # part of the requests, bytes
        self._process, self._journal = process, journal
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.5):
            part = self._journal.asked / self._journal.total
            self.samples.append((part, resident(self._process)))

    def stop(self) -> None:
        self._end.set()
        self.join()

    def between(self, start: float, end: float) -> float:
        """Median in MB while a part of the requests was made."""
        seen = [size for part, size in self.samples if start <= part <= end]
        return statistics.median(seen or [self.samples[-1][1]]) / 2**20

    def report(self) -> dict[str, Any]:
        before, after = self.between(0.2, 0.3), self.between(0.9, 1.0)
        return {
            "every_tenth_mb": [round(self.between(i / 10, (i + 1) / 10)) for i in range(10)],
            "highest_mb": round(max(size for _, size in self.samples) / 2**20),
            "growth_percent": round(100 * (after / before - 1), 1),
        }


def account(address: str, journal: Journal) -> dict[str, Any]:
    """What became of every accepted photograph."""
    fates: Counter[str] = Counter()
    end = time.monotonic() + _WAIT
    for id, photo in journal.accepted.items():
        while True:
            answer = photo.client.get(f"/photos/{id}")
            view = answer.json()
            done = not answer.ok or view["state"] in ("ready", "failed")
            if done or time.monotonic() > end:
                break
            time.sleep(0.2)
        if photo.deleted:
            fate = "deleted by us" if answer.status_code == 404 else "deleted, but still there"
        elif not answer.ok:
            fate = f"lost ({answer.status_code})"
        elif view["state"] == "failed":
            reason = view["problem"]["type"].rpartition(":")[2]
            fate = f"failed: {reason}"
            if photo.good or reason in _OURS:
                journal.complain(f"a photograph failed: {view['problem']}")
        else:
            fate = str(view["state"])
        fates[fate] += 1
        if not fate.startswith(("ready", "failed", "deleted by us")):
            journal.complain(f"photograph {id}: {fate}")
    metrics = requests.get(f"{address}/metrics", timeout=60).text
    found = re.search(r'^colorizer_uploads_total\{outcome="stored"\} (\S+)', metrics, re.MULTILINE)
    stored = int(float(found.group(1))) if found else 0
    extra = stored - len(journal.accepted)
    if not 0 <= extra <= journal.gone_uploads:
        journal.complain(f"{stored} photographs were stored, {len(journal.accepted)} accepted")
    return {"accepted": len(journal.accepted), "of_clients_that_had_gone": extra, **fates}


def clear(journal: Journal, folder: Path, others: int) -> int:
    """Delete what is left; returns how many photographs are then in the data folder."""
    for id, photo in journal.accepted.items():
        if not photo.deleted:
            photo.client.delete(id)
    left = len(list((folder / "photos").iterdir()))
    if left != others:
        journal.complain(f"{left} photographs are left in the data folder, not {others}")
    return left


def unforeseen(log: Path) -> list[str]:
    """Errors in the server's log, tracebacks beside it, and processes that died."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [line[:2000] for line in lines if '"level": "error"' in line or _DEATH.search(line)]
    for of_ours, block in itertools.groupby(lines, lambda line: line.startswith("{")):
        text = "\n".join(block)
        if not of_ours and "Traceback" in text:
            found.append(text[:4000])
    return found


def latencies(journal: Journal) -> dict[str, dict[str, float]]:
    """By kind of request, s, from sending it until all of the answer had come."""
    result = {}
    for kind, seconds in sorted(journal.seconds.items()):
        cuts = statistics.quantiles(seconds, n=100, method="inclusive") if seconds[1:] else None
        at = {"p50": 49, "p95": 94, "p99": 98}
        values = {n: round(cuts[i] if cuts else seconds[0], 3) for n, i in at.items()}
        result[kind] = {"requests": len(seconds), **values}
    return result


def at_once(calls: list[Callable[[], None]]) -> None:
    """Each in a thread of its own, until all have ended."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def soak(requests_: int, clients: int, odd: Path | None, seed: int) -> dict[str, Any]:
    """The whole run; see the module's text."""
    good = [*photographs(12), *photographs(5, 250_000)]
    seeds = [data for _, data in generated()] + good[:3]
    files = sorted(path for path in odd.rglob("*") if path.is_file()) if odd else []
    strange = [(path.name, path.read_bytes()) for path in files] or [("text.txt", b"no picture")]

    def damaged(generator: random.Random) -> bytes:
        return mutated(generator.choice(seeds), generator, seeds)

    journal = Journal(requests_)
    with tempfile.TemporaryDirectory() as place:
        folder, log = Path(place) / "data", Path(place) / "log"
        start = time.monotonic()
        with server(folder, log) as (address, process):
            memory = Memory(process, journal)
            memory.start()
            visitors = [
                Hostile(address, journal, good, strange, damaged, seed * 1000 + i)
                for i in range(clients)
            ]
            at_once([functools.partial(visitor.visit, ALL) for visitor in visitors])
            seconds = time.monotonic() - start
            memory.stop()
            fates = account(address, journal)
            at_once([visitor.fetch_batches for visitor in visitors])
            left = clear(journal, folder, fates["of_clients_that_had_gone"])
        errors = unforeseen(log)
    for error in errors:
        journal.complain(f"log: {error}")
    growth = memory.report()["growth_percent"]
    if growth > GROWTH:
        journal.complain(f"memory grew by {growth} %")
    polls = len(journal.seconds["poll"])
    return {
        "requests": sum(sum(counts.values()) for counts in journal.answers.values()) - polls,
        "polls": polls,
        "clients": clients,
        "odd_files": len(files),
        "seed": seed,
        "seconds": round(seconds),
        "answers": {route: dict(counts) for route, counts in sorted(journal.answers.items())},
        "latency_s": latencies(journal),
        "memory": memory.report(),
        "photographs": fates,
        "left_in_data_folder": left,
        "unforeseen_errors": len(errors),
        "broken_promises": journal.broken,
    }


def table(report: dict[str, Any]) -> str:
    """The latencies, for a person."""
    lines = ["kind         requests    p50 s    p95 s    p99 s"]
    for kind, row in report["latency_s"].items():
        times = "".join(f"{row[name]:9.3f}" for name in ("p50", "p95", "p99"))
        lines.append(f"{kind:12} {row['requests']:8}{times}")
    memory = report["memory"]
    lines.append(f"memory: {memory['every_tenth_mb']} MB, growth {memory['growth_percent']} %")
    lines.append(f"photographs: {report['photographs']}")
    lines += [f"BROKEN: {text}" for text in report["broken_promises"]] or ["all promises kept"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the results")
    parser.add_argument("--odd", type=Path, help="folder of odd and hostile files")
    parser.add_argument("--requests", type=int, default=8000, help="at least; polls not counted")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--note", default="", help="about the machine, say that it was busy")
    options = parser.parse_args()
    report = describe_machine() | ({"note": options.note} if options.note else {})
    report |= soak(options.requests, options.clients, options.odd, options.seed)
    print(table(report))
    if options.output:
        text = json.dumps(report, indent=2)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text + "\n", encoding="utf-8")
    return int(bool(report["broken_promises"]))


if __name__ == "__main__":
    sys.exit(main())
