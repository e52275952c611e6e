"""The structure of a JPEG (ITU-T T.81, annex B), and whether its scans are whole.

libjpeg goes on over broken data and says so only in warnings, which Pillow and imagecodecs drop;
simplejpeg raises them. It decodes at an eighth of the size, which takes little more than the
reading of the Huffman codes.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO, Literal, NamedTuple

from ...errors import CorruptImage

END = b"\xff\xd9"

_START, _ADOBE = b"\xff\xd8", 0xEE
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
# A marker inside scan data that is not a restart marker.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)
_BARE = {0x01, *range(0xD0, 0xD9)}
_SCAN = 0xDA
_PROGRESSIVE = {0xC2, 0xCA}
_MOST_SCANS = 200
_PARTS = 8  # segments for each scan, with its tables
# Tables, restart interval, arithmetic conditioning: what decoding needs besides frame and scans.
_TABLES = {0xDB, 0xC4, 0xDD, 0xCC, _ADOBE}
# What libjpeg says of data that are cut off (JWRN_HIT_MARKER, JWRN_JPEG_EOF), and else.
_CUT = ("Premature end of JPEG file", "premature end of data segment")
_BROKEN = ("Corrupt JPEG data", "Inconsistent progression sequence")

Damage = Literal["cut", "broken"]


class Segment(NamedTuple):
    """A marker, the position of its 0xFF, and of the end of its parameters."""

    marker: int
    start: int
    end: int


class Frame(NamedTuple):
    """What the start-of-frame segment says, and where it begins."""

    marker: int
    precision: int
    height: int
    width: int
    components: int
    start: int


def segments(file: BinaryIO) -> list[Segment]:
    """The segments of a JPEG from where the file is, to its first scan; positions from there.

    Empty if it is no JPEG; the last is a scan, unless the file ends before one or is damaged.
    """
    origin = file.tell()
    found: list[Segment] = []
    if file.read(2) != _START:
        return found
    while True:
        byte = file.read(1)
        if not byte:
            return found
        if byte != b"\xff":
            continue
        marker = file.read(1)
        while marker == b"\xff":
            marker = file.read(1)
        if not marker:
            return found
        code = marker[0]
        if code == 0 or code in _BARE:
            continue
        start = file.tell() - 2
        size = int.from_bytes(file.read(2), "big")
        if code == 0xD9 or size < 2:
            return found
        found.append(Segment(code, start - origin, start + 2 + size - origin))
        if code == _SCAN:
            return found
        file.seek(size - 2, io.SEEK_CUR)


def frame(file: BinaryIO) -> Frame | None:
    """The frame header of the JPEG that begins where the file is; None if there is none."""
    origin = file.tell()
    for segment in segments(file):
        if segment.marker in _FRAMES:
            file.seek(origin + segment.start + 4)
            body = file.read(6)
            if len(body) < 6:
                return None
            height, width = (int.from_bytes(body[i : i + 2], "big") for i in (1, 3))
            return Frame(segment.marker, body[0], height, width, body[5], segment.start)
    return None


def check_scans(file: BinaryIO, name: str) -> None:
    """Refuse a JPEG that begins where the file is and has more scans than any program writes.

    Each goes over the whole picture, however short it is itself; libjpeg's programs write up to a
    hundred.

    Raises:
        CorruptImage: if it has.
    """
    origin = file.tell()
    found = segments(file)
    frames = [segment for segment in found if segment.marker in _FRAMES]
    if not frames or found[-1].marker != _SCAN:
        return
    file.seek(origin + frames[0].start)
    components = file.read(10)[-1]
    file.seek(origin + found[-1].start)
    data = file.read(5)
    if frames[0].marker not in _PROGRESSIVE and data[-1] >= components:
        return  # decoders end with the first scan
    data += file.read()
    scans = parts = at = 0
    while marker := _MARKER.search(data, at):
        code = data[marker.start() + 1]
        scans += code == _SCAN
        parts += 1
        if max(scans, parts // _PARTS) > _MOST_SCANS:
            raise CorruptImage(
                f"{name} is damaged: its picture is stored in more than {_MOST_SCANS} scans."
            )
        if code == END[1]:
            return
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")


def with_tables(tables: bytes | None, data: bytes) -> bytes:
    """A whole JPEG of an abbreviated one and its tables (TIFF technical note 2)."""
    if not tables:
        return data
    return tables.removesuffix(END) + data.removeprefix(_START)


def has_end(data: bytes) -> bool:
    """Whether there is an end marker behind the first scan."""
    found = segments(io.BytesIO(data))
    return bool(found) and data.find(END, found[-1].end) >= 0


def closed(data: bytes) -> tuple[bytes, bool]:
    """A JPEG without an end marker, closed behind the last of its scans that has begun.

    Returns:
        The JPEG, and whether its scans, if they are whole, hold all there is of the picture: every
        bit of the 64 coefficients of every component (annex G.1).
    """
    found = segments(io.BytesIO(data))
    stop = len(data)
    missing = {(component, i) for component in _components(data, found) for i in range(64)}
    at = found[-1].start if found else stop
    while at < stop:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + size
        if size < 2 or end >= stop:
            stop = at
            break
        if data[at + 1] == _SCAN:
            body = data[at + 4 : end]
            first, last, bits = body[-3:]
            if bits & 15 == 0:
                done = body[1 : 1 + 2 * body[0] : 2]
                missing -= {(c, i) for c in done for i in range(first, min(last, 63) + 1)}
        marker = _MARKER.search(data, end)
        at = marker.start() if marker else stop
    return data[:stop].removesuffix(b"\xff") + END, not missing


def _components(data: bytes, found: list[Segment]) -> bytes:
    """The names of the components, from the frame header."""
    for segment in found:
        if segment.marker in _FRAMES:
            body = data[segment.start + 4 : segment.end]
            return body[6 : 6 + 3 * body[5] : 3] if len(body) > 5 else b""
    return b""


def damage(data: bytes) -> Damage | None:
    """What is wrong with the scans: "cut" off, or "broken"; None if nothing is known to be.

    Only JPEGs of 8 bits with usual sampling can be examined. What lies before the first scan does
    not count: programs leave many things there.
    """
    import simplejpeg

    try:
        plain = _only_picture(data)
        inks = simplejpeg.decode_jpeg_header(plain, strict=False)[2] in ("CMYK", "YCCK")
        simplejpeg.decode_jpeg(
            plain, colorspace="CMYK" if inks else "GRAY", fastdct=True, fastupsample=True,
            min_height=1, min_width=1, min_factor=8, strict=True,
        )  # fmt: skip
    except ValueError as error:
        text = str(error)
        if any(part in text for part in _CUT):
            return "cut"
        return "broken" if any(part in text for part in _BROKEN) else None
    except KeyError:  # a sampling that simplejpeg has no name for
        return None
    return None


def _only_picture(data: bytes) -> bytes:
    """Without what lies before the first scan and is not needed."""
    parts = [_START]
    scan = len(data)
    for segment in segments(io.BytesIO(data)):
        if segment.marker == _SCAN:
            scan = segment.start
        elif segment.marker in _TABLES or segment.marker in _FRAMES:
            parts.append(data[segment.start : segment.end])
    return b"".join([*parts, data[scan:]])
