"""Which directories of a TIFF are pictures: not those that are thumbnails or masks of another.

TIFF 6.0, NewSubfileType (254): bit 0 is a copy of reduced resolution, bit 2 a transparency mask;
the older SubfileType (255) says 2 for the former.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import ifd

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2


@dataclass(frozen=True)
class Place:
    """A directory: its number in the chain, from 0, and its position in the file."""

    index: int
    offset: int


def pictures(read_at: ifd.ReadAt) -> list[Place]:
    """The directories that are pictures of their own; all of them if none is.

    Empty if there is no directory.

    Raises:
        ValueError: if the directories lie one over another.
    """
    endian = "<" if read_at(0, 2) == b"II" else ">"
    places, whole = [], []
    kinds = (_NEW_SUBFILE_TYPE, _SUBFILE_TYPE)
    for index, (offset, values) in enumerate(ifd.chain(read_at, kinds)):
        places.append(Place(index, offset))
        if not _is_aside(ifd.Directory(endian, values)):
            whole.append(places[-1])
    return whole or places


def is_reduced(directory: ifd.Directory) -> bool:
    """Whether it is a copy of reduced resolution."""
    kind = directory.number(directory.main, _NEW_SUBFILE_TYPE) or 0
    return bool(kind & _REDUCED)


def _is_aside(directory: ifd.Directory) -> bool:
    kind = directory.number(directory.main, _NEW_SUBFILE_TYPE)
    if kind is None:
        return directory.number(directory.main, _SUBFILE_TYPE) == _OLD_REDUCED
    return bool(kind & (_REDUCED | _MASK))
