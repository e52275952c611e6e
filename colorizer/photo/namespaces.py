"""Namespaces of XMP properties, and the prefixes that they usually have.

ISO 16684-1, part 2 of Adobe's XMP specification, IPTC Photo Metadata Standard, EXIF for XMP
(CIPA DC-010).
"""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
XMLNS = "http://www.w3.org/2000/xmlns/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
PNG = "http://ns.adobe.com/png/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
XMP = "http://ns.adobe.com/xap/1.0/"
XMP_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
XMP_MM = "http://ns.adobe.com/xap/1.0/mm/"
XMP_NOTE = "http://ns.adobe.com/xmp/note/"
EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
DC = "http://purl.org/dc/elements/1.1/"
IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
COLORIZER = "http://ns.colorizer.example/provenance/1.0/"

PREFIXES = {
    TIFF: "tiff", EXIF: "exif", PNG: "png", PHOTOSHOP: "photoshop", XMP: "xmp",
    XMP_RIGHTS: "xmpRights", XMP_MM: "xmpMM", XMP_NOTE: "xmpNote", EVENT: "stEvt", DC: "dc",
    IPTC_CORE: "Iptc4xmpCore", IPTC_EXT: "Iptc4xmpExt", COLORIZER: "colorizer",
}  # fmt: skip
