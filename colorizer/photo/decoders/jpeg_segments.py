"""What the segments of a JPEG say besides the picture, EXIF and profile apart.

ITU-T T.81 (COM), Adobe XMP Specification, Part 3 (APP1, APP13).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import extended_xmp, photoshop
from ..properties import comments_of

XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class Found:
    """The XMP packet, whole; Photoshop image resources; comments."""

    xmp: bytes | None
    photoshop: bytes | None
    comments: tuple[str, ...]


def found_in(segments: Iterable[tuple[str, bytes]]) -> Found:
    """Look through segments, given as their name ("APP1", "COM") and body."""
    segments = list(segments)
    packets = _bodies(segments, "APP1", XMP_SIGNATURE)
    parts = _bodies(segments, "APP1", extended_xmp.SIGNATURE)
    resources = b"".join(_bodies(segments, "APP13", photoshop.JPEG_SIGNATURE))
    return Found(
        xmp=extended_xmp.merged(packets[0] if packets else None, parts),
        photoshop=photoshop.clean(resources),
        comments=comments_of(_bodies(segments, "COM", b"")),
    )


def _bodies(segments: Iterable[tuple[str, bytes]], name: str, signature: bytes) -> list[bytes]:
    return [
        body[len(signature) :] for n, body in segments if n == name and body.startswith(signature)
    ]
