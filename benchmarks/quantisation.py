#!/usr/bin/env python3
"""What storing the weights as int8 costs, against the float checkpoint that they come from.

    python benchmarks/quantisation.py runs/mine/last.pt PHOTOS… [--limit 100]

Prints the mean and largest difference in decoded ab at T = 0.38 and T = 1, and the PSNR of both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from colorizer import weights
from colorizer.color.bins import annealed_mean
from colorizer.engines import open_engine
from colorizer.evaluation.machine import describe_machine
from colorizer.training.augment import to_lab_batch
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.export import averaged_network, export_weights
from colorizer.training.photos import find_photos, load_squares
from colorizer.training.validate import render_batch
from colorizer.weights.tensors import from_torch


def psnr(truth: torch.Tensor, lightness: torch.Tensor, ab: np.ndarray) -> float:
    result = render_batch(lightness, torch.from_numpy(ab)[None])[0]
    error = float(((truth - result) * 255).square().mean())
    return float(10 * np.log10(255**2 / error))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = export_weights(arguments.checkpoint, Path(folder) / "stored.safetensors")
        size = file.stat().st_size
        stored = weights.load(str(file))
    original = replace(
        stored, tensors=from_torch(averaged_network(load_checkpoint(arguments.checkpoint)))
    )
    engines = {"int8": open_engine(stored, "cpu"), "float": open_engine(original, "cpu")}
    items = find_photos(arguments.photos)[: arguments.limit]
    squares, _ = load_squares(items, 256, limit=1)
    differences: dict[float, list[float]] = {0.38: [], 1.0: []}
    figures: dict[tuple[str, float], list[float]] = {}
    for square in squares:
        rgb = square.permute(2, 0, 1)[None].float() / 255
        lightness = to_lab_batch(rgb).lightness
        logits = {n: e.logits(lightness[:, 0].numpy())[0] for n, e in engines.items()}
        for temperature, list_ in differences.items():
            ab = {n: annealed_mean(z, temperature, axis=0) for n, z in logits.items()}
            list_.append(float(np.linalg.norm(ab["int8"] - ab["float"], axis=0).mean()))
            for name, value in ab.items():
                figures.setdefault((name, temperature), []).append(psnr(rgb[0], lightness, value))
    print(f"{len(squares)} photographs, {size / 1e6:.1f} MB stored; {describe_machine()}")
    for temperature, list_ in differences.items():
        print(
            f"T = {temperature}: mean |Δab| {np.mean(list_):.3f}, "
            f"worst photograph {max(list_):.3f}; "
            f"PSNR int8 {np.mean(figures['int8', temperature]):.3f}, "
            f"float {np.mean(figures['float', temperature]):.3f} dB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
