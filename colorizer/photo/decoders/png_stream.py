"""The compressed rows of a PNG, examined before a decoder sees them, or saved from a broken file.

libpng as imagecodecs calls it gives back one reference to None too many with every error, and
ends the interpreter after some 12,000 of them (docs/operating.md). So nothing may reach it that it
could object to: headers, checksums, the length of the rows and their filters are checked here. One
megabyte is inflated at a time.

PNG specification, 3rd edition: 11.2 (header), 9.2 (filters), 8.1 (interlacing).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_DEPTHS = {GREY: {1, 2, 4, 8, 16}, PALETTE: {1, 2, 4, 8}}
_FILTERS = 5
_LARGEST_SIDE = 1_000_000  # of libpng
_STEP = 1 << 20
_SLICE = 256
# First column and row, and distances of columns and rows, of each pass of Adam7.
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """What the header says of the rows.

    Raises:
        ValueError: if the specification has no such picture.
    """

    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filtering: int
    interlacing: int

    def __post_init__(self) -> None:
        if self.depth not in _DEPTHS.get(self.colour, {8, 16}) or self.colour not in _CHANNELS:
            raise ValueError("no such kind of pixel")
        if self.compression or self.filtering or self.interlacing > 1:
            raise ValueError("no such method")
        if not (0 < self.width <= _LARGEST_SIDE and 0 < self.height <= _LARGEST_SIDE):
            raise ValueError("no possible size")

    @classmethod
    def of(cls, header: bytes | memoryview) -> Layout:
        """From the 13 bytes of the chunk IHDR."""
        return cls(*struct.unpack(">IIBBBBB", header))

    def passes(self) -> list[tuple[int, int]]:
        """(bytes of a row with its filter, number of rows) of each pass over the picture."""
        bits = _CHANNELS[self.colour] * self.depth
        steps = _ADAM7 if self.interlacing else ((0, 0, 1, 1),)
        sizes = [
            (-(-(self.width - x) // across), -(-(self.height - y) // down))
            for x, y, across, down in steps
            if x < self.width and y < self.height
        ]
        return [(1 + (wide * bits + 7) // 8, high) for wide, high in sizes]


def checksum_is_right(chunk: memoryview) -> bool:
    """Whether a whole chunk (length, type, body, checksum) says the right CRC-32 of itself."""
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def check(layout: Layout, bodies: Iterable[memoryview]) -> None:
    """Make sure that the bodies of the IDAT chunks hold the rows of the picture, whole.

    Raises:
        ValueError: if they do not; or zlib.error.
    """
    rows = _Rows(layout)
    for piece in _inflated(bodies, rows.size + _STEP, whole=True):
        rows.take(piece)
    if not rows.complete:
        raise ValueError("the rows end before the picture does")


def salvage(layout: Layout, bodies: Iterable[memoryview]) -> tuple[bytes, float]:
    """A body for one IDAT chunk with what there is of the picture, and black after it.

    Returns:
        The body, and the share of its bytes that are from the file, 0..1.
    """
    rows = _Rows(layout)
    engine = zlib.compressobj(1)
    packed: list[bytes] = []
    try:
        for piece in _inflated(_small(bodies), rows.size):
            start = rows.seen
            end = rows.take(piece, strict=False)
            packed.append(engine.compress(piece[: end - start]))
            if rows.broken:
                break
    except zlib.error:
        pass
    there = rows.seen
    for at in range(there, rows.size, _STEP):
        packed.append(engine.compress(bytes(min(_STEP, rows.size - at))))
    packed.append(engine.flush())
    return b"".join(packed), there / rows.size


class _Rows:
    """Counts the inflated bytes of a picture and looks at the filter of every row."""

    def __init__(self, layout: Layout) -> None:
        self._passes = layout.passes()
        self.size = sum(row * count for row, count in self._passes)
        self.seen = 0
        self.broken = False

    @property
    def complete(self) -> bool:
        return self.seen == self.size

    def take(self, piece: bytes, *, strict: bool = True) -> int:
        """Go on by ``piece``, or to the first wrong filter; returns how many bytes were seen.

        Raises:
            ValueError: if ``strict`` and there is a wrong filter.
        """
        end = min(self.seen + len(piece), self.size)
        start = 0
        for row, count in self._passes:
            first = start + max(0, -(-(self.seen - start) // row)) * row
            last = min(end, start + row * count)
            if first < last:
                filters = piece[first - self.seen : last - self.seen : row]
                if max(filters) >= _FILTERS:
                    if strict:
                        raise ValueError("a row has no possible filter")
                    self.broken = True
                    wrong = next(i for i, kind in enumerate(filters) if kind >= _FILTERS)
                    end = first + wrong * row
                    break
            start += row * count
        self.seen = end
        return end


def _small(bodies: Iterable[memoryview]) -> Iterator[memoryview]:
    """Slices, of which an error loses one."""
    for body in bodies:
        for at in range(0, len(body), _SLICE):
            yield body[at : at + _SLICE]


def _inflated(bodies: Iterable[memoryview], most: int, *, whole: bool = False) -> Iterator[bytes]:
    """Inflate in pieces of at most a megabyte, ``most`` bytes together.

    Raises:
        ValueError: if the data are to be ``whole`` and do not end with their checksum.
    """
    engine = zlib.decompressobj()
    total = 0
    for body in bodies:
        waiting: bytes | memoryview = body
        while True:
            piece = engine.decompress(waiting, min(_STEP, most - total))
            total += len(piece)
            if piece:
                yield piece
            waiting = engine.unconsumed_tail
            if engine.eof or (total >= most and not whole):
                return
            if total >= most:
                raise ValueError("there is far more than the picture")
            if not waiting and len(piece) < _STEP:
                break
    if whole:  # libpng asks for more before it takes what its engine has ready
        raise ValueError("the compressed data do not end")
