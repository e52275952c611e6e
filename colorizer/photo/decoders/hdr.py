"""HDR pictures, which are refused: their samples mean light that sRGB has no room for.

AVIF and HEIC say so, and what else their colours are, in a box of the primary picture, ``colr`` of
the kind ``nclx`` (ISO/IEC 14496-12, 12.1.5; items and their properties: ISO/IEC 23008-12, 9.3).
"""

from __future__ import annotations

import struct

from ...errors import UnsupportedImage
from . import coding
from .boxes import Box, boxes

#: transfer characteristics of ITU-T H.273 (as in PNG's cICP) -> what they are called
TRANSFERS = {16: "PQ", 18: "HLG"}


def refuse(name: str, transfer: str) -> None:
    """Raise UnsupportedImage for a file called ``name`` if ``transfer`` is PQ or HLG."""
    if transfer in TRANSFERS.values():
        raise UnsupportedImage(
            f"{name} is an HDR picture ({transfer}), which is not read; save it with sRGB colours."
        )


def checked_profile(name: str, data: bytes) -> bytes | None:
    """What the numbers of an AVIF or HEIC say, as a profile, for one without; None is sRGB.

    Raises:
        UnsupportedImage: as :func:`refuse`, if its primary picture says that it is HDR.
    """
    found = None
    for kind, body in primary_properties(data):
        if kind == b"colr" and bytes(body[:4]) == b"nclx" and len(body) >= 8:
            primaries, transfer = struct.unpack(">2H", body[4:8])
            refuse(name, TRANSFERS.get(transfer, ""))
            if coding.is_known(primaries, transfer):
                found = found or coding.profile(primaries, transfer, colour=True)
    return found


def primary_properties(data: bytes) -> list[Box]:
    """The properties of the primary picture, as far as the boxes make sense."""
    meta = _inside(data, b"meta")[4:]
    reference, container = _inside(meta, b"pitm"), _inside(meta, b"iprp")
    properties = list(boxes(_inside(container, b"ipco")))
    long = bool(reference[:1]) and reference[0] > 0
    primary = int.from_bytes(reference[4 : 8 if long else 6], "big")
    numbers = _associations(_inside(container, b"ipma")).get(primary, [])
    return [properties[n - 1] for n in numbers if 0 < n <= len(properties)]


def _inside(data: bytes | memoryview, kind: bytes) -> memoryview:
    """The body of the first box of a kind; empty if there is none."""
    return next((box.body for box in boxes(data) if box.kind == kind), memoryview(b""))


def _associations(body: memoryview) -> dict[int, list[int]]:
    """Number of a picture -> the numbers, from 1, of its properties."""
    found: dict[int, list[int]] = {}
    if len(body) < 8:
        return found
    id_bytes, number_bytes = (4 if body[0] else 2), (2 if body[3] & 1 else 1)
    at = 8
    for _ in range(int.from_bytes(body[4:8], "big")):
        if at + id_bytes >= len(body):
            break
        item = int.from_bytes(body[at : at + id_bytes], "big")
        at += id_bytes
        end = at + 1 + body[at] * number_bytes
        numbers = (body[i : i + number_bytes] for i in range(at + 1, end, number_bytes))
        # the highest bit says whether a reader must understand the property
        mask = (1 << (8 * number_bytes - 1)) - 1
        found[item] = [int.from_bytes(number, "big") & mask for number in numbers]
        at = end
    return found
