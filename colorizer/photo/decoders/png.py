"""PNG: chunks read here, pixels by libpng (imagecodecs), which keeps 16 bits; palettes by Pillow.

libpng before 1.6.56, which imagecodecs has for Python 3.11, writes beyond its memory when it
expands a palette on ARM processors (CVE-2026-33636).

Gamma and chromaticity chunks (gAMA, cHRM) are not applied: too many programs have written wrong
ones, and most viewers ignore them. An ICC profile is applied.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from .base import Opened, Raster, raster_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MAX_PROFILE = 16 << 20
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_EXIF = (b"Raw profile type exif", b"Raw profile type APP1")
# What libpng gets to see: everything else could only cost memory or bring errors of its own.
_DECODED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_END = b"\0\0\0\0IEND\xaeB`\x82"
_PALETTE = 3  # the colour type


def open_png(file: BinaryIO, name: str) -> Opened:
    """Read the chunks of a PNG; see :class:`Opened`."""
    data = memoryview(file.read())
    header = bytes(data[8:33])
    if len(header) < 25 or header[4:8] != b"IHDR":
        raise CorruptImage(f"{name} is damaged: it has no PNG header.")
    width, height = struct.unpack(">II", header[8:16])
    parts: list[memoryview] = []
    found: dict[str, bytes] = {}
    dpi = None
    for kind, body, whole in _chunks(data):
        if kind in _DECODED:
            parts.append(whole)
        elif kind == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = struct.unpack(">II", body[:8])
            dpi = (x * 0.0254, y * 0.0254)
        else:
            _collect(kind, body, found)

    def load() -> Raster:
        decode = _decode_palette if header[17] == _PALETTE else _decode
        samples = decode(b"".join([SIGNATURE, *parts, _END]))
        if samples.shape[:2] != (height, width):
            raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
        return raster_of(samples)

    directory = exif_block.parse(found.get("exif"))
    packet = found.get("xmp")
    return Opened(
        width,
        height,
        load,
        icc=found.get("icc"),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(packet),
        dpi=exif_block.sensible_dpi(dpi) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory) or xmp_packet.orientation(packet) or 1,
    )


def _decode(data: bytes) -> NDArray[Any]:
    import imagecodecs

    samples: NDArray[Any] = imagecodecs.png_decode(data)
    return samples


def _decode_palette(data: bytes) -> NDArray[Any]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(io.BytesIO(data)) as image:
        if image.palette is None or not image.palette.palette:
            raise ValueError("a palette image without a palette")
        return np.asarray(image.convert("RGBA" if "transparency" in image.info else "RGB"))


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield (type, body, whole chunk); stops at IEND or where the file ends too early."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            return
        kind = bytes(data[at + 4 : at + 8])
        if kind == b"IEND":
            return
        yield kind, data[at + 8 : end - 4], data[at:end]
        at = end


def _collect(kind: bytes, body: memoryview, found: dict[str, bytes]) -> None:
    """Take profile, EXIF and XMP out of a chunk; what is broken is left alone."""
    if kind == b"eXIf":
        found.setdefault("exif", bytes(body))
    elif kind == b"iCCP":
        _, _, rest = bytes(body[:80]).partition(b"\0")
        start = len(body[:80]) - len(rest) + 1
        profile = _inflate(body[start:])
        if profile:
            found.setdefault("icc", profile)
    elif kind == b"iTXt" and bytes(body[: len(_XMP_KEYWORD) + 1]) == _XMP_KEYWORD + b"\0":
        packet = _itxt_text(body[len(_XMP_KEYWORD) + 1 :])
        if packet:
            found.setdefault("xmp", packet)
    elif kind == b"zTXt" and bytes(body[:30]).partition(b"\0")[0] in _RAW_EXIF:
        keyword = bytes(body[:30]).partition(b"\0")[0]
        block = _raw_profile(_inflate(body[len(keyword) + 2 :]))
        if block:
            found.setdefault("exif", block)


def _inflate(data: memoryview) -> bytes | None:
    """Decompress at most 16 MiB; None if the data are broken or larger."""
    engine = zlib.decompressobj()
    try:
        result = engine.decompress(data, _MAX_PROFILE)
    except zlib.error:
        return None
    return result if engine.eof else None


def _itxt_text(body: memoryview) -> bytes | None:
    """Text of an iTXt chunk after its keyword: flag, method, language, translated keyword, text."""
    rest = bytes(body)
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 4 or len(parts) < 3:
        return None
    return _inflate(memoryview(parts[2])) if rest[0] else parts[2]


def _raw_profile(text: bytes | None) -> bytes | None:
    """EXIF as ImageMagick writes it: a name, a length, hexadecimal digits."""
    if text is None:
        return None
    lines = text.strip().split(b"\n", 2)
    if len(lines) < 3:
        return None
    with suppress(ValueError):
        return bytes.fromhex(lines[2].decode("ascii", "replace"))
    return None
