#!/usr/bin/env python3
"""What it is worth to favour rare colours picture by picture (Markdown table).

    python benchmarks/rarity.py PHOTOS… [--limit 200]

For colour photographs whose truth is known: the gain over grey in PSNR and in rebalanced AuC, and
the chroma against the truth's, of the mean of each distribution (T = 1) at 1/4 of 256 x 256,

* with a common exponent of the training's class weights, p w^x, as the paper has it at x = 1;
* with the share of ``colorizer.color.rarity`` the same for all pictures;
* with that share by the picture's palette, as the library does it.

Both gains at once is the aim: a single number can be had by being pale, or by being bold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from colorizer import ColorizerError, weights
from colorizer.color.bins import decode, reweighting_shift
from colorizer.color.hues import statistics
from colorizer.color.lab import lab_to_srgb
from colorizer.color.rarity import (
    USUAL_CHROMA,
    calibrated_shift,
    expected_chroma,
    rarity_shift,
)
from colorizer.engines import open_engine
from colorizer.evaluation.auc import AucCounter
from colorizer.settings import DEFAULT_MODEL
from colorizer.training.augment import to_lab_batch
from colorizer.training.photos import find_photos, load_squares, thinned

Array = np.ndarray
#: what is tried of each
EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
AMOUNTS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0)


class Row:
    """PSNR, AuC and chroma of one way to decode."""

    def __init__(self) -> None:
        self.psnr: list[float] = []
        self.counter = AucCounter()
        self.chroma = 0.0

    def add(self, lightness: Array, truth: Array, ab: Array) -> None:
        """L* (1, h, w), true and decoded ab (2, h, w)."""
        error = float(np.mean((to_rgb(lightness, truth) - to_rgb(lightness, ab)) ** 2))
        self.psnr.append(-10 * np.log10(max(error, 1e-8)))
        self.counter.add(truth.reshape(2, -1).T, ab.reshape(2, -1).T)
        self.chroma += float(np.hypot(*ab).sum())


def to_rgb(lightness: Array, ab: Array) -> Array:
    """L* (1, h, w) and ab (2, h, w) as sRGB (h, w, 3), 0..1."""
    lab = np.moveaxis(np.concatenate([lightness, ab]), 0, -1)
    rgb: Array = np.clip(lab_to_srgb(lab), 0, 1)
    return rgb


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--limit", type=int, default=200)
    options = parser.parse_args()
    model = weights.load(options.model)
    w, native = model.rebalancing_weights, model.native_temperature
    engine = open_engine(model, "auto")
    items = thinned(find_photos(options.photos), options.limit)
    squares, _ = load_squares(items, 256, limit=1, progress=False)

    def same(amount: float, found: Array) -> Array:
        usual = amount * np.sqrt(USUAL_CHROMA / expected_chroma(found))
        return rarity_shift(w, found, usual, native)

    ways: dict[str, tuple[tuple[float, ...], Callable[[float, Array], Array]]] = {
        "exponent": (EXPONENTS, lambda x, _: reweighting_shift(w, x)),
        "share, the same for all": (AMOUNTS, same),
        "share by the palette": (AMOUNTS, lambda x, found: rarity_shift(w, found, x, native)),
    }
    grey, rows = Row(), {(name, x): Row() for name, (values, _) in ways.items() for x in values}
    true_chroma = 0.0
    for square in torch.split(squares, 1):
        batch = to_lab_batch(square.permute(0, 3, 1, 2).float() / 255)
        logits = engine.logits(batch.lightness[0].numpy())[0]
        found = statistics(logits, native, calibrated_shift(w)).palette
        lightness, truth = batch.target_lightness[0].numpy(), batch.target[0].numpy()
        true_chroma += float(np.hypot(*truth).sum())
        grey.add(lightness, truth, np.zeros_like(truth))
        for (name, x), row in rows.items():
            row.add(lightness, truth, decode(logits, native, ways[name][1](x, found)))
    print("| rare colours | amount | PSNR over grey | AuC rebal. over grey | chroma |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for (name, x), row in rows.items():
        psnr = np.mean(row.psnr) - np.mean(grey.psnr)
        auc = row.counter.auc_rebalanced - grey.counter.auc_rebalanced
        chroma = row.chroma / true_chroma
        print(f"| {name} | {x:g} | {psnr:+.2f} dB | {auc:+.2f} | {chroma:.2f} |")
    print(f"\n{len(squares)} photographs, {model.name} {model.sha256[:12]}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ColorizerError as error:
        sys.exit(str(error))
