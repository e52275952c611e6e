#!/usr/bin/env python3
"""Colorize photographs and lay them out before and after on one sheet.

    python scripts/contact_sheet.py PHOTO|FOLDER… -o SHEET.jpg [--setting temperature=0.5,…]

Every result is made by the library as a user would have it, at full size, and then shrunk. A
column may be of another model: --setting model=FILE,….
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from colorizer import Colorizer, ColorizerError, Photo, Settings, read
from colorizer.photo.srgb import to_depth
from colorizer.settings import parse_assignments

MARGIN, CAPTION = 12, 22


def thumbnail(photo: Photo, size: int) -> Image.Image:
    image = Image.fromarray(to_depth(photo.pixels, 8)).convert("RGB")
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    return image


def tile(name: str, pictures: list[Image.Image], size: int) -> Image.Image:
    """Pictures side by side in equal cells with the name below."""
    height = max(p.height for p in pictures)
    width = sum(p.width for p in pictures) + 4 * (len(pictures) - 1)
    cell = Image.new("RGB", (max(width, size), height + CAPTION), "white")
    left = (cell.width - width) // 2
    for picture in pictures:
        cell.paste(picture, (left, height - picture.height))
        left += picture.width + 4
    draw = ImageDraw.Draw(cell)
    draw.text((cell.width / 2, height + 4), name, "#444", ImageFont.load_default(13), "ma")
    return cell


def sheet(cells: list[Image.Image], columns: int) -> Image.Image:
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    widths = [
        max(row[c].width for row in rows if c < len(row)) for c in range(min(columns, len(cells)))
    ]
    heights = [max(cell.height for cell in row) for row in rows]
    size = (sum(widths) + MARGIN * (len(widths) + 1), sum(heights) + MARGIN * (len(rows) + 1))
    page = Image.new("RGB", size, "white")
    top = MARGIN
    for row, height in zip(rows, heights, strict=True):
        left = MARGIN
        for cell, width in zip(row, widths, strict=False):
            page.paste(cell, (left + (width - cell.width) // 2, top + height - cell.height))
            left += width + MARGIN
        top += height + MARGIN
    return page


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", default="eccv16-vgg16")
    parser.add_argument("--setting", action="append", default=[], help="one more result column")
    parser.add_argument("--size", type=int, default=300, help="longest side of a picture, px")
    parser.add_argument("--columns", type=int, default=3)
    arguments = parser.parse_args()
    files: list[Path] = []
    for path in arguments.photos:
        files += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    base = Settings(model=arguments.model)
    variants = [base.with_changes(parse_assignments(s)) for s in arguments.setting] or [base]
    models = {name: Colorizer.load(name) for name in {settings.model for settings in variants}}
    cells = []
    for file in files:
        try:
            photo = read(file)
        except ColorizerError as error:
            print(f"{file.name}: {error}", file=sys.stderr)
            continue
        results = [models[settings.model].colorize(photo, settings) for settings in variants]
        pictures = [thumbnail(p, arguments.size) for p in (photo, *results)]
        cells.append(tile(file.stem, pictures, arguments.size))
        print(file.name, np.shape(photo.pixels), file=sys.stderr)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sheet(cells, arguments.columns).save(arguments.output, quality=85)
    return 0


if __name__ == "__main__":
    sys.exit(main())
