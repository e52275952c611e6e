#!/usr/bin/env python3
"""Measure the web application as people feel it, against a server of its own.

    python benchmarks/web.py -o docs/web.json

Starts ``colorizer serve`` on a free port with the embedded queue in an empty folder (rate limits
raised, nothing else changed) and measures over HTTP, on this machine:

* latency: from sending a 1 MP JPEG until its coloured preview has arrived (median, server warm);
* slider: from asking for other settings until the new preview has arrived (median);
* hint: the same for one more hint, the first of a photograph left out;
* load: 16 clients that upload as fast as they are let for 60 s; every answer that is not 201 or an
  honest 503 (one with Retry-After) is an error, and so is an accepted photograph that does not
  become ready;
* memory: resident memory of the server over the photographs of a run, growth after the first 100.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import requests
from served import Client, photographs, resident, server

from colorizer.evaluation.machine import describe_machine

CLIENTS = 16
LOAD_SECONDS = 60.0


def latency(address: str, rounds: int) -> dict[str, float]:
    client = Client(address)
    uploads, sliders, hinted = [], [], []
    photo = ""
    for i, data in enumerate(photographs(rounds + 2)):
        start = time.perf_counter()
        sent = client.send(data)
        sent.raise_for_status()
        photo = sent.json()["id"]
        client.wait(photo)
        client.get(f"/photos/{photo}/preview").raise_for_status()
        if i >= 2:  # the first ones warm it up
            uploads.append(time.perf_counter() - start)
    for i in range(2 * rounds):
        start = time.perf_counter()
        query = {"temperature": 0.3 + 0.005 * i, "saturation": 1.0 + 0.01 * i}
        client.get(f"/photos/{photo}/preview", **query).raise_for_status()
        sliders.append(time.perf_counter() - start)
    hints: list[str] = []
    for i in range(rounds + 1):
        hints.append(f"{(i + 0.5) / (rounds + 1):.3f},0.4,navy")
        start = time.perf_counter()
        client.get(f"/photos/{photo}/preview", hint=hints).raise_for_status()
        hinted.append(time.perf_counter() - start)
    return {
        "upload_to_preview_s": round(statistics.median(uploads), 3),
        "upload_to_preview_worst_s": round(max(uploads), 3),
        "slider_to_preview_s": round(statistics.median(sliders), 3),
        "slider_to_preview_worst_s": round(max(sliders), 3),
        "hint_to_preview_s": round(statistics.median(hinted[1:]), 3),
        "hint_to_preview_worst_s": round(max(hinted[1:]), 3),
    }


def load(address: str, process: psutil.Process, seconds: float) -> dict[str, Any]:
    """Many clients at once; see the module's text."""
    pictures = photographs(8)
    answers: Counter[str] = Counter()
    accepted: list[tuple[Client, str]] = []
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def visit(number: int) -> None:
        client = Client(address)
        turn = number
        while time.monotonic() < end:
            turn += 1
            try:
                answer = client.send(pictures[turn % len(pictures)])
            except requests.RequestException as error:
                with lock:
                    answers[type(error).__name__] += 1
                continue
            honest = answer.status_code == 503 and "Retry-After" in answer.headers
            with lock:
                answers["503, Retry-After" if honest else str(answer.status_code)] += 1
                if answer.status_code == 201:
                    accepted.append((client, answer.json()["id"]))
            if honest:
                time.sleep(min(float(answer.headers["Retry-After"]), 1.0))

    threads = [threading.Thread(target=visit, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends = Counter(client.wait(photo) for client, photo in accepted)
    for client, photo in accepted:
        client.delete(photo)
    return {
        "clients": CLIENTS,
        "seconds": seconds,
        "answers": dict(answers),
        "accepted_photographs": dict(ends),
        "resident_mb": resident(process) // 2**20,
    }


def memory(address: str, process: psutil.Process, photos: int) -> dict[str, Any]:
    """One client, one photograph after another: upload, preview, delete."""
    client = Client(address)
    pictures = photographs(25)
    curve = []
    for i in range(photos):
        sent = client.send(pictures[i % len(pictures)])
        sent.raise_for_status()
        photo = sent.json()["id"]
        client.wait(photo)
        client.get(f"/photos/{photo}/preview", saturation=1.2).raise_for_status()
        client.delete(photo)
        if (i + 1) % 25 == 0:
            curve.append(resident(process) // 2**20)
            print(f"{i + 1} photographs: {curve[-1]} MB", file=sys.stderr)
    result: dict[str, Any] = {"photographs": photos, "every_25_mb": curve}
    if len(curve) > 4:
        after_100 = curve[3]
        result["growth_after_100_percent"] = round(100 * (max(curve[4:]) / after_100 - 1), 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the results")
    parser.add_argument("--rounds", type=int, default=20, help="photographs timed for the latency")
    parser.add_argument("--seconds", type=float, default=LOAD_SECONDS, help="of load")
    parser.add_argument("--photographs", type=int, default=500, help="for the memory; 0: leave out")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    if options.output and options.output.exists():  # parts that are not measured now stay
        report = json.loads(options.output.read_text(encoding="utf-8"))
    report |= describe_machine()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (address, process):
        report["latency"] = latency(address, options.rounds)
        if options.photographs:
            report["memory"] = memory(address, process, options.photographs)
        if options.seconds:
            report["load"] = load(address, process, options.seconds)
    text = json.dumps(report, indent=2)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
