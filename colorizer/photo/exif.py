"""EXIF blocks: read, cleaned of what a result must not repeat, and completed for writing.

Tag numbers from EXIF 2.32 (CIPA DC-008), TIFF 6.0 and TIFF/EP (ISO 12234-2, ImageHistory).
"""

from __future__ import annotations

import struct
from fractions import Fraction

from . import ifd
from .ifd import Directory, Entry, Ifd
from .properties import COMMENT, CREATOR, DESCRIPTION, RIGHTS, Captions, decoded
from .provenance import SENTENCE, Provenance

_DESCRIPTION, _ORIENTATION, _SOFTWARE, _ARTIST, _COPYRIGHT = 270, 274, 305, 315, 33432
_IMAGE_HISTORY, _USER_COMMENT = 0x9213, 0x9286
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_WIDTH, _HEIGHT, _PIXEL_WIDTH, _PIXEL_HEIGHT = 256, 257, 0xA002, 0xA003
_COLOUR_SPACE = 0xA001

# Tags of the main directory that say how pixels are stored, or that are kept elsewhere.
_STRUCTURAL = frozenset(
    [
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281),
        *(284, 288, 289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
        *(325, 326, 327, 328, 330, 332, 333, 334, 336, 338, 339, 340, 341, 342, 343, 347),
        *(*range(512, 533), 559, 700, 33421, 33422, 33723, 34377, 34675, 37724, 50341),
    ]
)
# Descriptions in which tifffile, ImageJ and OME say how the samples of their file lie.
_LAYOUTS = ('{"shape"', "ImageJ=", "<?xml")
_SIZE_TAGS = frozenset({_WIDTH, _HEIGHT})


def parse(block: bytes | None) -> Directory | None:
    """Read an EXIF block (with or without its ``Exif\\0\\0`` prefix); None if it is unusable."""
    if not block:
        return None
    if block[:4] == b"Exif":
        block = block[6:]
    data = block

    def read_at(offset: int, size: int) -> bytes:
        return data[offset : offset + size]

    directory = ifd.read(read_at)
    return directory if directory and (directory.main or directory.exif) else None


def orientation(directory: Directory | None) -> int:
    """The EXIF orientation 1..8; 1 if there is none or it is not one of these."""
    if directory is None:
        return 1
    value = directory.number(directory.main, _ORIENTATION)
    return value if value is not None and 1 <= value <= 8 else 1


def dpi(directory: Directory | None) -> tuple[float, float] | None:
    """Pixels per inch from the resolution tags; None without a unit or without sense."""
    if directory is None:
        return None
    # The unit is inches where the tag is missing (TIFF 6.0, EXIF 2.32).
    unit = directory.number(directory.main, _RESOLUTION_UNIT)
    factor = {None: 1.0, 2: 1.0, 3: 2.54}.get(unit)
    x = directory.ratio(directory.main, _X_RESOLUTION)
    y = directory.ratio(directory.main, _Y_RESOLUTION) or x
    if factor is None or not x or not y:
        return None
    return sensible_dpi((x * factor, y * factor))


def sensible_dpi(value: tuple[float, float] | None) -> tuple[float, float] | None:
    """The resolution if both numbers are more than 1 and less than a million, else None."""
    if value is None or not all(1.0 < v < 1e6 for v in value):
        return None
    return (float(value[0]), float(value[1]))


def clean(directory: Directory | None, *, of_tiff: bool = False) -> bytes | None:
    """The block as :class:`Metadata` keeps it: no orientation, no thumbnail, no pixel layout.

    ``of_tiff`` says that the directory is a TIFF file's own, whose size tags belong to the file.
    """
    if directory is None:
        return None
    drop = _STRUCTURAL if of_tiff else _STRUCTURAL - _SIZE_TAGS
    kept = Directory(directory.endian, exif=dict(directory.exif), gps=dict(directory.gps))
    kept.main = {t: e for t, e in directory.main.items() if t not in drop and t != _ORIENTATION}
    if directory.text(directory.main, _DESCRIPTION).startswith(_LAYOUTS):
        del kept.main[_DESCRIPTION]
    if directory.text(directory.interop, 1) != "R03":  # R03 would announce Adobe RGB
        kept.interop = dict(directory.interop)
    resolution_only = {_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT}
    if not (set(kept.main) - resolution_only or kept.exif or kept.gps):
        return None
    return ifd.write(kept)


def resolution(
    directory: Directory | None, other: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Pixels per inch of a JPEG: EXIF's, which scanners set, before the one of its JFIF header."""
    return dpi(directory) or sensible_dpi(other)


def captions(block: bytes | None) -> Captions:
    """Description, creators and copyright, as XMP properties."""
    directory = parse(block)
    if directory is None:
        return {}
    artists = ";".join(_texts(directory.main, _ARTIST)).split(";")
    rights = "; ".join(_texts(directory.main, _COPYRIGHT))
    found = {
        DESCRIPTION: _texts(directory.main, _DESCRIPTION)[:1],
        CREATOR: tuple(name.strip() for name in artists if name.strip()),
        RIGHTS: (rights,) if rights else (),
    }
    return {prop: values for prop, values in found.items() if values}


def has_note(block: bytes | None) -> bool:
    """Whether the history says that this software added colours."""
    directory = parse(block)
    return directory is not None and SENTENCE in directory.text(directory.main, _IMAGE_HISTORY)


def for_output(
    block: bytes | None,
    width: int,
    height: int,
    dpi: tuple[float, float] | None,
    provenance: Provenance | None,
    missing: Captions,
) -> Directory | None:
    """The directory to write into a result of ``width`` x ``height`` pixels, or None if empty.

    Sizes, resolution and colour space say what is true of the result. Of the captions ``missing``
    those are added that the block has not. With ``provenance`` the software is added to the
    Software tag, and the note to the ImageHistory.
    """
    directory = parse(block) or Directory()
    endian = directory.endian
    for tags, wide, high in (
        (directory.main, _WIDTH, _HEIGHT),
        (directory.exif, _PIXEL_WIDTH, _PIXEL_HEIGHT),
    ):
        for tag, value in ((wide, width), (high, height)):
            if tag in tags:
                tags[tag] = Entry(ifd.LONG, 1, struct.pack(endian + "I", value))
    if _COLOUR_SPACE in directory.exif:
        directory.exif[_COLOUR_SPACE] = Entry(ifd.SHORT, 1, struct.pack(endian + "H", 1))
    if dpi is not None:
        directory.main[_X_RESOLUTION] = _rational(endian, dpi[0])
        directory.main[_Y_RESOLUTION] = _rational(endian, dpi[1])
        directory.main[_RESOLUTION_UNIT] = Entry(ifd.SHORT, 1, struct.pack(endian + "H", 2))
    for prop, tag in ((DESCRIPTION, _DESCRIPTION), (CREATOR, _ARTIST), (RIGHTS, _COPYRIGHT)):
        if prop in missing and not _texts(directory.main, tag):
            directory.main[tag] = _ascii("; ".join(missing[prop]))
    comment = directory.exif.get(_USER_COMMENT)
    if COMMENT in missing and (comment is None or not comment.data[8:].strip(b"\0 ")):
        directory.exif[_USER_COMMENT] = _user_comment(endian, missing[COMMENT][0])
    if provenance is not None:
        _append(directory, _SOFTWARE, provenance.tool)
        _append(directory, _IMAGE_HISTORY, provenance.sentence)
    return directory if directory.main or directory.exif or directory.gps else None


def _append(directory: Directory, tag: int, text: str) -> None:
    """Add to an ASCII tag what it does not say yet; what is there may be in UTF-8 or Latin-1."""
    before = "; ".join(_texts(directory.main, tag))
    if text not in before:
        directory.main[tag] = _ascii(f"{before}; {text}" if before else text)


def fitting(directory: Directory | None, limit: int) -> bytes | None:
    """Pack for a container that takes ``limit`` bytes.

    What does not fit is left out: the maker note first, then the largest values. None if nothing
    is left.
    """
    if directory is None:
        return None
    main, exif, gps = dict(directory.main), dict(directory.exif), dict(directory.gps)
    while main or exif or gps:
        block = ifd.write(Directory(directory.endian, main, exif, gps, directory.interop))
        if len(block) <= limit:
            return block
        if exif.pop(ifd.MAKER_NOTE, None) is None:
            _shorten((main, exif, gps), len(block) - limit)
    return None


def _shorten(directories: tuple[Ifd, ...], excess: int) -> None:
    """Take the largest values out of the directories, of at least ``excess`` bytes together."""
    entries = [(len(e.data), tag, tags) for tags in directories for tag, e in tags.items()]
    for size, tag, tags in sorted(entries, key=lambda entry: entry[0], reverse=True):
        if excess <= 0:
            return
        del tags[tag]
        excess -= size


def _texts(tags: Ifd, tag: int) -> tuple[str, ...]:
    """The texts of an ASCII tag, which NULs separate (as photographer and editor in Copyright)."""
    entry = tags.get(tag)
    if entry is None or entry.type not in (ifd.BYTE, ifd.ASCII, ifd.UNDEFINED):
        return ()
    return tuple(text for text in (decoded(t).strip() for t in entry.data.split(b"\0")) if text)


def _rational(endian: str, value: float) -> Entry:
    """A positive number below a million as two of 32 bits."""
    fraction = Fraction(value).limit_denominator(min(10_000, int(4e9 / value)))
    return Entry(
        ifd.RATIONAL, 1, struct.pack(endian + "II", fraction.numerator, fraction.denominator)
    )


def _ascii(text: str) -> Entry:
    data = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
    return Entry(ifd.ASCII, len(data), data)


def _user_comment(endian: str, text: str) -> Entry:
    if text.isascii():
        data = b"ASCII\0\0\0" + text.encode()
    else:
        kind = "utf-16-le" if endian == "<" else "utf-16-be"
        data = b"UNICODE\0" + text.encode(kind, "replace")
    return Entry(ifd.UNDEFINED, len(data), data)
