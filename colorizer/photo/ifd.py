"""TIFF directories (IFDs), read and written: the structure of TIFF files and of EXIF blocks.

TIFF 6.0 section 2; BigTIFF for reading. Values stay packed bytes in the byte order of the file,
so that tags nobody here knows pass through unchanged.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field

ReadAt = Callable[[int, int], bytes]

# Bytes per value of each TIFF field type.
TYPE_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
    16: 8, 17: 8, 18: 8,
}  # fmt: skip
#: types of BigTIFF alone -> the type of TIFF that stands for it, and how both are packed
_LONG8 = {16: (4, "Q", "I"), 17: (9, "q", "i"), 18: (13, "Q", "I")}
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7

EXIF_IFD, GPS_IFD, INTEROP_IFD = 34665, 34853, 40965
MAKER_NOTE = 37500

_MAX_ENTRIES = 4096
_MAX_SHARED = 1 << 20  # bytes that several may point to: some programs let two tags share a value
_MAX_KEPT_OFFSET = 1 << 15


@dataclass(frozen=True)
class Entry:
    """One tag: field type, number of values, the values as packed bytes, and where they lay."""

    type: int
    count: int
    data: bytes
    offset: int = 0


Ifd = dict[int, Entry]


@dataclass
class Directory:
    """A directory of a TIFF structure with its EXIF, GPS and interoperability children."""

    endian: str = "<"
    main: Ifd = field(default_factory=dict)
    exif: Ifd = field(default_factory=dict)
    gps: Ifd = field(default_factory=dict)
    interop: Ifd = field(default_factory=dict)

    def number(self, ifd: Ifd, tag: int) -> int | None:
        """First value of an integer tag; None if it is absent or of another type."""
        entry = ifd.get(tag)
        codes = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
        if entry is None or entry.type not in codes or not entry.count:
            return None
        return int(struct.unpack_from(self.endian + codes[entry.type], entry.data)[0])

    def ratio(self, ifd: Ifd, tag: int) -> float | None:
        """First value of a rational (or floating point, or integer) tag."""
        entry = ifd.get(tag)
        if entry is None or not entry.count:
            return None
        if entry.type == RATIONAL:
            above, below = struct.unpack_from(self.endian + "II", entry.data)
            return above / below if below else None
        if entry.type in (11, 12):
            code = "f" if entry.type == 11 else "d"
            return float(struct.unpack_from(self.endian + code, entry.data)[0])
        return self.number(ifd, tag)

    def text(self, ifd: Ifd, tag: int) -> str:
        """An ASCII tag up to its first NUL; empty if it is absent."""
        entry = ifd.get(tag)
        if entry is None or entry.type not in (BYTE, ASCII, UNDEFINED):
            return ""
        return entry.data.split(b"\0")[0].decode("utf-8", "replace").strip()


def read(read_at: ReadAt, *, max_value: int = 1 << 20, at: int | None = None) -> Directory | None:
    """Read a directory and its children; None if there is no TIFF structure.

    Broken entries are left out; values of more than ``max_value`` bytes too, and those behind many
    that lie at one place. ``read_at(offset, size)`` returns up to ``size`` bytes. The directory is
    the one at the position ``at``, or the first.
    """
    shape = _Shape.of(read_at)
    if shape is None:
        return None
    directory = Directory(shape.endian)
    place = shape.first if at is None else at
    values = _Extent()
    directory.main = _read_ifd(read_at, place, shape, max_value, values)
    for name, parent, tag in (
        ("exif", "main", EXIF_IFD),
        ("gps", "main", GPS_IFD),
        ("interop", "exif", INTEROP_IFD),
    ):
        ifd: Ifd = getattr(directory, parent)
        child = directory.number(ifd, tag)
        ifd.pop(tag, None)
        if child:
            setattr(directory, name, _read_ifd(read_at, child, shape, max_value, values))
    return directory


def chain(
    read_at: ReadAt, tags: Container[int], *, most: int = 1 << 16
) -> Iterator[tuple[int, Ifd]]:
    """The directories of a TIFF structure in their order: (position, values of up to 8 bytes).

    Of the values those of ``tags`` are sure to be there. Ends where the structure is broken, at a
    directory that was there before, or after ``most``.

    Raises:
        ValueError: if the directories lie one over another, which makes many of a small file.
    """
    shape = _Shape.of(read_at)
    seen: set[int] = set()
    tables = _Extent()
    place = shape.first if shape else 0
    while shape and place and place not in seen and len(seen) < most:
        found = _read_ifd(read_at, place, shape, 8, _Extent(), tags)
        if not found:
            return
        seen.add(place)
        yield place, found
        length = shape.count_size + min(shape.count(read_at, place), _MAX_ENTRIES) * shape.entry
        tables.add(place, length)
        if tables.overlaps:
            raise ValueError("The directories lie one over another.")
        place = shape.pointer(read_at(place + length, shape.inline))


@dataclass
class _Extent:
    """How much was read of a file, and how far: of what lies side by side never more than that."""

    length: int = 0
    end: int = 0

    def add(self, place: int, length: int) -> None:
        self.length += length
        self.end = max(self.end, place + length)

    @property
    def overlaps(self) -> bool:
        return self.length > self.end + _MAX_SHARED


@dataclass(frozen=True)
class _Shape:
    """Byte order and sizes: of TIFF, or of BigTIFF."""

    endian: str
    big: bool
    first: int = 0

    @classmethod
    def of(cls, read_at: ReadAt) -> _Shape | None:
        head = read_at(0, 16)
        endian = {b"II": "<", b"MM": ">"}.get(head[:2])
        if endian is None or len(head) < 8:
            return None
        big = struct.unpack_from(endian + "H", head, 2)[0] == 43
        if big and len(head) < 16:
            return None
        shape = cls(endian, big)
        return cls(endian, big, shape.pointer(head[8:16] if big else head[4:8]))

    @property
    def count_size(self) -> int:
        return 8 if self.big else 2

    @property
    def entry(self) -> int:
        return 20 if self.big else 12

    @property
    def inline(self) -> int:
        return 8 if self.big else 4

    def count(self, read_at: ReadAt, place: int) -> int:
        head = read_at(place, self.count_size) if 0 < place < 1 << 62 else b""
        if len(head) < self.count_size:
            return 0
        return int(struct.unpack(self.endian + ("Q" if self.big else "H"), head)[0])

    def pointer(self, data: bytes) -> int:
        if len(data) < self.inline:
            return 0
        return int(struct.unpack(self.endian + ("Q" if self.big else "I"), data)[0])


def _read_ifd(
    read_at: ReadAt,
    start: int,
    shape: _Shape,
    max_value: int,
    values: _Extent,
    tags: Container[int] | None = None,
) -> Ifd:
    """With ``tags`` all of them, and of the others the first that can be read, if any."""
    count = min(shape.count(read_at, start), _MAX_ENTRIES)
    table = read_at(start + shape.count_size, count * shape.entry) if count else b""
    entries = struct.Struct(shape.endian + ("HHQ8x" if shape.big else "HHI4x"))
    whole = len(table) // entries.size * entries.size
    result: Ifd = {}
    for index, (tag, kind, number) in enumerate(entries.iter_unpack(table[:whole])):
        if result and tags is not None and tag not in tags:
            continue
        size = TYPE_SIZES.get(kind, 0) * number
        if not size or size > max_value or tag in result or values.overlaps:
            continue
        value = (index + 1) * shape.entry - shape.inline
        place = start + shape.count_size + value
        if size > shape.inline:
            place = shape.pointer(table[value : value + shape.inline])
        data = read_at(place, size) if place < 1 << 62 else b""
        values.add(place, len(data))
        entry = Entry(kind, number, data, place) if len(data) == size else None
        if entry is not None and kind in _LONG8:
            entry = _in_32_bits(entry, shape.endian)
        if entry is not None:
            result[tag] = entry
    return result


def _in_32_bits(entry: Entry, endian: str) -> Entry | None:
    """Numbers of BigTIFF as TIFF has them, if they are small enough."""
    kind, wide, narrow = _LONG8[entry.type]
    numbers = struct.unpack(f"{endian}{entry.count}{wide}", entry.data)
    try:
        data = struct.pack(f"{endian}{entry.count}{narrow}", *numbers)
    except struct.error:
        return None
    return Entry(kind, entry.count, data, entry.offset)


def write(directory: Directory, *, header: bool = True, base: int = 0) -> bytes:
    """Pack a directory and its children.

    With ``header`` the result is a complete TIFF structure (an EXIF block); a maker note then
    keeps its distance from the start if that is possible, because cameras store absolute
    positions inside it. Without ``header`` the result begins with the main directory and all
    positions count from ``base``, the place where it will be put in a file.
    """
    body = _Body(directory.endian, base)
    if header:
        body.put(struct.pack(directory.endian + "2sHI", _mark(directory.endian), 42, 8))
    note = directory.exif.get(MAKER_NOTE)
    main = dict(directory.main)
    exif = dict(directory.exif)
    placed: dict[int, int] = {}
    if header and note and 8 < note.offset < _MAX_KEPT_OFFSET and note.count > 4:
        body.put(bytes(note.offset - 8))
        placed[MAKER_NOTE] = body.put(note.data)
    main_at = None
    if not header:
        main_at = body.reserve(_table_size(main, directory))
    if directory.interop:
        exif[INTEROP_IFD] = _pointer(directory.endian, body.ifd(directory.interop))
    if exif:
        main[EXIF_IFD] = _pointer(directory.endian, body.ifd(exif, placed))
    if directory.gps:
        main[GPS_IFD] = _pointer(directory.endian, body.ifd(directory.gps))
    start = body.ifd(main, at=main_at)
    if header:
        struct.pack_into(directory.endian + "I", body.data, 4, start)
    return bytes(body.data)


def _table_size(main: Ifd, directory: Directory) -> int:
    children = bool(directory.exif or directory.interop) + bool(directory.gps)
    return 2 + 12 * (len(main) + children) + 4


def _mark(endian: str) -> bytes:
    return b"II" if endian == "<" else b"MM"


def _pointer(endian: str, place: int) -> Entry:
    return Entry(LONG, 1, struct.pack(endian + "I", place))


class _Body:
    """Bytes being assembled; positions are counted from ``base``."""

    def __init__(self, endian: str, base: int) -> None:
        self.endian, self.base, self.data = endian, base, bytearray()

    def put(self, data: bytes) -> int:
        if len(self.data) % 2:
            self.data.append(0)
        place = self.base + len(self.data)
        self.data += data
        return place

    def reserve(self, size: int) -> int:
        return self.put(bytes(size))

    def ifd(self, ifd: Ifd, placed: dict[int, int] | None = None, at: int | None = None) -> int:
        """Write a directory whose larger values come first; return its position."""
        table = bytearray(struct.pack(self.endian + "H", len(ifd)))
        for tag in sorted(ifd):
            entry = ifd[tag]
            table += struct.pack(self.endian + "HHI", tag, entry.type, entry.count)
            if len(entry.data) <= 4:
                table += entry.data.ljust(4, b"\0")
            else:
                place = (placed or {}).get(tag) or self.put(entry.data)
                table += struct.pack(self.endian + "I", place)
        table += bytes(4)
        if at is None:
            return self.put(bytes(table))
        self.data[at - self.base : at - self.base + len(table)] = table
        return at
