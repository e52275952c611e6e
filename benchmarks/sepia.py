#!/usr/bin/env python3
"""How brown old photographs come out, whose true colours nobody knows.

    python benchmarks/sepia.py PHOTO|FOLDER… [--sheet docs/sepia.jpg]

For the bare network and the default settings, with and without cast removal: the share of results
that have hardly any colour but warm ones (colorizer.evaluation.sepia), the mean a* and b*, the mean
chroma, the mean share of warm hues. --sheet: the photographs that the bare network makes warmest,
grey, bare and default side by side. For photographs in colour, whose truth is known:
``colorizer evaluate``, column "sepia".
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from colorizer import Colorizer, ColorizerError, Photo, Settings, read
from colorizer.color.palette import warm_share
from colorizer.evaluation.bare import Bare, bare_settings
from colorizer.evaluation.metrics import to_lab
from colorizer.evaluation.sepia import warm_only_rate
from colorizer.photo import shrink
from colorizer.photo.srgb import to_depth
from colorizer.plan import find_inputs

SIZE = 512  # px, the long side at which colours are looked at
BARE = "bare network, T = 0.38"
ROWS = {
    BARE: bare_settings(0.38),
    "default without cast removal": replace(Settings(), cast_removal=0.0),
    "default": Settings(),
}


def pixels(photo: Photo) -> np.ndarray:
    values = to_depth(photo.pixels, 8)
    return values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)


def sheet(pictures: list[tuple[float, list[np.ndarray]]], count: int = 10) -> Image.Image:
    """The warmest by their first figure, a row each two photographs."""
    chosen = sorted(pictures, key=lambda item: -item[0])[:count]
    height = 200
    cells = [
        [Image.fromarray(p).resize((round(p.shape[1] * height / p.shape[0]), height)) for p in row]
        for _, row in chosen
    ]
    widths = [sum(cell.width for cell in row) for row in cells]
    middle = max(widths[::2]) + 24
    image = Image.new("RGB", (middle + max(widths[1::2]), (height + 12) * len(cells[::2])), "white")
    for number, row in enumerate(cells):
        x, y = middle * (number % 2), (height + 12) * (number // 2)
        for cell in row:
            image.paste(cell, (x, y))
            x += cell.width
    return image


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    model = Colorizer.load()
    bare = Bare(model)
    found: dict[str, list[np.ndarray]] = {name: [] for name in ROWS}
    pictures = []
    for item in find_inputs(options.photos, recursive=True):
        photo = read(item.path)
        small = shrink(photo, SIZE)
        prediction = model.predict(photo)
        row = [pixels(small)]
        for name, settings in ROWS.items():
            result = (bare if name == BARE else model).render(small, prediction, settings)
            row.append(pixels(result))
            found[name].append(to_lab(row[-1])[..., 1:])
        warmth = warm_share(np.moveaxis(found[BARE][-1], -1, 0))
        pictures.append((warmth, [row[0], row[1], row[-1]]))
    print(f"{len(pictures)} photographs, {SIZE} px\n")
    print("| | warm only | warm share of the chroma | mean a* | mean b* | mean chroma |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, results in found.items():
        shares = [warm_share(np.moveaxis(ab, -1, 0)) for ab in results]
        a, b = np.mean([ab.mean((0, 1)) for ab in results], axis=0)
        chroma = np.mean([np.hypot(ab[..., 0], ab[..., 1]).mean() for ab in results])
        print(
            f"| {name} | {warm_only_rate(results):.0%} | {np.mean(shares):.2f} "
            f"| {a:+.1f} | {b:+.1f} | {chroma:.1f} |"
        )
    if options.sheet:
        sheet(pictures).save(options.sheet, quality=85)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ColorizerError as error:
        sys.exit(str(error))
