"""Damaged files, made of whole ones by a seeded generator: the same seed gives the same files."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

_HEAD = 256  # bytes at the start that are hit more often: headers live there
_MOST = 6  # changes to one file
_LONGEST = 4_000_000  # bytes that a damaged file may have
_PNG = b"\x89PNG\r\n\x1a\n"
_BYTES = (0, 1, 2, 3, 4, 8, 16, 32, 64, 127, 128, 254, 255)
_NUMBERS = (0, 1, 2, 3, 255, 256, 4096, 32767, 32768, 65535, 65536, 1 << 24, 2**31 - 1, 2**32 - 1)

Change = Callable[[bytearray, random.Random, Sequence[bytes]], bytearray]


def mutated(data: bytes, generator: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """``data`` with 1..6 changes.

    Args:
        generator: decides on all of them.
        others: files of which pieces may be spliced in.

    Returns:
        At most 4 MB. Half of the PNGs get their checksums put right, or nothing behind the
        checksums would ever be reached.
    """
    result = bytearray(data)
    for _ in range(generator.randint(1, _MOST)):
        result = generator.choice(_CHANGES)(result, generator, others)
    del result[_LONGEST:]
    if result.startswith(_PNG) and generator.random() < 0.5:
        return with_checksums(bytes(result))
    return bytes(result)


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums that their bytes deserve."""
    pieces, place = [data[:8]], 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            break
        body = data[place + 4 : end]
        pieces.append(data[place : place + 4] + body + struct.pack(">I", zlib.crc32(body)))
        place = end + 4
    return b"".join(pieces) + data[place:]


def _place(data: bytearray, generator: random.Random) -> int:
    """Somewhere in the file; half of the time near its start."""
    end = min(len(data), _HEAD) if generator.random() < 0.5 else len(data)
    return generator.randrange(end) if end else 0


def _length(data: bytearray, generator: random.Random) -> int:
    return min(1 << generator.randrange(12), max(len(data), 1))


def _bit(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    if data:
        data[_place(data, generator)] ^= 1 << generator.randrange(8)
    return data


def _byte(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    if data:
        data[_place(data, generator)] = generator.choice(_BYTES)
    return data


def _number(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    """A length, an offset or a size is something else."""
    size = generator.choice((2, 4))
    value = generator.choice(_NUMBERS) % (1 << 8 * size)
    place = _place(data, generator)
    data[place : place + size] = value.to_bytes(size, generator.choice(("big", "little")))
    return data


def _cut(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    del data[generator.randrange(len(data) + 1) :]
    return data


def _remove(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    place = _place(data, generator)
    del data[place : place + _length(data, generator)]
    return data


def _repeat(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    place = _place(data, generator)
    data[place:place] = data[place : place + _length(data, generator)]
    return data


def _noise(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    place = _place(data, generator)
    piece = generator.randbytes(_length(data, generator))
    data[place : place + len(piece)] = piece
    return data


def _zeros(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    place = _place(data, generator)
    length = min(_length(data, generator), len(data) - place)
    data[place : place + length] = bytes(max(length, 0))
    return data


def _splice(data: bytearray, generator: random.Random, others: Sequence[bytes]) -> bytearray:
    if others:
        other = generator.choice(others)
        start = generator.randrange(len(other) + 1)
        place = _place(data, generator)
        data[place:place] = other[start : start + _length(data, generator)]
    return data


_CHANGES: tuple[Change, ...] = (
    *(_bit, _byte, _byte, _number, _number, _number),
    *(_cut, _remove, _repeat, _noise, _zeros, _splice),
)
