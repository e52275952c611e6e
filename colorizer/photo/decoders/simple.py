"""Formats of 8 bits that Pillow reads whole: WebP, GIF, AVIF; of animations the first frame.

Pillow's format classes are used directly instead of ``Image.open``: nothing but the recognised
format can be tried, and Pillow's process-wide pixel limit is not consulted before our own.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ...errors import CorruptImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from ..properties import comments_of
from . import hdr
from .base import Opened, Raster, Request, raster_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile


def open_webp(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a WebP; see :class:`Opened`.

    The size is parsed here because Pillow's decoder reserves memory for it on opening.
    """
    from PIL.WebPImagePlugin import WebPImageFile

    size = webp_size(file.read(30))
    if size is None:
        raise CorruptImage(f"{name} is damaged: it has no WebP header.")
    return _deferred(file, name, size, WebPImageFile)


def open_gif(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a GIF; see :class:`Opened`.

    A frame may be larger than the screen the header announces; both count for the limit.
    """
    from PIL.GifImagePlugin import GifImageFile

    head = file.read(10)
    if len(head) < 10:
        raise CorruptImage(f"{name} is damaged: it has no GIF header.")
    size = struct.unpack("<HH", head[6:10])
    frame = _gif_frame_size(file)
    largest = max(size, frame, key=lambda s: s[0] * s[1])
    packet = xmp_packet.clean(_gif_xmp(file))
    opened = _deferred(file, name, largest, GifImageFile)
    return replace(opened, xmp=opened.xmp or packet)


def open_avif(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of an AVIF; see :class:`Opened`.

    Pillow reports the rotation that the file asks for as EXIF orientation.

    Raises:
        UnsupportedImage: if it is an HDR picture.
    """
    from PIL.AvifImagePlugin import AvifImageFile

    said = hdr.checked_profile(name, file.read())
    file.seek(0)
    opened = opened_by_pillow(AvifImageFile(file), name)
    return replace(opened, icc=opened.icc or said)


def _deferred(
    file: BinaryIO, name: str, size: tuple[int, int], kind: Callable[[BinaryIO], ImageFile]
) -> Opened:
    """For decoders that reserve memory when opened: only our own header check has run so far.

    If the size is within reason the file is opened at once, for its metadata; otherwise the size
    alone is handed back, which is enough to refuse it.
    """
    if size[0] * size[1] > _LARGEST:
        return Opened(size[0], size[1], lambda: _never(name))
    file.seek(0)
    return opened_by_pillow(kind(file), name)


# No limit that anyone sets is above this: it is the largest canvas that WebP itself can hold.
_LARGEST = 1 << 28


def _never(name: str) -> Raster:
    raise CorruptImage(f"{name} claims to be larger than its format can be.")


def opened_by_pillow(image: Image, name: str) -> Opened:
    """An opened Pillow picture as :class:`Opened`."""
    width, height = image.size

    def load() -> Raster:
        image.load()
        if image.size != (width, height):
            raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
        return raster_of(np.asarray(image.convert(_plain_mode(image))))

    directory = exif_block.parse(image.info.get("exif"))
    packet = image.info.get("xmp")
    packet = packet if isinstance(packet, bytes) else None
    comment = image.info.get("comment")
    return Opened(
        width,
        height,
        load,
        icc=image.info.get("icc_profile"),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(packet),
        comments=comments_of([comment]) if isinstance(comment, bytes) else (),
        dpi=exif_block.sensible_dpi(image.info.get("dpi")) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory),
    )


def _plain_mode(image: Image) -> str:
    """Grey, grey + alpha, RGB or RGBA, whichever holds everything that ``image`` shows."""
    grey = image.mode in ("1", "L", "LA")
    if image.has_transparency_data:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Canvas size (width, height) from the first 30 bytes (WebP container specification)."""
    kind = head[12:16]
    if len(head) < 30:
        return None
    if kind == b"VP8X":
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        wide, high = struct.unpack("<HH", head[26:30])
        return wide & 0x3FFF, high & 0x3FFF
    return None


def _gif_frame_size(file: BinaryIO) -> tuple[int, int]:
    """Extent of the first frame, offset included; (0, 0) if there is none."""
    for kind, body in _gif_blocks(file):
        if kind == b",":
            if len(body) < 8:
                break
            left, top, wide, high = struct.unpack("<HHHH", body)
            return left + wide, top + high
    return 0, 0


def _gif_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of a GIF, which stands as it is where lengths and data take turns.

    XMP specification part 3, 1.1.2: after it come 258 bytes by which readers find to the end.
    """
    for kind, body in _gif_blocks(file):
        if kind == b"!" and body.startswith(_GIF_XMP):
            return body[len(_GIF_XMP) : -_GIF_XMP_TRAILER]
    return None


_GIF_XMP, _GIF_XMP_TRAILER = b"\xff\x0bXMP DataXMP", 258
#: parts of blocks that are looked at, of 255 bytes at the most: some 50 MB of picture, or all of a
#: packet of XMP, whose letters stand for lengths
_MOST_PARTS = 1 << 18


def _gif_blocks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of each block after the header: XMP whole, of frames their place.

    Ends at the end of the file, where it is damaged, and when there is too much of it.
    """
    file.seek(10)
    _skip_colours(file, file.read(3)[:1])
    left = _MOST_PARTS
    while left > 0 and (kind := file.read(1)) in (b"!", b","):
        if kind == b"!":
            begins = file.tell()
            is_xmp = file.read(len(_GIF_XMP)) == _GIF_XMP
            file.seek(begins + 1)
            left -= _skip_parts(file, left)
            ends, body = file.tell(), b""
            if is_xmp and left > 0:
                file.seek(begins)
                body = file.read(ends - begins)
            yield kind, body
            continue
        place = file.read(9)
        yield kind, place[:8]
        _skip_colours(file, place[8:])
        file.read(1)  # the size of its codes
        left -= _skip_parts(file, left)


def _skip_colours(file: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.read(3 << (flags[0] & 7) + 1)


def _skip_parts(file: BinaryIO, most: int) -> int:
    """Go behind the empty part that ends a block, or behind ``most`` parts; how many there were."""
    count = 0
    while count < most and (size := file.read(1)):
        count += 1
        if size == b"\0":
            break
        file.seek(size[0], os.SEEK_CUR)
    return count
