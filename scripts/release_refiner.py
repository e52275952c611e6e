#!/usr/bin/env python3
"""Replace the shipped refiner by a trained one and note its checksum.

    python scripts/release_refiner.py runs/mine.refiner.safetensors

It must have been trained on the answers of the weights that ship (colorizer train-refiner).
Measure first (benchmarks/), and update weights/MODEL_CARD.md: it must name the new sha256.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from colorizer import weights
from colorizer.settings import DEFAULT_MODEL
from colorizer.weights.catalogue import refiner_of


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(__file__).resolve().parents[1] / "weights"
    target = refiner_of(folder / f"{DEFAULT_MODEL}.safetensors")
    shutil.copyfile(sys.argv[1], target)
    entry = weights.update_catalogue(DEFAULT_MODEL, folder=folder)
    loaded = weights.load(DEFAULT_MODEL)
    if loaded.refiner is None:
        print(f"{target.name} was trained for other weights.", file=sys.stderr)
        return 1
    print(f"{target.name}: {target.stat().st_size:,} bytes, sha256 {entry.refiner_sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
