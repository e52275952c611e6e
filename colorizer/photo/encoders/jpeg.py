"""JPEG, 8 bits, 4:4:4, by libjpeg-turbo (imagecodecs). Alpha is laid on white: it has none.

Strips of rows are encoded by several threads, each as a JPEG of its own with the same tables, and
their data put together with restart markers between them (ITU-T T.81, B.2.1 and F.1.1.5.1): at a
marker the prediction of the first coefficient starts anew, as it does in a new file. So no copy of
the whole picture is made, and the result has the same pixels as one encoded in one go.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from ...threads import in_threads
from .. import exif, extended_xmp, photoshop
from .base import Outgoing

_MAX_SIDE = 65_500  # libjpeg's own limit
_MAX_BODY = 65_533  # of a segment
# From a segment's body the name of its content is taken.
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_MAX_EXIF = _MAX_BODY - len(_EXIF)
_MAX_XMP = _MAX_BODY - len(_XMP)
_MAX_ICC = _MAX_BODY - len(_ICC) - 2
_MAX_RESOURCES = _MAX_BODY - len(photoshop.JPEG_SIGNATURE)
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP1, _APP2, _APP13, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEF, 0xFE
_DRI, _RST0, _SOS = 0xDD, 0xD0, 0xDA
_SOF0 = 0xC0
_BLOCK = 8
_MAX_INTERVAL = 65_535
_STRIP_PIXELS = 1 << 18


def encode(picture: Outgoing, file: BinaryIO) -> None:
    """Write ``picture`` as JPEG.

    EXIF that does not fit into a segment is shortened: it loses the maker note and then its largest
    values. XMP that does not fit is written in two parts; if it cannot be divided it is reduced to
    our note.

    Raises:
        OutputError: if a side is longer than JPEG can hold.
    """
    if max(picture.width, picture.height) > _MAX_SIDE:
        raise OutputError(
            f"JPEG cannot hold more than {_MAX_SIDE} pixels a side; choose PNG or TIFF."
        )
    blocks = -(-picture.width // _BLOCK)
    lines = max(1, min(_STRIP_PIXELS // (blocks * _BLOCK**2), _MAX_INTERVAL // blocks))
    rows = lines * _BLOCK

    def encoded(top: int) -> bytes:
        return _encode_rows(picture, slice(top, top + rows))

    for i, strip in enumerate(in_threads(encoded, range(0, picture.height, rows))):
        tables, scan, data = _parts(strip)
        if i == 0:
            file.write(_SOI)
            for marker, body in _metadata(picture):
                file.write(_segment(marker, body))
            for marker, body in tables:
                if marker == _SOF0:  # precision, height, ...
                    body = body[:1] + struct.pack(">H", picture.height) + body[3:]
                file.write(_segment(marker, body))
            file.write(_segment(_DRI, struct.pack(">H", lines * blocks)))
            file.write(_segment(_SOS, scan))
        else:
            file.write(bytes([0xFF, _RST0 + (i - 1) % 8]))
        file.write(data)
    file.write(_EOI)


def _encode_rows(picture: Outgoing, rows: slice) -> bytes:
    import imagecodecs

    strip = picture.pixels[rows]
    if picture.alpha is not None:
        strip = _on_white(strip, picture.alpha[rows])
    return bytes(
        imagecodecs.jpeg8_encode(np.ascontiguousarray(strip), picture.quality, subsampling="444")
    )


def _parts(data: bytes) -> tuple[list[tuple[int, bytes]], bytes, memoryview]:
    """Of a JPEG with one scan: its tables and frame header, its scan header, its coded data."""
    tables: list[tuple[int, bytes]] = []
    at = len(_SOI)
    while True:
        marker = data[at + 1]
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + size]
        at += 2 + size
        if marker == _SOS:
            return tables, body, memoryview(data)[at : -len(_EOI)]
        if not _APP0 <= marker <= _APP15:
            tables.append((marker, body))


def _metadata(picture: Outgoing) -> Iterator[tuple[int, bytes]]:
    """Segments with resolution (JFIF), EXIF, XMP, IPTC-IIM, profile and comments."""
    unit, across, down = 0, 1, 1
    if picture.dpi is not None and max(picture.dpi) < 65_535:
        unit, across, down = 1, *(round(value) for value in picture.dpi)
    yield _APP0, struct.pack(">5sHBHHBB", b"JFIF\0", 0x0101, unit, across, down, 0, 0)
    block = exif.fitting(picture.exif, _MAX_EXIF)
    if block is not None:
        yield _APP1, _EXIF + block
    yield from _xmp(picture)
    resources = picture.photoshop or b""
    for at in range(0, len(resources), _MAX_RESOURCES):
        yield _APP13, photoshop.JPEG_SIGNATURE + resources[at : at + _MAX_RESOURCES]
    count = -(-len(picture.icc) // _MAX_ICC)
    for i in range(count):
        part = picture.icc[i * _MAX_ICC : (i + 1) * _MAX_ICC]
        yield _APP2, _ICC + bytes([i + 1, count]) + part
    for comment in picture.comments:
        for part in _comment_parts(comment.encode("utf-8", "replace")):
            yield _COM, part


def _xmp(picture: Outgoing) -> Iterator[tuple[int, bytes]]:
    packet, second = picture.xmp, None
    if packet is not None:
        packet, second = extended_xmp.split(packet, _MAX_XMP)
        if len(packet) > _MAX_XMP:
            packet, second = picture.xmp_note, None
    if packet is not None:
        yield _APP1, _XMP + packet
    if second is not None:
        for body in extended_xmp.segments(second):
            yield _APP1, body


def _comment_parts(text: bytes) -> Iterator[bytes]:
    """UTF-8 in parts that fit into segments, cut between characters."""
    while text:
        end = min(len(text), _MAX_BODY)
        while end < len(text) and text[end] & 0xC0 == 0x80:
            end -= 1
        yield text[:end]
        text = text[end:]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _on_white(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[np.uint8]:
    opacity = alpha.astype(np.uint32)
    if pixels.ndim == 3:
        opacity = opacity[..., None]
    mixed = pixels.astype(np.uint32) * opacity + 255 * (255 - opacity)
    return ((mixed + 127) // 255).astype(np.uint8)
