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
from colorizer.weights.checkpoint import parse_refiner, read_file
from colorizer.weights.files import sha256_of


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(__file__).resolve().parents[1] / "weights"
    refined = folder / f"{DEFAULT_MODEL}.safetensors"
    target = refiner_of(refined)
    trained = Path(sys.argv[1])
    if parse_refiner(*read_file(trained), trained, sha256_of(refined)) is None:
        print(f"{trained.name} was trained for other weights.", file=sys.stderr)
        return 1
    shutil.copyfile(trained, target)
    entry = weights.update_catalogue(DEFAULT_MODEL, folder=folder)
    print(f"{target.name}: {target.stat().st_size:,} bytes, sha256 {entry.refiner_sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
