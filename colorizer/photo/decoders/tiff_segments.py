"""Strips and tiles of a TIFF, examined before they are decoded.

tifffile and the decoders under it fill what is missing with black, and go on over damage that
only warnings tell of; and the size that a picture inside a strip gives is a second, hidden header.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from ...errors import CorruptImage
from .jpeg2000_header import codestream, has_end
from .jpeg_scan import check_scans, damage, frame, with_tables
from .jpegxl_header import read as jpegxl_header
from .simple import webp_size

_NONE, _RLE, _GROUP_3, _GROUP_4 = 1, 2, 3, 4
OLD_JPEG, JPEG, WEBP, JPEG_XL = 6, 7, 50001, 50002
JPEG_2000 = frozenset({33005, 34712})
#: Compressions that are whole pictures; what they decode to is RGB, not YCbCr.
PICTURES = frozenset({OLD_JPEG, JPEG, WEBP, JPEG_XL}) | JPEG_2000
_OPTIONS = 292  # of group 3
_HEAD = 1 << 12  # bytes in which a picture inside says its size

Size = tuple[int, int]


def check(page: Any, file: BinaryIO, name: str) -> None:
    """Make sure that the segments of a tifffile page are there, possible and whole.

    Byte counts of 0 are replaced in the page, as libtiff does.

    Raises:
        CorruptImage: if they are not.
    """
    size = file.seek(0, io.SEEK_END)
    expected = int(np.prod(page.chunked))
    offsets = page.dataoffsets
    counts = page.databytecounts = _counts(page, size)
    if len(offsets) < expected or len(counts) < expected:
        raise CorruptImage(f"{name} is damaged: it lists fewer strips than the picture has.")
    for offset, count in zip(offsets[:expected], counts[:expected], strict=True):
        if count <= 0 or offset <= 0 or offset + count > size:
            raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
    if page.chunks[0] * page.chunks[1] > max(4 * page.imagelength * page.imagewidth, 1 << 22):
        raise CorruptImage(f"{name} is damaged: its tiles are larger than the picture.")
    compression = int(page.compression)
    if compression in _SIZES:
        _check_segments(page, file, name, compression)
    elif compression in (_RLE, _GROUP_3, _GROUP_4):
        _check_fax(page, file, name, compression)


def _counts(page: Any, size: int) -> tuple[int, ...]:
    """The byte counts; where they are 0, what the offsets say of them."""
    counts = tuple(page.databytecounts)
    if any(counts) or page.is_tiled:
        return counts
    offsets = page.dataoffsets
    ends = sorted([*offsets, size])
    guessed = tuple(ends[ends.index(offset) + 1] - offset for offset in offsets)
    if int(page.compression) != _NONE:
        return guessed
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    row = (page.imagewidth * samples * page.bitspersample + 7) // 8
    return tuple(_rows(page, index) * row for index in range(len(offsets)))


def _rows(page: Any, index: int) -> int:
    """How many rows a strip has."""
    rows = int(page.rowsperstrip)
    height = int(page.imagelength)
    return min(rows, height - index % -(-height // rows) * rows)


def _segments(page: Any, file: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    """The bytes of each segment, or the first ``most`` of them."""
    expected = int(np.prod(page.chunked))
    for offset, count in zip(
        page.dataoffsets[:expected], page.databytecounts[:expected], strict=True
    ):
        file.seek(offset)
        yield file.read(count if most is None else min(most, count))


def _check_segments(page: Any, file: BinaryIO, name: str, compression: int) -> None:
    rows, columns = page.chunks[:2]
    limit = (rows + 64) * (columns + 64)
    size_of, is_whole = _SIZES[compression], _WHOLE.get(compression)
    is_jpeg = compression in (OLD_JPEG, JPEG)
    for data in _segments(page, file, None if is_whole or is_jpeg else _HEAD):
        if is_jpeg:
            check_scans(io.BytesIO(data), name)
        size = size_of(data if compression == JPEG else data[:_HEAD])
        if size is not None and size[0] * size[1] > limit:
            raise CorruptImage(f"{name} is damaged: a part of it claims to be larger than it is.")
        if size is None and compression not in (OLD_JPEG, JPEG):
            raise CorruptImage(f"{name} is damaged: a part of it has no header.")
        if is_whole and not is_whole(page, data):
            raise CorruptImage(f"{name} is damaged and cannot be read.")


def _jpeg_size(data: bytes) -> Size | None:
    head = frame(io.BytesIO(data))
    return None if head is None else (head.width, head.height)


def _jpeg_2000_size(data: bytes) -> Size | None:
    header = codestream(data)
    return None if header is None else (header.width, header.height)


def _jpeg_xl_size(data: bytes) -> Size | None:
    header = jpegxl_header(data)
    return None if header is None else (header.width, header.height)


_SIZES: dict[int, Callable[[bytes], Size | None]] = {
    OLD_JPEG: _jpeg_size,
    JPEG: _jpeg_size,
    WEBP: webp_size,
    JPEG_XL: _jpeg_xl_size,
    **dict.fromkeys(JPEG_2000, _jpeg_2000_size),
}


#: Of those that tell: whether a segment is undamaged.
_WHOLE: dict[int, Callable[[Any, bytes], bool]] = {
    JPEG: lambda page, data: not damage(with_tables(page.jpegtables, data)),
    **dict.fromkeys(JPEG_2000, lambda page, data: has_end(data)),
}


def _check_fax(page: Any, file: BinaryIO, name: str, compression: int) -> None:
    import imagecodecs

    from . import fax

    options = page.tags.valueof(_OPTIONS, 0)
    rows, columns = page.chunks[:2]
    for index, data in enumerate(_segments(page, file)):
        wanted = rows if page.is_tiled else _rows(page, index)
        if page.fillorder == 2:
            data = bytes(imagecodecs.bitorder_decode(data))
        if not fax.whole(data, wanted, columns, compression, options, last=wanted == rows):
            raise CorruptImage(f"{name} is damaged and cannot be read.")
