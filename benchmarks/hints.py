#!/usr/bin/env python3
"""What hints are worth: PSNR by their number, beside Levin's optimisation alone (Markdown table).

    python benchmarks/hints.py PHOTOS… [--limit 40] [-o docs/hints.json]

Simulated as in Zhang et al. ("Real-Time User-Guided Image Colorization with Learned Deep Priors",
2017): at random places a person gives the true colour, the mean of 7 x 7 pixels. Photographs are
prepared and measured as by ``colorizer evaluate``. Levin's optimisation (Levin, Lischinski and
Weiss, "Colorization using Optimization", 2004) has all its colours from the same hints, as strokes
of 7 x 7 pixels, on every pixel, with the weights of that paper: w_rs proportional to
exp(-(Y_r - Y_s)^2 / (2 sigma_r^2)) over the 8 neighbours, sigma_r^2 the variance around r.
Below the table is the time of a preview of 1,024 px after one more hint.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu
from tqdm import tqdm

from colorizer import Colorizer, Guidance, Hint, Photo, Settings, render, shrink
from colorizer.color.lab import lab_to_srgb, srgb_to_lab
from colorizer.evaluation.machine import describe_machine
from colorizer.evaluation.metrics import psnr
from colorizer.evaluation.protocol import Protocol, to_8bit
from colorizer.evaluation.sources import candidates, expand
from colorizer.training.photos import thinned

Array = NDArray[Any]

COUNTS = (0, 1, 2, 5, 10, 20, 50)
_HALF = 3  # of the side of a hint's patch, px


def places(shape: tuple[int, ...], number: int) -> list[tuple[int, int]]:
    """Row and column of all hints of a photograph; the same at every run."""
    draw = np.random.default_rng((7, number))
    return [
        (int(draw.integers(_HALF, shape[0] - _HALF)), int(draw.integers(_HALF, shape[1] - _HALF)))
        for _ in range(max(COUNTS))
    ]


def patch(row: int, column: int) -> tuple[slice, slice]:
    """The pixels of a hint."""
    return slice(row - _HALF, row + _HALF + 1), slice(column - _HALF, column + _HALF + 1)


def levin(luma: Array, hints: list[tuple[int, int, Array]]) -> Array:
    """ab (H, W, 2) of Levin's optimisation.

    Args:
        luma: (H, W), 0..1.
        hints: row, column and (a*, b*) of each.
    """
    height, width = luma.shape
    number = np.arange(luma.size).reshape(luma.shape)
    padded = np.pad(luma, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    variance = np.maximum(0.6 * windows.var(axis=(2, 3)), 2e-6)
    rows, columns, values = [], [], []
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dy == dx == 0:
                continue
            y = slice(max(-dy, 0), height - max(dy, 0))
            x = slice(max(-dx, 0), width - max(dx, 0))
            to_y = slice(max(dy, 0), height - max(-dy, 0))
            to_x = slice(max(dx, 0), width - max(-dx, 0))
            step = luma[y, x] - luma[to_y, to_x]
            rows.append(number[y, x].ravel())
            columns.append(number[to_y, to_x].ravel())
            values.append(np.exp(-(step**2) / (2 * variance[y, x])).ravel() + 1e-9)
    weights = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(luma.size, luma.size),
    )
    free = np.ones(luma.size)
    wanted = np.zeros((luma.size, 2))
    for row, column, ab in hints:
        inside = number[patch(row, column)].ravel()
        free[inside] = 0
        wanted[inside] = ab
    share = diags(free / np.asarray(weights.sum(axis=1)).ravel()) @ weights
    solver = splu((diags(np.ones(luma.size)) - share).tocsc())
    return np.asarray(solver.solve(wanted)).reshape(height, width, 2)


def measure(model: Colorizer, data: bytes, number: int) -> tuple[list[float], list[float]]:
    """PSNR by number of hints: ours, and Levin's (without hints: grey)."""
    protocol, settings = Protocol(), Settings()
    truth = protocol.truth(data)
    photo = protocol.input(truth, number)
    lab = srgb_to_lab(truth.astype(np.float32) / 255)
    prediction = model.predict(photo)
    all_hints = [
        (r, c, lab[patch(r, c)][..., 1:].mean(axis=(0, 1))) for r, c in places(lab.shape, number)
    ]
    ours, theirs = [], []
    for count in COUNTS:
        known = all_hints[:count]
        guidance = Guidance(
            tuple(
                Hint(
                    (c + 0.5) / photo.width, (r + 0.5) / photo.height, (float(ab[0]), float(ab[1]))
                )
                for r, c, ab in known
            )
        )
        ours.append(psnr(truth, to_8bit(render(photo, prediction, settings, guidance).pixels)))
        lightness = photo.lightness()
        ab = levin(lightness / 100, known) if known else np.zeros((*lightness.shape, 2))
        picture = lab_to_srgb(np.dstack([lightness, ab]).astype(np.float32))
        theirs.append(psnr(truth, np.rint(picture * 255).astype(np.uint8)))
    return ours, theirs


def latency(model: Colorizer, repeats: int = 20) -> float:
    """Median seconds of a preview of 1,024 px after one more hint has been set."""
    draw = np.random.default_rng(0)
    noise = draw.integers(0, 255, (48, 64)).astype(np.uint8)
    photo = Photo(noise.repeat(32, 0).repeat(32, 1))
    prediction, small = model.predict(photo), shrink(photo, 1024)
    hints: list[Hint] = []
    taken = []
    for _ in range(repeats + 1):
        x, y = draw.random(2)
        hints.append(Hint(float(x), float(y), "navy"))
        start = time.perf_counter()
        render(small, prediction, Settings(), Guidance(tuple(hints)))
        taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))  # the first one factorises


def table(report: dict[str, Any]) -> str:
    """The Markdown table."""
    head = "| hints | " + " | ".join(map(str, COUNTS)) + " |"
    lines = [head, "|---|" + "---:|" * len(COUNTS)]
    for name, row in report["psnr"].items():
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    gains = [value - report["psnr"]["Colorizer"][0] for value in report["psnr"]["Colorizer"]]
    lines.append("| Colorizer, gain | " + " | ".join(f"{gain:+.2f}" for gain in gains) + " |")
    seconds, machine = report["seconds"], report["machine"]
    lines += [
        "",
        f"PSNR in dB, means of {report['photographs']} photographs. A preview of 1,024 px after "
        f"one more hint: {1000 * seconds:.0f} ms ({machine['machine']}).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    model = Colorizer.load()
    found = [c for c in candidates(expand(arguments.photos)) if c.problem is None]
    chosen = thinned(found, arguments.limit)
    scores = []
    for number, candidate in enumerate(tqdm(chosen)):
        scores.append(measure(model, candidate.data, number))
    mean = np.array(scores).mean(axis=0)
    report = {
        "photographs": len(scores),
        "counts": COUNTS,
        "psnr": {
            "Colorizer": mean[0].round(3).tolist(),
            "Levin's optimisation alone": mean[1].round(3).tolist(),
        },
        "seconds": round(latency(model), 4),
        "machine": describe_machine(),
    }
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(report))


if __name__ == "__main__":
    main()
