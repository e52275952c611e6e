"""TIFF, 8 and 16 bits, deflate with horizontal differencing, written strip by strip.

Strips are packed by several threads; few of them wait to be written.

TIFF 6.0; deflate is its supplement 2. Written here rather than by a library because none of those
at hand can put an EXIF directory into a 16-bit file.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from ...threads import in_threads
from .. import ifd, photoshop
from ..ifd import Directory, Entry
from .base import Outgoing

_STRIP_BYTES = 1 << 20
# By bits a sample. Of 16 bits the lower ones are noise, which no level packs; of 8 bits level 3
# gives files 2 % larger than level 6 in half the time (docs/performance.md).
_LEVEL = {8: 3, 16: 1}
_DEFLATE, _HORIZONTAL = 8, 2
_BLACK_IS_ZERO, _RGB, _UNASSOCIATED = 1, 2, 2
_LIMIT = (1 << 32) - (1 << 24)


def encode(picture: Outgoing, file: BinaryIO) -> None:
    """Write ``picture`` as TIFF (grey or RGB, unassociated alpha as an extra sample).

    Raises:
        OutputError: if the result would pass TIFF's 4 GiB.
    """
    directory = picture.exif or Directory()
    endian = directory.endian
    samples = picture.pixels if picture.pixels.ndim == 3 else picture.pixels[..., None]
    channels = samples.shape[2] + (picture.alpha is not None)
    row_bytes = picture.width * channels * samples.dtype.itemsize
    rows = max(1, min(picture.height, _STRIP_BYTES // row_bytes))

    begin = file.tell()
    file.write(struct.pack(endian + "2sHI", b"II" if endian == "<" else b"MM", 42, 0))
    offsets, sizes = [], []

    def compressed(top: int) -> bytes:
        strip = samples[top : top + rows]
        if picture.alpha is not None:
            strip = np.dstack([strip, picture.alpha[top : top + rows]])
        return _compress(strip, endian)

    for data in in_threads(compressed, range(0, picture.height, rows)):
        offsets.append(file.tell() - begin)
        sizes.append(len(data))
        file.write(data)
        if file.tell() - begin > _LIMIT:
            raise OutputError("The picture is too large for a TIFF file; choose PNG.")
        if len(data) % 2:
            file.write(b"\0")

    main = dict(directory.main)
    main.update(_layout(picture, samples, endian, channels, rows))
    main[273] = _numbers(endian, ifd.LONG, offsets)
    main[279] = _numbers(endian, ifd.LONG, sizes)
    place = file.tell() - begin
    complete = Directory(endian, main, directory.exif, directory.gps, directory.interop)
    file.write(ifd.write(complete, header=False, base=place))
    end = file.tell()
    file.seek(begin + 4)
    file.write(struct.pack(endian + "I", place))
    file.seek(end)


def _layout(
    picture: Outgoing, samples: NDArray[Any], endian: str, channels: int, rows: int
) -> dict[int, Entry]:
    """The tags that say how the pixels are stored."""
    depth = samples.dtype.itemsize * 8
    tags = {
        256: _numbers(endian, ifd.LONG, [picture.width]),
        257: _numbers(endian, ifd.LONG, [picture.height]),
        258: _numbers(endian, ifd.SHORT, [depth] * channels),
        259: _numbers(endian, ifd.SHORT, [_DEFLATE]),
        262: _numbers(endian, ifd.SHORT, [_RGB if samples.shape[2] == 3 else _BLACK_IS_ZERO]),
        274: _numbers(endian, ifd.SHORT, [1]),
        277: _numbers(endian, ifd.SHORT, [channels]),
        278: _numbers(endian, ifd.LONG, [rows]),
        284: _numbers(endian, ifd.SHORT, [1]),
        317: _numbers(endian, ifd.SHORT, [_HORIZONTAL]),
        34675: Entry(ifd.UNDEFINED, len(picture.icc), picture.icc),
    }
    if picture.alpha is not None:
        tags[338] = _numbers(endian, ifd.SHORT, [_UNASSOCIATED])
    if picture.xmp is not None:
        tags[700] = Entry(ifd.BYTE, len(picture.xmp), picture.xmp)
    for tag, data in zip((33723, 34377), photoshop.for_tiff(picture.photoshop), strict=True):
        if data:
            tags[tag] = Entry(ifd.UNDEFINED, len(data), data)
    return tags


def _compress(strip: NDArray[Any], endian: str) -> bytes:
    import imagecodecs

    differences = strip.copy()
    differences[:, 1:] -= strip[:, :-1]
    packed = differences.astype(f"{endian}u{differences.dtype.itemsize}")
    level = _LEVEL[differences.dtype.itemsize * 8]
    return bytes(imagecodecs.deflate_encode(packed.tobytes(), level))


def _numbers(endian: str, kind: int, values: list[int]) -> Entry:
    code = "H" if kind == ifd.SHORT else "I"
    return Entry(kind, len(values), struct.pack(f"{endian}{len(values)}{code}", *values))
