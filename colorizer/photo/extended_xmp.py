"""XMP of more than 64 KB in a JPEG: a packet, and a second part in segments of its own.

Adobe XMP Specification, Part 3, 1.1.3.1 (ISO 16684-1 for the packet): the packet names the MD5 of
the second part, whose properties belong to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from . import rdf
from .namespaces import RDF, XMLNS, XMP_NOTE

SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"

_Name = tuple[str, str]  # namespace and local name of a property

_GUID, _NUMBER = 32, 4
_HEAD = _GUID + 2 * _NUMBER
_MAX_PART = 65_400
_POINTER_BYTES = 200  # what naming the second part adds to the packet


def merged(packet: bytes | None, bodies: Sequence[bytes]) -> bytes | None:
    """The packet with the properties of its second part in it.

    ``bodies`` are those of the segments, after :data:`SIGNATURE`. If some are missing or broken
    the packet is handed back as it is.
    """
    document = rdf.parse(packet) if bodies else None
    if document is None:
        return packet
    guid = rdf.get(document, XMP_NOTE, "HasExtendedXMP")
    second = rdf.parse(_assembled(bodies, guid.encode("ascii", "replace"))) if guid else None
    if second is None:
        return packet
    rdf.remove(document, XMP_NOTE, "HasExtendedXMP")
    there, taken, about = set(_names(document)), set[_Name](), rdf.about(document)
    for description in rdf.descriptions(second):
        rdf.set_about(description, about)
        _add(document, description, there, taken)
    return rdf.serialise(document)


def _assembled(bodies: Iterable[bytes], guid: bytes) -> bytes | None:
    """The second part, if all of it is there."""
    parts: dict[int, bytes] = {}
    size = 0
    for body in bodies:
        if body[:_GUID] == guid and len(body) > _HEAD:
            size = int.from_bytes(body[_GUID : _GUID + _NUMBER], "big")
            parts[int.from_bytes(body[_GUID + _NUMBER : _HEAD], "big")] = body[_HEAD:]
    whole = b""
    if size <= rdf.MAX_PACKET:
        whole = b"".join(parts[place] for place in sorted(parts))
    at = 0
    for place in sorted(parts):
        if place != at:
            return None
        at += len(parts[place])
    return whole if whole and len(whole) == size else None


def _names(document: Any) -> Iterator[_Name]:
    for description in rdf.descriptions(document):
        for node in (*description.attributes.values(), *rdf.elements(description)):
            yield node.namespaceURI, node.localName


def _add(document: Any, description: Any, there: set[_Name], taken: set[_Name]) -> None:
    """Put a description of the second part into the document, less what is ``there``.

    Lists that are there are united with those of the second part. ``taken`` are the properties of
    the second part so far; of two of one name the first counts.
    """
    copy = document.importNode(description, True)
    for attribute, value in rdf.declarations(description):
        copy.setAttribute(attribute, value)
    for attribute in list(copy.attributes.values()):
        name = (attribute.namespaceURI, attribute.localName)
        if name[0] not in (None, XMLNS, RDF):
            if name in there or name in taken:
                copy.removeAttributeNode(attribute)
            taken.add(name)
    for node in rdf.elements(copy):
        name = (node.namespaceURI, node.localName)
        if name in there or name in taken:
            if name not in taken:
                _unite(document, node)
            copy.removeChild(node)
        taken.add(name)
    rdf.root(document).appendChild(copy)


def _unite(document: Any, node: Any) -> None:
    there = rdf.find(document, node.namespaceURI, node.localName)
    listed = [] if there is None else rdf.items(there)
    if not listed or listed[0].parentNode.localName == "Alt":
        return
    known = {rdf.text_of(item) for item in listed}
    for item in rdf.items(node):
        if rdf.text_of(item) not in known:
            listed[0].parentNode.appendChild(item)


def split(packet: bytes, limit: int) -> tuple[bytes, bytes | None]:
    """The packet within ``limit`` bytes, and the second part that holds what did not fit.

    The largest properties go into the second part. The first is still larger than ``limit`` if
    something that is no property fills it.
    """
    document = rdf.parse(packet) if len(packet) > limit else None
    if document is None:
        return packet, None
    rdf.unabbreviate(document)
    second = rdf.empty()
    nodes = [(d, n) for d in rdf.descriptions(document) for n in rdf.elements(d)]
    nodes.sort(key=lambda pair: len(rdf.written(pair[1])), reverse=True)
    excess = len(rdf.serialise(document)) + _POINTER_BYTES - limit
    for description, node in nodes:
        if excess <= 0:
            break
        excess -= len(rdf.written(node).encode("utf-8", "replace"))
        moved = second.importNode(node, True)
        for name, value in rdf.declarations(node):
            moved.setAttribute(name, value)
        rdf.descriptions(second)[0].appendChild(moved)
        description.removeChild(node)
    rest = rdf.serialise(second, wrapped=False)
    rdf.set_text(document, XMP_NOTE, "HasExtendedXMP", _guid(rest))
    return rdf.serialise(document), rest


def segments(second: bytes) -> Iterator[bytes]:
    """The bodies of the segments that hold the second part."""
    head = SIGNATURE + _guid(second).encode() + len(second).to_bytes(_NUMBER, "big")
    for at in range(0, len(second), _MAX_PART):
        yield head + at.to_bytes(_NUMBER, "big") + second[at : at + _MAX_PART]


def _guid(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()
