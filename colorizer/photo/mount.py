"""Finding the picture on its mount: the card, album page, black rebate or white border around it.

Much that is scanned has one, and a network that sees it sees something else: a print lying on
paper. So it is shown the picture alone, and the mount stays grey (:mod:`colorizer.pipeline`).

A mount is even, and ends in a straight line along which the lightness steps. From each side inwards
every line of pixels is asked for its coverage: the share of it, between the other sides of the
picture, that has another lightness than the mount has there. The picture begins where the coverage
rises from :data:`CLEAN` to :data:`FULL` within :data:`LEANING` of the length: a thing that stands
free before an even ground is rounder than that. Writing on the mount does not rise that far. One
side proves nothing, as a sky ends at a horizon in the same way: mounts are found on three sides at
least, or as bars of black or white on two that face each other. What is doubtful is none: a mount
that is overlooked costs what it did, a piece of the picture that stays grey is seen at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .srgb import lightness_table

Array = NDArray[np.float32]

#: side at which a mount is looked for, px
_SIDE = 384
#: smaller pictures have none
_LEAST = 64
#: coverage of a line that is all mount, of one with writing, at most, and of one that is picture
CLEAN, WRITTEN, FULL = 0.04, 0.4, 0.75
#: how much of a side the edge may take to rise: scans lie askew
LEANING = 0.03
#: thickness of a mount on one side, at least and at most, as shares of the whole
THINNEST, THICKEST = 0.012, 0.38
#: L* by which the picture differs from the mount, and by which an even mount may vary
_STEP, _EVEN = 7.0, 5.0
#: the same of bars of a film, which are black or white to the last pixel
_BAR_EVEN, _BAR_TONES = 1.0, (4.0, 98.0)


@dataclass(frozen=True)
class Box:
    """A part of a picture, 0..1 from its top and left."""

    top: float
    left: float
    bottom: float
    right: float

    def on(self, height: int, width: int) -> tuple[slice, slice]:
        """Its rows and columns on a picture of this size, at least one of each."""
        return _between(self.top, self.bottom, height), _between(self.left, self.right, width)

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Where (x, y) of the whole is in the part, 0..1; beside it, the nearest place of it."""
        width, height = self.right - self.left, self.bottom - self.top
        across, down = (x - self.left) / width, (y - self.top) / height
        return min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)

    def holds(self, x: float, y: float) -> bool:
        """Whether a place (x, y) of the whole is in the part."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def part_of(picture: Box | None, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns that are the picture; all of them if there is no mount."""
    return (slice(0, height), slice(0, width)) if picture is None else picture.on(height, width)


def _between(first: float, last: float, size: int) -> slice:
    start = min(round(first * size), size - 1)
    return slice(start, max(round(last * size), start + 1))


def find_picture(pixels: NDArray[Any]) -> Box | None:
    """Where the picture is on its mount; None if there is no mount.

    Takes a few milliseconds, of large ones as well. Edges are found to a pixel of the full size
    where they are straight; of one that leans, all of the picture is inside.

    Args:
        pixels: (H, W) grey, uint8 or uint16, sRGB-encoded.
    """
    height, width = pixels.shape
    if min(height, width) < _LEAST:
        return None
    step = max(min(height, width) // _SIDE, 1)
    table = lightness_table(pixels.dtype.itemsize * 8)
    coarse = table[pixels[step // 2 :: step, step // 2 :: step]]
    found = _sides(coarse)
    if found is None:
        return None
    rows, columns = coarse.shape
    edges = []
    for side, (at, tone) in enumerate(zip(*found, strict=True)):
        lines = _from_side(pixels, side)
        across = found[0][2:] if side < 2 else found[0][:2]
        span = _inner(across, rows if side > 1 else columns)
        span = slice(span.start * step, span.stop * step, step)
        edges.append(_sharp(lines, at, step, span, tone, table))
    top, bottom, left, right = edges
    return Box(top / height, left / width, 1 - bottom / height, 1 - right / width)


def _from_side(plane: NDArray[Any], side: int) -> NDArray[Any]:
    """A plane whose rows are its lines from one side inwards: top, bottom, left, right."""
    return (plane, plane[::-1], plane.T, plane.T[::-1])[side]


def _inner(thick: tuple[int, ...], size: int) -> slice:
    return slice(thick[0], size - thick[1])


def _sides(lightness: Array) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """How thick the mount is on top, bottom, left, right, in px, and its L* there; or None."""
    thick = [0, 0, 0, 0]
    tones = [0.0, 0.0, 0.0, 0.0]
    even = [0.0, 0.0, 0.0, 0.0]
    for turn in range(3):  # each side is looked at between the others
        for side in range(4):
            lines = _from_side(lightness, side)
            across = lines.shape[1]
            others = thick[2:] if side < 2 else thick[:2]
            span = slice(across // 4, across - across // 4)  # at first nothing is known of them
            if turn and sum(others):
                span = _inner((others[0], others[1]), across)
            thick[side], tones[side], even[side] = _edge(lines[:, span], across)
    sides = [side for side in range(4) if thick[side]]
    facing = ({0, 1}, {2, 3})
    bars = set(sides) in facing and all(
        even[side] <= _BAR_EVEN and not _BAR_TONES[0] < tones[side] < _BAR_TONES[1]
        for side in sides
    )
    if len(sides) < 3 and not bars:
        return None
    return tuple(thick), tuple(tones)


def _edge(lines: Array, across: int) -> tuple[int, float, float]:
    """Thickness of the mount on one side, 0 if there is none; its L*, and how it varies."""
    length = len(lines)
    first = max(round(THINNEST * length), 1)
    tone = float(np.median(lines[:first]))
    coverage = (np.abs(lines[: round(THICKEST * length) + 1] - tone) > _STEP).mean(axis=1)
    full = np.flatnonzero(coverage >= FULL)
    if not len(full) or full[0] < first:
        return 0, tone, 0.0
    clean = np.flatnonzero(coverage[: full[0]] <= CLEAN)
    start = int(clean[-1]) + 1 if len(clean) else 0
    leaning = max(round(LEANING * across), 2)
    if start < first or full[0] - start > leaning or coverage[:start].max() > WRITTEN:
        return 0, tone, 0.0
    mount = lines[: max(start - 1, 1)]
    variation = float(np.quantile(np.abs(mount - np.median(mount)), 0.8))
    if variation > _EVEN:
        return 0, tone, variation
    return start, tone, variation


def _sharp(lines: NDArray[Any], at: int, step: int, span: slice, tone: float, table: Array) -> int:
    """The edge of one side at full size: the first line that is more than a little picture."""
    if not at:
        return 0
    first = max((at - 2) * step, 0)
    near = table[lines[first : (at + 2) * step + step, span]]
    found = np.flatnonzero((np.abs(near - tone) > _STEP).mean(axis=1) > WRITTEN)
    return first + int(found[0]) if len(found) else at * step
