#!/usr/bin/env python3
"""Measure time and memory from file to file, beside a textbook pipeline on the same weights.

    python benchmarks/pipeline.py -o docs/performance.json
    python benchmarks/pipeline.py --only "24 MP" --only slider --rounds 3

Every measurement has a process of its own: it loads the model, does the work once to warm up, and
then ``--rounds`` times; the median counts. Memory is the peak resident size of that process,
libraries and model included. The cold command line and the folder are ``colorizer colorize`` as
anybody would call it. The photographs are made in a temporary folder: smooth shapes of all sizes,
and grain. The textbook pipeline is in ``textbook.py`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
#: name -> (megapixels, bits, suffix of the source, of the result, whether the textbook can)
CASES: dict[str, tuple[float, int, str, str, bool]] = {
    "1 MP JPEG to JPEG": (1, 8, ".jpg", ".jpg", True),
    "24 MP JPEG to JPEG": (24, 8, ".jpg", ".jpg", True),
    "24 MP 16-bit TIFF to 16-bit TIFF": (24, 16, ".tif", ".tif", True),
    "100 MP 16-bit TIFF to JPEG": (99.9, 16, ".tif", ".jpg", False),
}
SLIDER, COLD, FOLDER = "slider, 1024 px preview", "cold command line, 1 MP", "folder of 1 MP"
#: what each should reach: speed-up, share of the textbook's memory; or absolute
GOALS = {
    "1 MP JPEG to JPEG": "≥ 4 ×, ≤ 1/2",
    "24 MP JPEG to JPEG": "≥ 12 ×, ≤ 1/5",
    "24 MP 16-bit TIFF to 16-bit TIFF": "≥ 6 ×, ≤ 1/3",
    "100 MP 16-bit TIFF to JPEG": "≤ 2.5 GB",
    SLIDER: "≤ 0.030 s",
    COLD: "≤ 2 s",
    FOLDER: "≥ 5 a second, flat",
}


def photograph(path: Path, megapixels: float, bits: int, seed: int = 0) -> None:
    """Write a grey picture of shapes of all sizes, with grain; the same one for the same seed."""
    import numpy as np
    import tifffile
    from PIL import Image

    rng = np.random.default_rng(seed)
    height = int((megapixels * 1e6 / 1.5) ** 0.5)
    width = height * 3 // 2
    small = np.zeros((256, 384), np.float32)
    for octave in range(1, 8):
        noise = rng.normal(0, 0.6**octave, (2**octave + 1, 3 * 2 ** (octave - 1) + 1))
        image = Image.fromarray(noise.astype(np.float32))
        small += np.asarray(image.resize((384, 256), Image.Resampling.BICUBIC))
    image = Image.fromarray(small / (4 * small.std()) + np.float32(0.45))
    large = np.array(image.resize((width, height), Image.Resampling.BICUBIC))
    for row in large:
        row += rng.normal(0, 0.012, width).astype(np.float32)
    np.clip(large, 0, 1, out=large)
    large *= (1 << bits) - 1
    pixels = large.astype(np.uint8 if bits == 8 else np.uint16)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="minisblack")
    else:
        Image.fromarray(pixels).save(path, quality=92)


def peak_mb() -> int:
    """Peak resident size of this process, MB. Its parent is small, so nothing is inherited."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def timed(work: Any, rounds: int) -> list[float]:
    """Seconds of each round, after one that does not count."""
    work(0)
    seconds = []
    for i in range(rounds):
        start = time.perf_counter()
        work(i + 1)
        seconds.append(time.perf_counter() - start)
    return seconds


def measure_ours(source: Path, target: Path, rounds: int) -> list[float]:
    from colorizer import Colorizer, Settings
    from colorizer import photo as files

    colorizer, settings = Colorizer.load(), Settings()
    note = colorizer.provenance(settings)
    kind = files.SUFFIX_TO_FORMAT[target.suffix]

    def work(_: int) -> None:
        from dataclasses import replace

        photo = files.read(source)
        photo = replace(photo, bit_depth=files.depth_for(photo, kind))
        files.write(colorizer.colorize(photo, settings), target, provenance=note)

    return timed(work, rounds)


def measure_textbook(source: Path, target: Path, rounds: int) -> list[float]:
    from textbook import Textbook

    pipeline = Textbook()
    return timed(lambda _: pipeline.colorize(source, target), rounds)


def measure_slider(source: Path, _: Path, rounds: int) -> list[float]:
    from colorizer import Colorizer, Settings, render, shrink
    from colorizer import photo as files

    photo = files.read(source)
    prediction = Colorizer.load().predict(photo)
    preview = shrink(photo, 1024)

    def work(i: int) -> None:
        render(preview, prediction, Settings(temperature=0.3 + 0.01 * (i % 50)))

    return timed(work, 4 * rounds)


MEASURES = {"ours": measure_ours, "textbook": measure_textbook, "slider": measure_slider}


def child(*arguments: object) -> dict[str, Any]:
    """Run this file in a process of its own; what it prints is JSON."""
    command = [sys.executable, __file__, "--child", *map(str, arguments)]
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def as_child(kind: str, *arguments: str) -> None:
    """The other side of :func:`child`."""
    if kind == "machine":
        from colorizer.evaluation.machine import describe_machine

        print(json.dumps(describe_machine()))
    elif kind == "photograph":
        path, megapixels, bits = arguments
        photograph(Path(path), float(megapixels), int(bits))
        print("{}")
    elif kind == "folder":
        path, count = arguments
        for i in range(int(count)):
            photograph(Path(path) / f"{i:03}.jpg", 1, 8, i)
        print("{}")
    else:
        source, target, rounds = arguments
        seconds = MEASURES[kind](Path(source), Path(target), int(rounds))
        print(json.dumps({"seconds": statistics.median(seconds), "peak_mb": peak_mb()}))


def command_line(*arguments: object) -> dict[str, Any]:
    """``colorizer colorize`` with these arguments: seconds and peak memory."""
    command = [sys.executable, "-m", "colorizer", "colorize", *map(str, arguments)]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("colorizer colorize failed.")
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss >> 10}


def measure_case(name: str, folder: Path, rounds: int) -> dict[str, Any]:
    megapixels, bits, suffix, target, comparable = CASES[name]
    source = folder / f"source{suffix}"
    child("photograph", source, megapixels, bits)
    row = {"ours": child("ours", source, folder / f"ours{target}", rounds)}
    if comparable:
        row["textbook"] = child("textbook", source, folder / f"textbook{target}", rounds)
    return row


def measure_cold(folder: Path, rounds: int) -> dict[str, Any]:
    source = folder / "cold.jpg"
    child("photograph", source, 1, 8)
    runs = [command_line(source, "-o", folder / f"cold-{i}.jpg") for i in range(rounds + 1)]
    seconds = statistics.median(run["seconds"] for run in runs[1:])
    return {"ours": {"seconds": seconds, "peak_mb": max(run["peak_mb"] for run in runs)}}


def measure_folder(folder: Path, count: int) -> dict[str, Any]:
    """All of them, and a fifth of them: the command's start cancels, and memory is flat or not."""
    runs = []
    for part in (count // 5, count):
        photos = folder / f"folder-{part}"
        photos.mkdir()
        child("folder", photos, part)
        runs.append(command_line(photos, "-o", folder / f"out-{part}", "--jobs", "auto"))
    few, all_ = runs
    rate = (count - count // 5) / (all_["seconds"] - few["seconds"])
    return {
        "ours": all_, "photographs": count, "a_second": rate,
        "a_second_with_start": count / all_["seconds"], "peak_mb_of_a_fifth": few["peak_mb"],
    }  # fmt: skip


def line(name: str, row: dict[str, Any]) -> str:
    """One line of the table."""
    ours, textbook = row["ours"], row.get("textbook")
    text = f"{name:34}{ours['seconds']:8.3f} s{ours['peak_mb']:7} MB"
    if textbook:
        text += f"{textbook['seconds']:9.3f} s{textbook['peak_mb']:7} MB"
        text += f"{row['speed_up']:8.1f} x{row['memory_share']:7.2f}"
    elif "a_second" in row:
        text += (
            f"  {row['a_second']:.1f} a second, {row['peak_mb_of_a_fifth']} MB for a fifth of them"
        )
    return f"{text}  (goal: {GOALS[name]})"


def table(report: dict[str, Any]) -> str:
    """The rows as Markdown, with the machine."""
    lines = [
        "| work | textbook | Colorizer | against the textbook | goal |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for name, row in report["rows"].items():
        ours, textbook = row["ours"], row.get("textbook")
        cells = [name, "", f"{ours['seconds']:.3g} s, {ours['peak_mb']:,} MB", ""]
        if textbook:
            cells[1] = f"{textbook['seconds']:.3g} s, {textbook['peak_mb']:,} MB"
            cells[3] = f"{row['speed_up']:.1f} × faster, {row['memory_share']:.2f} of the memory"
        elif "a_second" in row:
            cells[0] = name.replace("1 MP", f"{row['photographs']} × 1 MP")
            cells[2] = (
                f"{row['a_second_with_start']:.1f} a second with the command's start, "
                f"{row['a_second']:.1f} without; {ours['peak_mb']:,} MB "
                f"({row['peak_mb_of_a_fifth']:,} MB for a fifth of them)"
            )
        lines.append("| " + " | ".join([*cells, row["goal"]]) + " |")
    rounds, machine, threads = (report[key] for key in ("rounds", "machine", "threads"))
    return (
        "\n".join(lines)
        + f"\n\nMedian of {rounds}, warm; the folder once. {machine}, {threads} threads."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the results")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts")
    parser.add_argument("--photographs", type=int, default=100, help="in the folder")
    parser.add_argument("--only", action="append", metavar="TEXT", help="lines that contain it")
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in GOALS:
            if options.only and not any(text in name for text in options.only):
                continue
            if name == SLIDER:
                child("photograph", folder / "slider.jpg", 1.5, 8)
                row = {"ours": child("slider", folder / "slider.jpg", folder, options.rounds)}
            elif name == COLD:
                row = measure_cold(folder, options.rounds)
            elif name == FOLDER:
                row = measure_folder(folder, options.photographs)
            else:
                row = measure_case(name, folder, options.rounds)
            if "textbook" in row:
                row["speed_up"] = row["textbook"]["seconds"] / row["ours"]["seconds"]
                row["memory_share"] = row["ours"]["peak_mb"] / row["textbook"]["peak_mb"]
            rows[name] = row | {"goal": GOALS[name]}
            print(line(name, row), flush=True)
    if options.output:
        report = child("machine") | {"rounds": options.rounds, "rows": rows}
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        as_child(*sys.argv[2:])
    else:
        main()
