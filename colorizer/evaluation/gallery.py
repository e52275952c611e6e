"""What the page shows of the photographs: small pictures and counts of colours, kept in passing.

About 15 kB are kept per photograph, because only after the last one is known which are best.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..names import printable
from .metrics import Lab, Pixels
from .sources import is_shard

#: px: a thumbnail's side, the gap between two
SIDE, GAP = 192, 6
#: the ab plane is counted in square cells of 2 over -110..110
LIMIT, CELLS = 110, 110
TRUTH = "truth"

Counts = NDArray[np.int64]


class Gallery:
    """Collects while the photographs pass.

    Args:
        photographs: whether to keep pictures; without them only colours are counted.

    Attributes:
        names: of the photographs in order, without folders; none if no pictures are kept.
        strips: for each a WebP picture: grey, result and truth side by side.
        counts: "truth" and names of rows to pixels in each cell of the ab plane, int64
            (110, 110), rows a*, columns b*.
    """

    def __init__(self, photographs: bool = True) -> None:
        self.photographs = photographs
        self.names: list[str] = []
        self.strips: list[bytes] = []
        self.counts: dict[str, Counts] = {}

    def add(
        self, name: str, pictures: tuple[Pixels, ...], truth: Lab, results: Mapping[str, Lab]
    ) -> None:
        """Keep one photograph.

        Args:
            name: of the candidate; its folders and its shard are dropped.
            pictures: uint8 (H, W, 3) each, from left to right.
            truth: (H, W, 3).
            results: name of the row to (H, W, 3).
        """
        if self.photographs:
            self.names.append(short_name(name))
            self.strips.append(_strip(pictures))
        for row, lab in {TRUTH: truth, **results}.items():
            counts = _cells(lab[..., 1:])
            self.counts[row] = self.counts.get(row, 0) + counts


def short_name(name: str) -> str:
    """The name of a candidate (see :mod:`.sources`) as it is shown, without folders and shard."""
    shard, colon, member = name.rpartition(":")
    return printable(Path(member if colon and is_shard(Path(shard)) else name).name)


def choose(gains: NDArray[np.float64], most: int = 8) -> dict[str, list[int]]:
    """Indices of the photographs to show: "best", "median" and "worst", in falling order.

    Args:
        gains: (n,), the higher the better.
        most: of each; fewer if there are not three times as many photographs.
    """
    order = [int(index) for index in np.argsort(-gains, kind="stable")]
    number = min(most, max(1, len(order) // 3))
    middle = (len(order) - number) // 2
    return {
        "best": order[:number],
        "median": order[middle : middle + number],
        "worst": order[-number:],
    }


def _strip(pictures: tuple[Pixels, ...]) -> bytes:
    width = len(pictures) * (SIDE + GAP) - GAP
    strip = Image.new("RGBA", (width, SIDE))
    for index, pixels in enumerate(pictures):
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        strip.paste(image, (index * (SIDE + GAP), 0))
    buffer = BytesIO()
    strip.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def _cells(ab: NDArray[np.float64]) -> Counts:
    flat = ab.reshape(-1, 2).clip(-LIMIT, LIMIT)
    edges = np.linspace(-LIMIT, LIMIT, CELLS + 1)
    counts, _, _ = np.histogram2d(flat[:, 0], flat[:, 1], bins=[edges, edges])
    return np.asarray(counts, dtype=np.int64)
