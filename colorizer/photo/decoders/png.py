"""PNG: chunks read here, pixels by libpng (imagecodecs), which keeps 16 bits; palettes by Pillow.

libpng before 1.6.56, which imagecodecs has for Python 3.11, writes beyond its memory when it
expands a palette on ARM processors (CVE-2026-33636). It sees only what :mod:`.png_stream` found
nothing wrong with.

What the samples mean is said by the first of cICP, iCCP, sRGB and gAMA that is there (PNG
specification, 3rd edition, 4.3); chromaticities (cHRM) are not applied, nor is a gAMA that is
sRGB's or impossible.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage, UnsupportedImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from ..icc import made_profile
from .base import Opened, Raster, Request, raster_of
from .png_stream import GREY, PALETTE, RGB, RGBA, Layout, check, checksum_is_right, salvage

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_AROUND = 12  # bytes of a chunk that are not its body
_MAX_PROFILE = 16 << 20
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_EXIF = (b"Raw profile type exif", b"Raw profile type APP1")
# What libpng gets to see: everything else could only cost memory or bring errors of its own.
_DECODED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_END = b"\0\0\0\0IEND\xaeB`\x82"
_TRANSPARENT = {GREY: 2, RGB: 6}  # bytes of tRNS by kind of pixel
_HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics of H.273
_SRGB_GAMMA = 1 / 2.2
_GAMMA_TOLERANCE = 0.05  # of libpng: what is nearer counts as the same
_GAMMAS = (0.1, 10.0)  # others are mistakes


def open_png(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the chunks of a PNG; see :class:`Opened`.

    Raises:
        UnsupportedImage: if it is an HDR picture.
    """
    data = memoryview(file.read())
    header = bytes(data[8:33])
    if len(header) < 25 or header[4:8] != b"IHDR":
        raise CorruptImage(f"{name} is damaged: it has no PNG header.")
    width, height = struct.unpack(">II", header[8:16])
    parts = _Parts()
    found: dict[str, bytes] = {}
    dpi = None
    for kind, body, whole in _chunks(data, request.salvage):
        if kind in _DECODED:
            parts.add(kind, whole)
        elif kind == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = struct.unpack(">II", body[:8])
            dpi = (x * 0.0254, y * 0.0254)
        else:
            _collect(kind, body, found)
    if found.get("cicp", b"\0\0")[1] in _HDR:
        raise UnsupportedImage(
            f"{name} is an HDR picture ({_HDR[found['cicp'][1]]}), which is not read; "
            "save it with sRGB colours."
        )

    def load() -> Raster:
        layout = Layout.of(header[8:21])
        warnings: tuple[str, ...] = ()
        if request.salvage:
            warnings = parts.save(layout, name)
        else:
            parts.check(layout)
        decode = _decode_palette if layout.colour == PALETTE else _decode
        samples = decode(parts.file(layout))
        if samples.shape[:2] != (height, width):
            raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
        return replace(raster_of(samples), warnings=warnings)

    directory = exif_block.parse(found.get("exif"))
    return Opened(
        width,
        height,
        load,
        icc=_profile(found, colour=header[17] in (RGB, PALETTE, RGBA)),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(found.get("xmp")),
        dpi=exif_block.sensible_dpi(dpi) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory) or 1,
    )


class _Parts:
    """The chunks that make the picture."""

    def __init__(self) -> None:
        self._first: dict[bytes, memoryview] = {}
        self._data: list[memoryview] = []

    def add(self, kind: bytes, chunk: memoryview) -> None:
        """Keep a chunk; all of IDAT that have a body, else the first of its kind."""
        if kind != b"IDAT":
            self._first.setdefault(kind, chunk)
        elif len(chunk) > _AROUND:
            self._data.append(chunk)

    def check(self, layout: Layout) -> None:
        """Make sure that a decoder will find nothing wrong.

        Raises:
            ValueError: if it would; or zlib.error.
        """
        if not all(map(checksum_is_right, [*self._first.values(), *self._data])):
            raise ValueError("a checksum is wrong")
        check(layout, self._bodies())

    def save(self, layout: Layout, name: str) -> tuple[str, ...]:
        """Put right what can be; returns what there is to say about it.

        Raises:
            CorruptImage: if nothing is left.
        """
        try:
            self.check(layout)
        except (ValueError, zlib.error):
            body, share = salvage(layout, self._bodies())
        else:
            return ()
        if not share:
            raise CorruptImage(f"{name} is damaged, and nothing of the picture can be read.")
        self._first = {
            kind: memoryview(_chunk(kind, chunk[8:-4])) for kind, chunk in self._first.items()
        }
        self._data = [memoryview(_chunk(b"IDAT", body))]
        return (f"{name} is damaged: {share:.0%} of it was read, and the rest is black.",)

    def file(self, layout: Layout) -> bytes:
        """A PNG without anything that the picture does not need."""
        chunks = [self._first[b"IHDR"]]
        if layout.colour == PALETTE:
            chunks += [self._first[kind] for kind in (b"PLTE", b"tRNS") if kind in self._first]
        elif b"tRNS" in self._first:
            chunk = self._first[b"tRNS"]
            if len(chunk) - _AROUND == _TRANSPARENT.get(layout.colour):
                chunks.append(chunk)
        return b"".join([SIGNATURE, *chunks, *self._data, _END])

    def _bodies(self) -> Iterator[memoryview]:
        return (chunk[8:-4] for chunk in self._data)


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    content = b"".join([kind, body])
    return b"".join([struct.pack(">I", len(body)), content, struct.pack(">I", zlib.crc32(content))])


def _profile(found: dict[str, bytes], *, colour: bool) -> bytes | None:
    """The profile of the file, or one made of its gamma; None is sRGB."""
    if "icc" in found or "cicp" in found or "srgb" in found:
        return found.get("icc")
    gamma = int.from_bytes(found.get("gama", b""), "big") / 100_000
    if not _GAMMAS[0] <= gamma <= _GAMMAS[1] or abs(gamma / _SRGB_GAMMA - 1) < _GAMMA_TOLERANCE:
        return None
    return made_profile("rgb" if colour else "gray", 1 / gamma)


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


def _chunks(data: memoryview, salvage: bool) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield (type, body, whole chunk); stops at IEND or where the file ends too early.

    With ``salvage`` a chunk that the file does not hold to its end is the last one.
    """
    at = len(SIGNATURE)
    while at + _AROUND <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + _AROUND + length
        if end > len(data):
            if salvage:
                rest = data[at + 8 :]
                yield bytes(data[at + 4 : at + 8]), rest, memoryview(bytes(data[at:]) + bytes(4))
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
    elif kind in (b"cICP", b"gAMA") and len(body) == 4:
        found.setdefault(kind.decode().lower(), bytes(body))
    elif kind == b"sRGB":
        found.setdefault("srgb", bytes(body))
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
