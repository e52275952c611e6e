#!/usr/bin/env python3
"""What a mount around the picture costs, and what finding it gives back (Markdown table).

    python benchmarks/mounts.py PHOTOS… [--limit 40] [-o docs/mounts.json]

Colour photographs, prepared as by ``colorizer evaluate``, are laid on cards of several greys and
widths, coloured with ``whole`` and without, and measured without the card. Also counted: in how
many of all photographs, as they are, a mount is found (``--count``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reports import finish, report_of, spread
from tqdm import tqdm

from colorizer import Colorizer, ColorizerError, read
from colorizer.evaluation.protocol import Protocol, grey_result, to_8bit
from colorizer.evaluation.scores import RowScore, Truth
from colorizer.evaluation.sources import candidates, expand
from colorizer.evaluation.vgg import VggDistance
from colorizer.photo import Photo
from colorizer.photo.mount import find_picture


@dataclass(frozen=True)
class Card:
    """What is around a picture.

    Attributes:
        tone, grain: mean grey and its deviation, 8 bits.
        above, beside: how far it reaches beyond the picture, each of two sides, as a share of the
            picture's short one.
    """

    tone: int
    grain: float
    above: float
    beside: float

    def around(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Pixels above and on the left of a picture (H, W)."""
        return round(self.above * min(shape)), round(self.beside * min(shape))


CARDS = {
    "white, 5 %": Card(240, 2.0, 0.05, 0.05),
    "white, 15 %": Card(240, 2.0, 0.15, 0.15),
    "black, 10 %": Card(10, 3.0, 0.10, 0.10),
    "grey card, 30 %": Card(120, 5.0, 0.30, 0.30),
    "bars above and below, 16 %": Card(0, 0.0, 0.16, 0.0),
    "bars left and right, 16 %": Card(0, 0.0, 0.0, 0.16),
}
PLAIN, WHOLE, FOUND = "without a mount", "as a part of the picture", "found"


def on_card(pixels: NDArray[Any], card: Card, seed: int) -> NDArray[np.uint8]:
    """A grey picture (H, W), uint8, in the middle of a card."""
    (height, width), (top, left) = pixels.shape, card.around(pixels.shape)
    shape = height + 2 * top, width + 2 * left
    paper = np.random.default_rng(seed).normal(card.tone, card.grain, shape)
    paper[top : top + height, left : left + width] = pixels
    return np.clip(np.rint(paper), 0, 255).astype(np.uint8)


def without_card(pixels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The middle of a result, of the picture's shape (H, W)."""
    top, left = ((pixels.shape[i] - shape[i]) // 2 for i in range(2))
    return np.ascontiguousarray(pixels[top : top + shape[0], left : left + shape[1]])


def table(report: Mapping[str, Any]) -> str:
    head = ["", "VGG distance of grey's", "PSNR over grey", "chroma of the truth's", "found"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    grey = report["rows"]["grey"]
    for name, row in report["rows"].items():
        if name == "grey":
            continue
        cells = [
            f"{row['vgg'] / grey['vgg']:.3f}",
            f"{row['psnr'] - grey['psnr']:+.2f} dB",
            f"{row['chroma'] / row['chroma_truth']:.2f}",
            f"{row['found']:.0%}" if "found" in row else "",
        ]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    lines += [
        "",
        f"{report['photos']} photographs of {', '.join(report['photographs'])}, short side 256 px. "
        f"{report['machine']['machine']}.",
    ]
    return "\n".join(lines)


def count(paths: list[Path]) -> int:
    """Print the photographs in which a mount is found, and how many that is."""
    every = found = 0
    for item in candidates(expand(paths)):
        try:
            photo = read(item.data)
        except ColorizerError:
            continue
        every += 1
        if photo.picture is not None:
            found += 1
            print(item.name)
    print(f"in {found} of {every} photographs")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=40, help="of each file or folder, spread")
    parser.add_argument("--count", action="store_true", help="only look for mounts")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.count:
        return count(options.photos)
    protocol, model, distance = Protocol(), Colorizer.load(), VggDistance()
    names = ["grey", PLAIN, *(f"{card}: {way}" for card in CARDS for way in (WHOLE, FOUND))]
    scores = {name: RowScore({"vgg": distance}) for name in names}
    hits = dict.fromkeys(CARDS, 0)
    chosen = spread(options.photos, options.limit)
    for number, item in enumerate(tqdm(chosen, unit="photo", disable=None)):
        pixels = protocol.truth(item.data)
        truth, grey = Truth.of(pixels), to_8bit(protocol.input(pixels, number).pixels)
        scores["grey"].add(truth, grey_result(grey))
        scores[PLAIN].add(truth, model.colorize(Photo(grey)).pixels)
        for name, card in CARDS.items():
            scan = Photo(on_card(grey, card, number))
            picture = find_picture(scan.pixels)
            hits[name] += picture is not None
            for way, photo in ((WHOLE, scan), (FOUND, replace(scan, picture=picture))):
                result = without_card(model.colorize(photo).pixels, grey.shape)
                scores[f"{name}: {way}"].add(truth, result)
    report = report_of(options.photos, len(chosen), model, scores)
    for name, hit in hits.items():
        report["rows"][f"{name}: {FOUND}"]["found"] = hit / len(chosen)
    finish(report, options.output, table)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ColorizerError as error:
        sys.exit(str(error))
