#!/usr/bin/env python3
"""Replace the shipped weights by a training checkpoint and note their checksum.

    python scripts/release_weights.py runs/mine/last.pt HELD_OUT_PHOTOS CALIBRATION_PHOTOS

The native temperature is found on the held-out photographs, the ranges of the activations for the
engine of 8 bits on the others, which may be from the training.
Measure first (benchmarks/), and update weights/MODEL_CARD.md: it must name the new sha256.
"""

from __future__ import annotations

import sys
from pathlib import Path

from colorizer import weights
from colorizer.settings import DEFAULT_MODEL
from colorizer.training.calibrate import temperature_errors
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.export import export_weights

FIELDS = {
    "licence": "BSD-3-Clause; encoder from VGG16, CC BY 4.0, see NOTICE",
    "card": "MODEL_CARD.md",
}


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(__file__).resolve().parents[1] / "weights"
    checkpoint = Path(sys.argv[1])
    errors = temperature_errors(load_checkpoint(checkpoint), [sys.argv[2]])
    for temperature, error in errors.items():
        print(f"temperature {temperature}: squared error {error:.2f}")
    best = min(errors, key=errors.__getitem__)
    print(f"native temperature {best}")
    target = folder / f"{DEFAULT_MODEL}.safetensors"
    file = export_weights(checkpoint, target, FIELDS, best, photos=[sys.argv[3]])
    entry = weights.update_catalogue(DEFAULT_MODEL, folder=folder)
    print(f"{file.name}: {entry.bytes:,} bytes, sha256 {entry.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
