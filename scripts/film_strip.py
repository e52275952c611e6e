#!/usr/bin/env python3
"""Moments of films on one sheet, one row of pictures a film, to judge colourings side by side.

    python scripts/film_strip.py ours.mp4 theirs.mp4 -o strip.png [--moments 10] [--cells 24]

The moments are spread over the first film; of the others those frames are taken whose grey is most
like it, so they may begin earlier or later. --cells shows the colours alone, as the means of so
many cells across: for films that are not ours to publish.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from contact_sheet import sheet, tile
from numpy.typing import NDArray
from PIL import Image


def moments(path: Path, times: Sequence[float]) -> list[Image.Image]:
    """The first frames at those times or after them, sRGB; the last one for those after the end."""
    found: list[Image.Image] = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            due = sum(time <= (frame.time or 0.0) for time in times[len(found) :])
            found += [_picture(frame)] * due
        return found + [_picture(frame)] * (len(times) - len(found))


def like(path: Path, pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Of another film the frames whose grey correlates most with that of ``pictures``."""
    wanted = [_grey(picture) for picture in pictures]
    best = [-1.0] * len(wanted)
    found = list(pictures)
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            picture = _picture(frame)
            grey = _grey(picture)
            for number, other in enumerate(wanted):
                if (alike := float((grey * other).mean())) > best[number]:
                    best[number], found[number] = alike, picture
    return found


def _picture(frame: av.VideoFrame) -> Image.Image:
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def _grey(picture: Image.Image) -> NDArray[np.float32]:
    """Small, of mean 0 and variance 1."""
    grey = np.asarray(picture.convert("L").resize((48, 36), Image.Resampling.BOX), np.float32)
    return np.asarray((grey - grey.mean()) / max(float(grey.std()), 1e-3), np.float32)


def in_cells(picture: Image.Image, cells: int) -> Image.Image:
    """The same size, as means of cells."""
    rows = max(round(cells * picture.height / picture.width), 1)
    small = picture.resize((cells, rows), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--width", type=int, default=180, help="of a picture, px")
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--cells", type=int, help="colours alone, so many means across")
    options = parser.parse_args()
    with av.open(str(options.films[0])) as film:
        length = (film.duration or 0) / 1e6
    times = [(n + 0.5) * length / options.moments for n in range(options.moments)]
    first = moments(options.films[0], times)
    rows = []
    for pictures in (first, *(like(path, first) for path in options.films[1:])):
        if options.cells:
            pictures = [in_cells(picture, options.cells) for picture in pictures]
        height = round(options.width * pictures[0].height / pictures[0].width)
        rows.append([picture.resize((options.width, height)) for picture in pictures])
    tiles = []
    for time, column in zip(times, zip(*rows, strict=True), strict=True):
        both = Image.new("RGB", (options.width, sum(p.height + 4 for p in column) - 4), "white")
        top = 0
        for picture in column:
            both.paste(picture, (0, top))
            top += picture.height + 4
        tiles.append(tile(f"{time:.1f} s", [both], options.width))
    sheet(tiles, options.columns).save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
