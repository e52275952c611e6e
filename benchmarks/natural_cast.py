#!/usr/bin/env python3
"""What nearly neutral pixels of true photographs have: NATURAL in colorizer/color/cast.py.

python benchmarks/natural_cast.py PHOTOS…
"""

from __future__ import annotations

import sys

import numpy as np
import torch

from colorizer.color.cast import NATURAL, neutral_mean
from colorizer.training.augment import to_lab_batch
from colorizer.training.photos import find_photos, load_squares


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    squares, skipped = load_squares(find_photos(sys.argv[1:]), 256, limit=1)
    rows = []
    for square in torch.split(squares, 1):
        target = to_lab_batch(square.permute(0, 3, 1, 2).float() / 255).target[0]
        rows.append(neutral_mean(target))
    a, b, share = np.mean(rows, axis=0)
    print(f"{len(rows)} photographs, {skipped} skipped: a* {a:.2f}, b* {b:.2f}, share {share:.2f}")
    print(f"in use: {NATURAL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
