"""Headers of JPEG 2000 (ISO/IEC 15444-1): of the codestream, annex A, and of the file, annex I."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .boxes import boxes

_CODESTREAM = b"\xff\x4f\xff\x51"  # start, and the marker of the image and tile size
_END = b"\xff\xd9"  # which occurs nowhere else in a codestream
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = bytes.fromhex("4a706754696666457869662d3e4a5032")
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_UUIDS = {_XMP: "xmp", _EXIF: "exif", _IPTC: "iptc"}
_ENUMERATED, _PROFILES = 1, (2, 3)  # methods of the box of the colour space
_METRE = 39.37007874


@dataclass(frozen=True)
class Codestream:
    """Size and samples of the picture.

    Attributes:
        depths: bits of the samples of each component; negative if they are signed.
    """

    width: int
    height: int
    depths: tuple[int, ...]


@dataclass(frozen=True)
class FileHeader:
    """What the boxes around a codestream say.

    Attributes:
        colour: enumerated colour space (annex I.5.3.3: 16 sRGB, 17 grey, 18 sYCC); None if there
            is none.
        palette: whether the components are numbers of colours.
    """

    codestream: Codestream
    colour: int | None = None
    icc: bytes | None = None
    palette: bool = False
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    iptc: bytes | None = None


def codestream(data: bytes | memoryview) -> Codestream | None:
    """The header of a codestream, or of the first one in a file; None if there is none."""
    view = memoryview(data)
    if bytes(view[4:8]) == b"jP  ":
        view = memoryview(bare(data))
    if bytes(view[:4]) != _CODESTREAM or len(view) < 42:
        return None
    right, below, left, above, count = struct.unpack(">4I16xH", view[8:42])
    table = bytes(view[42 : 42 + 3 * count])
    if len(table) < 3 * count:
        return None
    depths = tuple(-(d & 0x7F) - 1 if d & 0x80 else d + 1 for d in table[::3])
    return Codestream(right - left, below - above, depths)


def bare(data: bytes | memoryview) -> bytes | memoryview:
    """The codestream in a file; empty if there is none."""
    return next((box.body for box in boxes(data) if box.kind == b"jp2c"), b"")


def has_end(data: bytes) -> bool:
    """Whether a codestream or a file has the marker that ends it: OpenJPEG does not miss it."""
    start = data.find(_CODESTREAM)
    return start >= 0 and data.find(_END, start) >= 0


def read(data: bytes) -> FileHeader | None:
    """The headers of a file, or of a bare codestream; None if there is no codestream."""
    stream = codestream(data)
    if stream is None:
        return None
    found: dict[str, bytes] = {}
    colour: int | None = None
    palette = False
    dpi = None
    if data[:4] == _CODESTREAM:
        return FileHeader(stream)
    for box in boxes(data):
        if box.kind == b"uuid" and bytes(box.body[:16]) in _UUIDS:
            found.setdefault(_UUIDS[bytes(box.body[:16])], bytes(box.body[16:]))
        if box.kind != b"jp2h":
            continue
        for inner in boxes(box.body):
            if inner.kind == b"colr" and colour is None and "icc" not in found:
                if _method(inner.body) == _ENUMERATED and len(inner.body) >= 7:
                    colour = int.from_bytes(inner.body[3:7], "big")
                elif _method(inner.body) in _PROFILES:
                    found["icc"] = bytes(inner.body[3:])
            elif inner.kind == b"pclr":
                palette = True
            elif inner.kind == b"res ":
                dpi = _resolution(inner.body)
    return FileHeader(
        stream,
        colour,
        found.get("icc"),
        palette,
        found.get("exif"),
        found.get("xmp"),
        dpi,
        found.get("iptc"),
    )


def _method(body: memoryview) -> int:
    return body[0] if len(body) else 0


def _resolution(body: memoryview) -> tuple[float, float] | None:
    """Pixels per inch, of the capture if it is given, else as to be shown."""
    found = {box.kind: box.body for box in boxes(body)}
    box = found.get(b"resc", found.get(b"resd"))
    if box is None or len(box) < 10:
        return None
    above_y, below_y, above_x, below_x, power_y, power_x = struct.unpack(">4H2b", box[:10])
    if not below_x or not below_y:
        return None
    y, x = above_y / below_y * 10.0**power_y, above_x / below_x * 10.0**power_x
    return x / _METRE, y / _METRE
