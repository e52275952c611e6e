"""Packets of XMP before they are parsed: a document of a hostile one takes memory and time."""

from __future__ import annotations

import re
from xml.parsers.expat import ParserCreate

_MAX_DEPTH = 64
_MAX_NODES = 200_000  # elements and attributes; the longest histories that fit have some 150,000
_DECLARATION = re.compile(r"^<\?xml\s.*?\?>\s*", re.DOTALL)  # names the encoding
_SIXTEEN_BITS = {"utf-16-le": (b"\xff\xfe", b"<\0"), "utf-16-be": (b"\xfe\xff", b"\0<")}


def checked(packet: bytes) -> bytes:
    """A packet without what stands around it; UTF-16 becomes UTF-8, of which bytes can be told.

    Raises:
        ValueError: if it has a DTD, is nested too deep, or has too many elements and attributes.
        ExpatError: if it is no XML.
    """
    packet = _stripped(packet)
    if _nodes(packet) > _MAX_NODES:
        raise ValueError("There are too many elements.")
    _require_flat(packet)
    return packet


def _stripped(packet: bytes) -> bytes:
    for encoding, beginnings in _SIXTEEN_BITS.items():
        if packet.startswith(beginnings):
            text = packet.decode(encoding, "replace").strip("\ufeff\0 \t\r\n")
            return _DECLARATION.sub("", text).encode()
    return packet.strip(b"\0 \t\r\n")


def _nodes(packet: bytes) -> int:
    """How many elements and attributes there are, or more: each takes half a kilobyte."""
    return packet.count(b"<") - packet.count(b"</") + packet.count(b"=")


def _require_flat(packet: bytes) -> None:
    depth = 0

    def begins(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise ValueError("The elements are nested too deep.")

    def ends(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise ValueError("There is a DTD.")

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(packet, True)
