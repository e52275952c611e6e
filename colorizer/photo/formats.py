"""Which formats are read and written, and how a file is recognised.

A file is recognised by its first bytes, never by its name: scans with a wrong suffix are common.
Only the formats listed here are ever handed to a decoder; nothing that runs a foreign program
(PostScript, PDF) can be reached.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Literal

Format = Literal[
    "PNG", "JPEG", "TIFF", "WebP", "BMP", "PNM", "GIF", "AVIF", "HEIC", "JPEG 2000", "JPEG XL"
]

READABLE_SUFFIXES: frozenset[str] = frozenset(
    [
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".btf", ".tf8"),
        *(".webp", ".bmp", ".dib", ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".pfm"),
        *(".gif", ".avif", ".avifs", ".heic", ".heif", ".hif", ".jls", ".jxl"),
        *(".jp2", ".jpx", ".jpf", ".jpm", ".j2k", ".j2c", ".jpc"),
    ]
)

WRITABLE_FORMATS: tuple[str, ...] = ("png", "jpeg", "webp", "tiff")

SUFFIX_TO_FORMAT: MappingProxyType[str, str] = MappingProxyType(
    {
        ".png": "png",
        ".jpg": "jpeg",
        ".jpeg": "jpeg",
        ".jpe": "jpeg",
        ".jfif": "jpeg",
        ".webp": "webp",
        ".tif": "tiff",
        ".tiff": "tiff",
    }
)

#: The usual suffix of each format that is written.
FORMAT_TO_SUFFIX: MappingProxyType[str, str] = MappingProxyType(
    {
        name: next(suffix for suffix, format in SUFFIX_TO_FORMAT.items() if format == name)
        for name in WRITABLE_FORMATS
    }
)

#: What a result cannot be: names that end so are mistakes, not folders.
UNWRITABLE_SUFFIXES: frozenset[str] = (
    READABLE_SUFFIXES
    | frozenset(
        [
            *(".jph", ".jxr", ".psd", ".psb", ".xcf", ".kra", ".ora", ".pdf", ".ps", ".eps"),
            *(".svg", ".djvu", ".tga", ".ico", ".qoi", ".jng", ".mng"),
            *(".exr", ".hdr", ".fits", ".fit", ".dcm"),
            *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw"),
        ]
    )
) - frozenset(SUFFIX_TO_FORMAT)

SIXTEEN_BIT_FORMATS: frozenset[str] = frozenset({"png", "tiff"})

SNIFF_BYTES = 4096

#: of which the part that is there of a file that is cut off can be read
SALVAGED_FORMATS: frozenset[Format] = frozenset({"JPEG", "PNG"})

_STARTS: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)

_RAW = "a camera raw file"
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"qoif", "a QOI picture"),
    (b"\0\0\x01\0", "a Windows icon"),
    (b"\0\0\x02\0", "a Windows cursor"),
    (b"Image type:", "an IFUNC picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"SIMPLE  =", "a FITS picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"#?RGBE", "a Radiance HDR picture"),
    (b"II\xbc\x01", "a JPEG XR picture"),
    (b"gimp xcf", "a GIMP document"),
    (b"FUJIFILM", _RAW),
    (b"FOVb", _RAW),  # Sigma
    (b"\0MRM", _RAW),  # Minolta
    (b"IIRO", _RAW),  # Olympus
    (b"IIRS", _RAW),
    (b"MMOR", _RAW),
    (b"IIU\0", _RAW),  # Panasonic
    (b"II\x1a\0\0\0HEAPCCDR", _RAW),  # Canon, CRW
    (b"PK\x03\x04", "a ZIP archive"),
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CANON_RAW = b"ftypcrx "
_DICOM_AT = 128  # bytes of preamble, which may hold anything

_PNM = re.compile(rb"P(?:[1-7]|[fF])[\s#]")
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_CONTAINER_BRANDS = {b"mif1", b"mif2", b"msf1"}


def sniff(head: bytes) -> Format | None:
    """Name the format from the first bytes of a file (64 are enough); None if it is not ours."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if _PNM.match(head):
        return "PNM"
    if head[4:8] == b"ftyp":
        return _sniff_iso(head)
    return None


def _sniff_iso(head: bytes) -> Format | None:
    """AVIF and HEIC share one container; the brands in its first box tell them apart."""
    length = min(max(int.from_bytes(head[:4], "big"), 16), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, length - 3, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return "AVIF"
        if brand in _HEIC_BRANDS:
            return "HEIC"
    return "HEIC" if brands[0] in _CONTAINER_BRANDS else None


def foreign_kind(head: bytes) -> str | None:
    """A plain name for some well-known files that are not read, for the error message."""
    for start, name in _FOREIGN:
        if head.startswith(start):
            return name
    if head[4:12] == _CANON_RAW:
        return _RAW
    if head[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        return "a DICOM picture"
    if head[4:8] == b"ftyp":
        return "a film, or another file of the ISO media family"
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    return "an SVG drawing" if text.startswith(b"<") and b"<svg" in text else None
