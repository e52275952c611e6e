"""XMP packets: cleaned, completed for writing, and our note in them.

ISO 16684-1 for the model; IPTC Photo Metadata Standard for DigitalSourceType. The packet is kept
as it was apart from the properties named here. A packet that is not well-formed counts as none.
"""

from __future__ import annotations

import json
from typing import Any
from xml.parsers.expat import ExpatError

from .metadata import Provenance

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
XMLNS = "http://www.w3.org/2000/xmlns/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
XAP = "http://ns.adobe.com/xap/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NOTE = "http://ns.colorizer.example/provenance/1.0/"

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"

_PREFIXES = {TIFF: "tiff", XAP: "xmp", DC: "dc", IPTC: "Iptc4xmpExt", NOTE: "colorizer"}
_NOTE_FIELDS = ("software", "version", "model", "weights_sha256", "settings")
# Expat, minidom and defusedxml raise all of these for what is not well-formed.
_NOT_XML = (
    ExpatError,
    ValueError,
    LookupError,
    RuntimeError,
    TypeError,
    AttributeError,
    AssertionError,
)
_MAX_PACKET = 8 << 20
_MAX_DEPTH = 64
_EMPTY = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
    '<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>'
)


def clean(packet: bytes | None) -> bytes | None:
    """The packet without orientation and thumbnails; unchanged if it had none; None if broken."""
    document = _parse(packet)
    if packet is None or document is None:
        return None
    changed = _remove(document, TIFF, "Orientation")
    changed |= _remove(document, XAP, "Thumbnails")
    return _serialise(document) if changed else packet


def for_output(
    packet: bytes | None, width: int, height: int, provenance: Provenance | None
) -> bytes | None:
    """The packet to write into a result: true sizes, and the note merged in if there is one.

    A broken packet is replaced. Returns None if there is nothing to say.
    """
    document = _parse(packet)
    if document is None:
        if provenance is None:
            return None
        document = _parse(_EMPTY.encode())
    for space, names in (
        (TIFF, ("ImageWidth", "ImageLength")),
        (EXIF, ("PixelXDimension", "PixelYDimension")),
    ):
        for name, value in zip(names, (width, height), strict=True):
            if _get(document, space, name) is not None:
                _set(document, space, name, str(value))
    _remove(document, TIFF, "Orientation")
    if provenance is not None:
        _add_note(document, provenance)
    return _serialise(document)


def note(packet: bytes | None) -> Provenance | None:
    """Read our note back; None if there is none or it is damaged."""
    document = _parse(packet)
    if document is None:
        return None
    values = {name: _get(document, NOTE, name) for name in _NOTE_FIELDS}
    if values["model"] is None or values["weights_sha256"] is None:
        return None
    try:
        settings = json.loads(values["settings"] or "{}")
    except (ValueError, RecursionError):
        settings = {}
    return Provenance(
        model=values["model"],
        weights_sha256=values["weights_sha256"],
        settings=settings if isinstance(settings, dict) else {},
        version=values["version"] or "",
        software=values["software"] or "",
    )


def _add_note(document: Any, provenance: Provenance) -> None:
    _set(document, IPTC, "DigitalSourceType", SOURCE_TYPE)
    _set(document, XAP, "CreatorTool", provenance.tool)
    settings = json.dumps(dict(provenance.settings), ensure_ascii=False, sort_keys=True)
    values = (
        provenance.software,
        provenance.version,
        provenance.model,
        provenance.weights_sha256,
        settings,
    )
    for name, value in zip(_NOTE_FIELDS, values, strict=True):
        _set(document, NOTE, name, value)
    if not (_get(document, DC, "description") or "").strip():
        _remove(document, DC, "description")
        _set_description(document, provenance.sentence)


def _parse(packet: bytes | None) -> Any:
    """A DOM document with an rdf:RDF in it, or None. Entities and DTDs are refused."""
    from defusedxml import minidom

    if not packet or len(packet) > _MAX_PACKET:
        return None
    parse: Any = minidom.parseString  # its stub knows text only; bytes declare their encoding
    try:
        document = parse(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
    except _NOT_XML:
        return None
    if _too_deep(document) or not document.getElementsByTagNameNS(RDF, "RDF"):
        return None
    return document


def _too_deep(document: Any) -> bool:
    stack = [(document, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > _MAX_DEPTH:
            return True
        stack.extend((child, depth + 1) for child in node.childNodes)
    return False


def _serialise(document: Any) -> bytes:
    body = document.documentElement.toxml()
    head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return f'{head}\n{body}\n<?xpacket end="w"?>'.encode("utf-8", "replace")


def _descriptions(document: Any) -> list[Any]:
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    return [
        node
        for node in rdf.childNodes
        if getattr(node, "localName", None) == "Description" and node.namespaceURI == RDF
    ]


def _children(description: Any, space: str, name: str) -> list[Any]:
    return [
        node
        for node in description.childNodes
        if getattr(node, "localName", None) == name and node.namespaceURI == space
    ]


def _get(document: Any, space: str, name: str) -> str | None:
    """Text of a property, whether written as attribute, element or language alternative."""
    for description in _descriptions(document):
        if description.hasAttributeNS(space, name):
            return str(description.getAttributeNS(space, name))
        for node in _children(description, space, name):
            return _text(node).strip()
    return None


def _text(node: Any) -> str:
    parts = []
    for child in node.childNodes:
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE):
            parts.append(child.data)
        elif child.nodeType == child.ELEMENT_NODE:
            parts.append(_text(child))
    return "".join(parts)


def _remove(document: Any, space: str, name: str) -> bool:
    found = False
    for description in _descriptions(document):
        if description.hasAttributeNS(space, name):
            description.removeAttributeNS(space, name)
            found = True
        for node in _children(description, space, name):
            description.removeChild(node)
            found = True
    return found


def _target(document: Any, space: str) -> tuple[Any, str]:
    """The description to add a property to, and the prefix of ``space`` declared there."""
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    if not rdf.prefix:
        rdf.setAttributeNS(XMLNS, "xmlns:rdf", RDF)
    descriptions = _descriptions(document)
    if descriptions:
        target = descriptions[0]
    else:
        prefix = rdf.prefix or "rdf"
        target = document.createElementNS(RDF, f"{prefix}:Description")
        target.setAttributeNS(RDF, f"{prefix}:about", "")
        rdf.appendChild(target)
    prefix = _PREFIXES.get(space, "ns")
    while target.getAttribute(f"xmlns:{prefix}") not in ("", space):
        prefix += "_"
    target.setAttributeNS(XMLNS, f"xmlns:{prefix}", space)
    return target, prefix


def _set(document: Any, space: str, name: str, value: str) -> None:
    _remove(document, space, name)
    target, prefix = _target(document, space)
    node = document.createElementNS(space, f"{prefix}:{name}")
    node.appendChild(document.createTextNode(_legal(value)))
    target.appendChild(node)


def _set_description(document: Any, sentence: str) -> None:
    """dc:description is a list of alternatives by language."""
    target, prefix = _target(document, DC)
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0].prefix or "rdf"
    node = document.createElementNS(DC, f"{prefix}:description")
    alternatives = document.createElementNS(RDF, f"{rdf}:Alt")
    item = document.createElementNS(RDF, f"{rdf}:li")
    item.setAttributeNS(XML, "xml:lang", "x-default")
    item.appendChild(document.createTextNode(_legal(sentence)))
    alternatives.appendChild(item)
    node.appendChild(alternatives)
    target.appendChild(node)


def _legal(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(
        c for c in text if c in "\t\n\r" or (ord(c) >= 32 and ord(c) not in (65534, 65535))
    )
