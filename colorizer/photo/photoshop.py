"""Photoshop image resources: the envelope of IPTC-IIM in JPEG, PNG and beside it in TIFF.

Adobe Photoshop File Formats, "Image Resource Blocks": "8BIM", a number, a name, a length, data,
each part padded to an even length. Kept are IPTC-IIM, the digest by which readers see whether it
was changed after the XMP (Metadata Working Group, Guidelines 2.0, 3.3), and the mark and address
of copyright; thumbnails, paths and print settings of the source are not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from . import iptc
from .namespaces import XMP_RIGHTS
from .properties import Captions, Property, decoded

JPEG_SIGNATURE = b"Photoshop 3.0\0"

_IIM, _COPYRIGHTED, _URL, _DIGEST = 0x0404, 0x040A, 0x040B, 0x0425
_KEPT = (_IIM, _COPYRIGHTED, _URL, _DIGEST)
_KINDS = {b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"}
_MAX_RESOURCES = 4096
_MARKED = Property(XMP_RIGHTS, "Marked")
_STATEMENT = Property(XMP_RIGHTS, "WebStatement")


class _Resource(NamedTuple):
    kind: bytes
    number: int
    data: bytes


def clean(block: bytes | None) -> bytes | None:
    """The block as :class:`Metadata` keeps it; None if it holds no captions."""
    found = _kept(block)
    if _IIM in found:
        was = found[_IIM]
        iim = iptc.clean(was)
        if found.get(_DIGEST) == _digest(was):
            found[_DIGEST] = _digest(iim)
        found[_IIM] = iim
        if not iim:
            found.pop(_IIM)
            found.pop(_DIGEST, None)
    return _pack(found) if found.keys() - {_DIGEST} else None


def of_tiff(iim: bytes | None, resources: bytes | None) -> bytes | None:
    """The block from TIFF's two tags, 33723 (IPTC-IIM alone) and 34377 (the other resources).

    IPTC-IIM that was written as numbers of 32 bits may have its bytes swapped in fours.
    """
    found = _kept(resources)
    if iim:
        if iim[:1] != b"\x1c" and iim[3:4] == b"\x1c":
            iim = b"".join(iim[i : i + 4][::-1] for i in range(0, len(iim), 4))
        found[_IIM] = iim
    return clean(_pack(found))


def of_profile(data: bytes) -> bytes | None:
    """The block from PNG's raw profile, where IPTC-IIM may be bare or in its envelope."""
    return clean(data) if data[:4] in _KINDS else of_tiff(data, None)


def for_tiff(block: bytes | None) -> tuple[bytes | None, bytes | None]:
    """What TIFF's tags 33723 and 34377 hold; None for a tag that is not needed."""
    found = _kept(block)
    iim = found.pop(_IIM, None)
    return iim, _pack(found) if found else None


def captions(block: bytes | None) -> Captions:
    """What the block says, as XMP properties."""
    found = _kept(block)
    result = dict(iptc.captions(found.get(_IIM, b"")))
    if any(found.get(_COPYRIGHTED, b"")):
        result[_MARKED] = ("True",)
    address = decoded(found.get(_URL, b"")).strip("\0 ")
    if address:
        result[_STATEMENT] = (address,)
    return result


def is_newer_than_xmp(block: bytes | None) -> bool:
    """Whether a program that knew nothing of XMP changed the IPTC-IIM after the XMP was written."""
    found = _kept(block)
    return _IIM in found and found.get(_DIGEST, _digest(found[_IIM])) != _digest(found[_IIM])


def _digest(iim: bytes) -> bytes:
    return hashlib.md5(iim, usedforsecurity=False).digest()


def _kept(block: bytes | None) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for resource in _resources(block or b""):
        if resource.kind == b"8BIM" and resource.number in _KEPT:
            found.setdefault(resource.number, resource.data)
    return found


def _resources(block: bytes) -> Iterator[_Resource]:
    at = 0
    for _ in range(_MAX_RESOURCES):
        if at + 12 > len(block) or block[at : at + 4] not in _KINDS:
            return
        kind, number = block[at : at + 4], int.from_bytes(block[at + 4 : at + 6], "big")
        at += 6
        at += (block[at] + 2) // 2 * 2  # the name with its length
        size = int.from_bytes(block[at : at + 4], "big")
        at += 4
        if at + size > len(block):
            return
        yield _Resource(kind, number, block[at : at + size])
        at += size + size % 2


def _pack(found: Mapping[int, bytes]) -> bytes:
    parts = []
    for number in sorted(found):
        data = found[number]
        head = b"8BIM" + number.to_bytes(2, "big") + b"\0\0" + len(data).to_bytes(4, "big")
        parts.append(head + data + bytes(len(data) % 2))
    return b"".join(parts)
