"""RDF/XML of XMP packets: properties found, set and removed, whatever way they are written.

ISO 16684-1, 7. XML from files is not trusted: entities and DTDs are refused, depth and size are
bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

from . import packets
from .namespaces import PREFIXES, RDF, XML, XMLNS
from .properties import Property

MAX_PACKET = 8 << 20

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
_MAX_PROPERTIES = 8192
_EMPTY = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
    '<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>'
)


def empty() -> Any:
    """A document without properties."""
    return parse(_EMPTY.encode())


def parse(packet: bytes | None) -> Any:
    """A DOM document with an rdf:RDF in it, or None.

    Entities and DTDs are refused, and so are packets that are too large, too deep, or have too
    many properties.
    """
    from defusedxml import minidom

    if not packet or len(packet) > MAX_PACKET:
        return None
    parse: Any = minidom.parseString  # its stub knows text only; bytes declare their encoding
    try:
        document = parse(packets.checked(packet), forbid_dtd=True)
    except _NOT_XML:
        return None
    if root(document) is None or _too_many(document):
        return None
    return document


def _too_many(document: Any) -> bool:
    """Whether to look for properties would take long; photographs have some hundreds."""
    nodes = len(root(document).childNodes)
    nodes += sum(len(d.childNodes) + len(d.attributes) for d in descriptions(document))
    return nodes > _MAX_PROPERTIES


def serialise(document: Any, *, wrapped: bool = True) -> bytes:
    """The packet, with the processing instructions around it by which scanners find it."""
    body = written(document.documentElement)
    if wrapped:
        head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        body = f'{head}\n{body}\n<?xpacket end="w"?>'
    return str(body).encode("utf-8", "replace")


def written(node: Any) -> str:
    """XML of a node, with line breaks and tabs written so that parsers do not change them.

    The standard library's own ``toxml`` does so from Python 3.13 on only.
    """
    from xml.sax.saxutils import escape, quoteattr

    if node.nodeType in (node.TEXT_NODE, node.CDATA_SECTION_NODE):
        return escape(node.data, {"\r": "&#13;"})
    if node.nodeType != node.ELEMENT_NODE:
        return str(node.toxml())
    attributes = "".join(f" {n}={quoteattr(value)}" for n, value in node.attributes.items())
    inside = "".join(map(written, node.childNodes))
    return (
        f"<{node.tagName}{attributes}>{inside}</{node.tagName}>"
        if inside
        else (f"<{node.tagName}{attributes}/>")
    )


def descriptions(document: Any) -> list[Any]:
    """The elements that hold the properties."""
    return _children(root(document), RDF, "Description")


def root(document: Any) -> Any:
    """The element rdf:RDF; None if there is none."""
    stack = [document.documentElement]
    while stack:
        node = stack.pop()
        if node.localName == "RDF" and node.namespaceURI == RDF:
            return node
        stack.extend(reversed(elements(node)))
    return None


def elements(parent: Any) -> list[Any]:
    """The child elements."""
    return [node for node in parent.childNodes if node.nodeType == node.ELEMENT_NODE]


def _children(parent: Any, space: str, name: str) -> list[Any]:
    return [n for n in elements(parent) if n.localName == name and n.namespaceURI == space]


def find(document: Any, space: str, name: str) -> Any:
    """The element of a property; None if there is none or it is written as an attribute."""
    for description in descriptions(document):
        for node in _children(description, space, name):
            return node
    return None


def get(document: Any, space: str, name: str) -> str | None:
    """Text of a property, whether written as attribute, element or language alternative."""
    for description in descriptions(document):
        if description.hasAttributeNS(space, name):
            return str(description.getAttributeNS(space, name))
    node = find(document, space, name)
    return None if node is None else text_of(node).strip()


def values(document: Any, prop: Property) -> tuple[str, ...]:
    """The values of a property that are not blank; of alternatives the default language's."""
    node = find(document, prop.space, prop.name)
    listed = [] if node is None else items(node)
    if not listed:
        text = get(document, prop.space, prop.name)
        return (text,) if text and text.strip() else ()
    if prop.form == "Alt":
        listed.sort(key=lambda item: item.getAttributeNS(XML, "lang") != "x-default")
        listed = listed[:1]
    return tuple(text for text in (text_of(item).strip() for item in listed) if text)


def items(node: Any) -> list[Any]:
    """The rdf:li of a property that is a list, set or alternative."""
    return [
        item
        for container in elements(node)
        if container.namespaceURI == RDF and container.localName in ("Alt", "Seq", "Bag")
        for item in _children(container, RDF, "li")
    ]


def text_of(node: Any) -> str:
    """All text inside an element."""
    parts = []
    for child in node.childNodes:
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE):
            parts.append(child.data)
        elif child.nodeType == child.ELEMENT_NODE:
            parts.append(text_of(child))
    return "".join(parts)


def remove(document: Any, space: str, name: str) -> bool:
    """Take a property away; whether it was there."""
    found = False
    for description in descriptions(document):
        if description.hasAttributeNS(space, name):
            description.removeAttributeNS(space, name)
            found = True
        for node in _children(description, space, name):
            description.removeChild(node)
            found = True
    return found


def set_text(document: Any, space: str, name: str, value: str) -> None:
    """Give a property one plain value, instead of what it was."""
    remove(document, space, name)
    _property(document, space, name).appendChild(document.createTextNode(_legal(value)))


def set_values(document: Any, prop: Property, values: Sequence[str]) -> None:
    """Give a property these values in its form, instead of what it was."""
    if prop.form == "text":
        set_text(document, prop.space, prop.name, values[0])
        return
    remove(document, prop.space, prop.name)
    node = _property(document, prop.space, prop.name)
    container = node.appendChild(_rdf(document, prop.form))
    for value in values:
        item = container.appendChild(_rdf(document, "li"))
        if prop.form == "Alt":
            item.setAttributeNS(XML, "xml:lang", "x-default")
        item.appendChild(document.createTextNode(_legal(value)))


def append_structure(
    document: Any, space: str, name: str, field_space: str, fields: Mapping[str, str]
) -> None:
    """Add a structure of text fields at the end of an ordered list."""
    node = find(document, space, name)
    if node is None:
        remove(document, space, name)
        node = _property(document, space, name)
    lists = _children(node, RDF, "Seq")
    container = lists[0] if lists else node.appendChild(_rdf(document, "Seq"))
    item = container.appendChild(_rdf(document, "li"))
    item.setAttributeNS(RDF, f"{_rdf_prefix(document)}:parseType", "Resource")
    prefix = PREFIXES[field_space]
    item.setAttributeNS(XMLNS, f"xmlns:{prefix}", field_space)
    for field, value in fields.items():
        element = item.appendChild(document.createElementNS(field_space, f"{prefix}:{field}"))
        element.appendChild(document.createTextNode(_legal(value)))


def about(document: Any) -> str:
    """What the properties are about: empty, or a name of the file (ISO 16684-1, 7.4)."""
    found = descriptions(document)
    return str(found[0].getAttributeNS(RDF, "about")) if found else ""


def set_about(description: Any, value: str) -> None:
    """Say what a description is about; all of a packet must say the same."""
    for space in (RDF, None):  # the older form has no namespace
        if description.hasAttributeNS(space, "about"):
            description.removeAttributeNS(space, "about")
    prefix = description.prefix or "rdf"
    description.setAttributeNS(XMLNS, f"xmlns:{prefix}", RDF)
    description.setAttributeNS(RDF, f"{prefix}:about", value)


def unabbreviate(document: Any) -> None:
    """Write as elements the properties that are written as attributes (ISO 16684-1, 7.9.2.2)."""
    for description in descriptions(document):
        for attribute in list(description.attributes.values()):
            space = attribute.namespaceURI
            if space not in (None, XMLNS, XML, RDF):
                element = document.createElementNS(space, attribute.name)
                element.appendChild(document.createTextNode(attribute.value))
                description.removeAttributeNode(attribute)
                description.appendChild(element)


def declarations(node: Any) -> Iterator[tuple[str, str]]:
    """The namespaces in force at an element: attribute names and values, the nearest first."""
    seen = set()
    while node is not None and node.nodeType == node.ELEMENT_NODE:
        for name, value in node.attributes.items():
            if (name == "xmlns" or name.startswith("xmlns:")) and name not in seen:
                seen.add(name)
                yield name, value
        node = node.parentNode


def _property(document: Any, space: str, name: str) -> Any:
    """A new, empty property in the first description, its prefix declared there."""
    found = descriptions(document)
    if found:
        target = found[0]
    else:
        target = root(document).appendChild(_rdf(document, "Description"))
        target.setAttributeNS(RDF, f"{_rdf_prefix(document)}:about", "")
    prefix = PREFIXES[space]
    while target.getAttribute(f"xmlns:{prefix}") not in ("", space):
        prefix += "_"
    target.setAttributeNS(XMLNS, f"xmlns:{prefix}", space)
    return target.appendChild(document.createElementNS(space, f"{prefix}:{name}"))


def _rdf(document: Any, name: str) -> Any:
    return document.createElementNS(RDF, f"{_rdf_prefix(document)}:{name}")


def _rdf_prefix(document: Any) -> str:
    element = root(document)
    if not element.prefix:
        element.setAttributeNS(XMLNS, "xmlns:rdf", RDF)
    return str(element.prefix or "rdf")


def _legal(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(
        c for c in text if c in "\t\n\r" or (ord(c) >= 32 and ord(c) not in (65534, 65535))
    )
