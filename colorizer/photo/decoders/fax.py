"""Whether fax-coded rows are whole: a strict reader of their codes, which keeps no pixels.

ITU-T T.4 (one-dimensional and two-dimensional, TIFF compressions 2 and 3) and T.6 (compression 4).
The decoders at hand put white where codes make no sense and say nothing; so the codes are read here
once more, and a row counts if its runs make exactly its width. Uncompressed mode is not known.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiled import compiled
from .fax_codes import BLACK, LONG, WHITE

RLE, GROUP_3, GROUP_4 = 2, 3, 4

_LONGEST = 13  # bits of a code
_NO_CODE = -9
_FILLING = 16  # bits
# T.4, table 4: how far the next change of colour is from that of the row above, by its code;
# or one of the two other modes.
_PASS, _HORIZONTAL = 100, 101
_MODES = {
    "1": 0, "011": 1, "010": -1, "000011": 2, "000010": -2, "0000011": 3, "0000010": -3,
    "0001": _PASS, "001": _HORIZONTAL,
}  # fmt: skip


def whole(
    data: bytes, rows: int, width: int, compression: int, options: int = 0, last: bool = True
) -> bool:
    """Whether ``data`` hold ``rows`` rows of ``width`` pixels, and only codes that are.

    Args:
        data: of one strip or tile, the most significant bit first.
        compression: of TIFF, one of :data:`RLE`, :data:`GROUP_3`, :data:`GROUP_4`.
        options: T4Options of TIFF; bit 0 says that rows may depend on the one above.
        last: whether no more rows may follow.
    """
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    tagged = compression == GROUP_3 and bool(options & 1)
    end = int(_end(bits, rows, width, compression, tagged, *_tables()))
    if end < 0:
        return False
    return compression != GROUP_4 or not last or _closes(bits[end:])


def _closes(rest: NDArray[np.uint8]) -> bool:
    """Whether the end-of-block code of T.6 follows, or nothing but what fills a byte or two."""
    ones = np.flatnonzero(rest)
    if len(rest) <= _FILLING or not len(ones):
        return True
    return bool(len(ones) > 1 and ones[0] >= 11 and ones[1] - ones[0] == 12)


@cache
def _tables() -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """White runs, black runs, modes: (value, length of the code) by the next 13 bits."""
    runs = [*range(64), *range(64, 1729, 64), *range(1792, 2561, 64)]
    return (
        _table(dict(zip([*WHITE.split(), *LONG.split()], runs, strict=True))),
        _table(dict(zip([*BLACK.split(), *LONG.split()], runs, strict=True))),
        _table(_MODES),
    )


def _table(codes: dict[str, int]) -> NDArray[np.int32]:
    table = np.full((1 << _LONGEST, 2), _NO_CODE, np.int32)
    for code, value in codes.items():
        free = _LONGEST - len(code)
        first = int(code, 2) << free
        table[first : first + (1 << free)] = value, len(code)
    return table


def _code_of(bits: Any, at: int, table: Any) -> Any:
    """The value of the code at ``at``, or _NO_CODE, and where the next begins."""
    index = 0
    for i in range(_LONGEST):
        index = index << 1 | (bits[at + i] if at + i < len(bits) else 0)
    if table[index, 1] < 0:
        return _NO_CODE, at
    return table[index, 0], at + table[index, 1]


_code = compiled(_code_of)


def _run_of(bits: Any, at: int, table: Any, most: int) -> Any:
    """A run of at most ``most`` pixels and where the next begins; -1 if there is none.

    Some programs leave out the closing code of a run that ends the row.
    """
    run = 0
    while True:
        value, at = _code(bits, at, table)
        if value == _NO_CODE:
            return (run if run and run == most else -1), at
        run += value
        if run > most:
            return -1, at
        if value < 64:
            return run, at


_run = compiled(_run_of)


def _line_end_of(bits: Any, at: int) -> int:
    """Where the row begins: behind an end-of-line code (11 zeros or more, 1) if one is here."""
    start = at
    while at < len(bits) and not bits[at]:
        at += 1
    return at + 1 if at - start >= 11 and at < len(bits) else start


_line_end = compiled(_line_end_of)


def _change_of(changes: Any, count: int, place: int, width: int) -> int:
    """Note a change of colour; two at the same place are none. Returns how many there are."""
    if place >= width:
        return count
    if count and changes[count - 1] == place:
        return count - 1
    changes[count] = place
    return count + 1


_change = compiled(_change_of)


def _end_of(
    bits: Any, rows: int, width: int, compression: int, tagged: bool,
    white: Any, black: Any, modes: Any,
) -> int:  # fmt: skip
    """The position behind the last row; -1 if a row is not whole."""
    above = np.full(width + 4, width, np.int64)
    row = np.full(width + 4, width, np.int64)
    at = 0
    for _ in range(rows):
        flat = compression != GROUP_4
        if compression == RLE:
            at = (at + 7) // 8 * 8
        elif compression == GROUP_3:
            at = _line_end(bits, at)
            if tagged:
                flat = at < len(bits) and bits[at] == 1
                at += 1
        count, place, colour, next_above = 0, -1, 0, 0
        while place < width:
            mode = _HORIZONTAL
            if not flat:
                mode, at = _code(bits, at, modes)
                # b1: the next change above, behind here, to the other colour
                next_above = max(next_above - 2, 0)
                while above[next_above] < width and (
                    above[next_above] <= place or next_above % 2 != colour
                ):
                    next_above += 1
            if mode == _NO_CODE:
                return -1
            start = max(place, 0)
            if mode == _PASS:
                place = above[next_above + 1] if above[next_above] < width else width
            elif mode == _HORIZONTAL:
                for _ in range(2):
                    run, at = _run(bits, at, black if colour else white, width - start)
                    if run < 0:
                        return -1
                    start += run
                    count = _change(row, count, start, width)
                    colour = 1 - colour
                    if flat and start == width:
                        break
                place = start
            else:
                place = above[next_above] + mode
                if place < start or place > width:
                    return -1
                count = _change(row, count, place, width)
                colour = 1 - colour
        row[count:] = width
        above, row = row, above
    return at


_end = compiled(_end_of)
