"""PNG: chunks read here, pixels by libpng (imagecodecs), which keeps 16 bits; palettes by Pillow.

libpng before 1.6.56, which imagecodecs has for Python 3.11, writes beyond its memory when it
expands a palette on ARM processors (CVE-2026-33636). It sees only what :mod:`.png_stream` found
nothing wrong with.

What the samples mean is said by the first of cICP, iCCP, sRGB and gAMA that is there (PNG
specification, 3rd edition, 4.3); a cICP with numbers that are not known does not count, nor does
a gAMA that is sRGB's or impossible. Chromaticities (cHRM) are not applied.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from ..icc import made_profile
from ..png_text import packed
from . import coding, hdr
from .base import Opened, Raster, Request, raster_of
from .png_chunks import AROUND, SIGNATURE, Found, chunks
from .png_stream import GREY, PALETTE, RGB, RGBA, Layout, check, checksum_is_right, salvage

# What libpng gets to see: everything else could only cost memory or bring errors of its own.
_DECODED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_END = b"\0\0\0\0IEND\xaeB`\x82"
_MOST_CHUNKS, _SMALL = 100_000, 256  # chunks beyond them have so many bytes on the average
_TRANSPARENT = {GREY: 2, RGB: 6}  # bytes of tRNS by kind of pixel
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
    parts, found = _Parts(), Found()
    most = _MOST_CHUNKS + len(data) // _SMALL
    for count, (kind, body, whole) in enumerate(chunks(data, salvage=request.salvage)):
        if count > most:
            raise CorruptImage(f"{name} is damaged: it is made of more than {most:,} parts.")
        if kind in _DECODED:
            parts.add(kind, whole)
        else:
            found.take(kind, body)
    if found.cicp:
        hdr.refuse(name, hdr.TRANSFERS.get(found.cicp[1], ""))

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

    directory = exif_block.parse(found.exif)
    return Opened(
        width,
        height,
        load,
        icc=_profile(found, colour=header[17] in (RGB, PALETTE, RGBA)),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(found.xmp),
        photoshop=found.photoshop,
        texts=tuple(found.texts),
        dpi=exif_block.sensible_dpi(found.dpi) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory),
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
        elif len(chunk) > AROUND:
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
            kind: memoryview(packed(kind, chunk[8:-4])) for kind, chunk in self._first.items()
        }
        self._data = [memoryview(packed(b"IDAT", body))]
        if share == 1:
            return (f"{name} is damaged: all of it was read, but parts of it may be wrong.",)
        read = math.floor(100 * share)
        return (f"{name} is damaged: {read} % of it was read, and the rest is black.",)

    def file(self, layout: Layout) -> bytes:
        """A PNG without anything that the picture does not need."""
        chunks = [self._first[b"IHDR"]]
        if layout.colour == PALETTE:
            chunks += [self._first[kind] for kind in (b"PLTE", b"tRNS") if kind in self._first]
        elif b"tRNS" in self._first:
            chunk = self._first[b"tRNS"]
            if len(chunk) - AROUND == _TRANSPARENT.get(layout.colour):
                chunks.append(chunk)
        return b"".join([SIGNATURE, *chunks, *self._data, _END])

    def _bodies(self) -> Iterator[memoryview]:
        return (chunk[8:-4] for chunk in self._data)


def _profile(found: Found, *, colour: bool) -> bytes | None:
    """The profile of the file, or one made of its numbers or its gamma; None is sRGB."""
    if found.cicp:
        primaries, transfer, matrix, full = found.cicp
        if coding.is_known(primaries, transfer) and not matrix and full:
            return coding.profile(primaries, transfer, colour=colour)
    if found.icc or found.srgb:
        return found.icc
    gamma = found.gamma
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
