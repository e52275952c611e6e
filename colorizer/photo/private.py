"""Metadata without what tells where, with whose and with which camera a picture was taken.

Removed are the position (GPS, GeoTIFF, altitude), serial numbers of camera and lens, the owner of
the camera and the name of the computer, notes that only the maker can read (they hold all of
these), and pictures inside metadata. Captions, creator, copyright, dates and the kind of camera
stay. Tag numbers from EXIF 2.32, DNG 1.7 and GeoTIFF 1.1.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from . import exif, ifd, rdf
from .metadata import Metadata
from .namespaces import RDF, XMLNS

_HOST_COMPUTER, _CAMERA_SERIAL, _DNG_PRIVATE = 316, 0xC62F, 0xC634
_GEOTIFF = frozenset({33550, 33922, 34264, 34735, 34736, 34737})
_OWNER, _BODY_SERIAL, _LENS_SERIAL = 0xA430, 0xA431, 0xA435
_RAW_OWNER, _RAW_SERIAL = 0xFDE8, 0xFDE9  # as Adobe's raw converter writes them
_TAGS = _GEOTIFF | {
    _HOST_COMPUTER, _CAMERA_SERIAL, _DNG_PRIVATE, _OWNER, _BODY_SERIAL, _LENS_SERIAL, _RAW_OWNER,
    _RAW_SERIAL, ifd.MAKER_NOTE,
}  # fmt: skip

# Names of XMP properties, in whatever namespace; of text in a PNG the part after the colon.
_NAMES = re.compile(
    r"gps|latitude|long(t?)itude|altitude|serialnumber|ownername|hostcomputer|makernote|thumbnail",
    re.IGNORECASE,
)
_PICTURES = "http://ns.google.com/photos/1.0/"
_THUMBNAIL_TEXT = "Thumb::"  # freedesktop.org: the place of the file on somebody's computer


def without(metadata: Metadata) -> Metadata:
    """The metadata without what is private."""
    return replace(
        metadata,
        exif=_exif(metadata.exif),
        xmp=_xmp(metadata.xmp),
        texts=tuple(
            text
            for text in metadata.texts
            if not _NAMES.search(text.keyword) and not text.keyword.startswith(_THUMBNAIL_TEXT)
        ),
    )


def _exif(block: bytes | None) -> bytes | None:
    directory = exif.parse(block)
    if directory is None:
        return None
    for tags in (directory.main, directory.exif):
        for tag in _TAGS & tags.keys():
            del tags[tag]
    directory.gps = {}
    return exif.clean(directory)


def _xmp(packet: bytes | None) -> bytes | None:
    document = rdf.parse(packet)
    if document is None:
        return None
    return rdf.serialise(document) if _purge(rdf.root(document)) else packet


def _purge(element: Any) -> bool:
    """Take private properties out of an element, at any depth; whether there were any."""
    found = False
    for attribute in list(element.attributes.values()):
        if _is_private(attribute):
            element.removeAttributeNode(attribute)
            found = True
    for child in rdf.elements(element):
        if _is_private(child):
            element.removeChild(child)
            found = True
        else:
            found |= _purge(child)
    return found


def _is_private(node: Any) -> bool:
    space = node.namespaceURI or ""
    if space in (XMLNS, RDF):
        return False
    return _NAMES.search(node.localName or "") is not None or space.startswith(_PICTURES)
