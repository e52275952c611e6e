#!/usr/bin/env python3
"""What 8 bits cost, against the float checkpoint that the weights come from.

    python benchmarks/quantisation.py runs/mine/last.pt PHOTOS… [--ranges PHOTOS…] [--limit 100]

Without --ranges only the weights have 8 bits, as they are stored; with it the activations have too,
as the engine openvino computes them. Prints the mean and largest difference in decoded ab at
T = 0.38 and T = 1, the PSNR and ΔE2000 to the truth of both, and the time that each takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from colorizer import weights
from colorizer.color.bins import annealed_mean
from colorizer.engines import open_engine
from colorizer.evaluation.machine import describe_machine
from colorizer.evaluation.metrics import delta_e2000, psnr, to_lab
from colorizer.training.augment import to_lab_batch
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.export import averaged_network, export_weights
from colorizer.training.photos import find_photos, load_squares
from colorizer.training.validate import render_batch
from colorizer.weights.tensors import from_torch


def errors(truth: np.ndarray, lightness: torch.Tensor, ab: np.ndarray) -> tuple[float, float]:
    """PSNR, dB, and ΔE2000 of the 8-bit result to ``truth`` (H, W, 3)."""
    result = render_batch(lightness, torch.from_numpy(ab)[None])[0].permute(1, 2, 0)
    pixels = (result * 255 + 0.5).byte().numpy()
    return psnr(truth, pixels), delta_e2000(to_lab(truth), to_lab(pixels))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--ranges", nargs="+", type=Path, default=[])
    parser.add_argument("--limit", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stored.safetensors"
        export_weights(arguments.checkpoint, file, photos=arguments.ranges)
        size = file.stat().st_size
        stored = weights.load(str(file))
    original = replace(
        stored,
        tensors=from_torch(averaged_network(load_checkpoint(arguments.checkpoint))),
        ranges={},
    )
    engines = {"int8": open_engine(stored, "cpu"), "float": open_engine(original, "cpu")}
    items = find_photos(arguments.photos)[: arguments.limit]
    squares, _ = load_squares(items, 256, limit=1)
    differences: dict[float, list[float]] = {0.38: [], 1.0: []}
    figures: dict[tuple[str, float], list[tuple[float, float]]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for square in squares:
        rgb = square.permute(2, 0, 1)[None].float() / 255
        lightness = to_lab_batch(rgb).lightness
        logits = {}
        for name, engine in engines.items():
            start = time.perf_counter()
            logits[name] = engine.logits(lightness[:, 0].numpy())[0]
            seconds[name].append(time.perf_counter() - start)
        for temperature, list_ in differences.items():
            ab = {n: annealed_mean(z, temperature, axis=0) for n, z in logits.items()}
            list_.append(float(np.linalg.norm(ab["int8"] - ab["float"], axis=0).mean()))
            for name, value in ab.items():
                found = errors(square.numpy(), lightness, value)
                figures.setdefault((name, temperature), []).append(found)
    print(f"{len(squares)} photographs, {size / 1e6:.1f} MB stored; {describe_machine()}")
    for name, engine in engines.items():
        about = f"{engine.name}, {engine.precision}"
        print(f"{name}: {about}, {np.median(seconds[name]):.3f} s a photograph")
    for temperature, list_ in differences.items():
        ours, exact = (np.mean(figures[name, temperature], axis=0) for name in engines)
        print(
            f"T = {temperature}: mean |Δab| {np.mean(list_):.3f}, "
            f"worst photograph {max(list_):.3f}; "
            f"PSNR int8 {ours[0]:.3f}, float {exact[0]:.3f} dB; "
            f"ΔE2000 int8 {ours[1]:.3f}, float {exact[1]:.3f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
