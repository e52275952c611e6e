"""PNG: chunks read here, pixels by libpng (imagecodecs), which keeps 16 bits; palettes by Pillow.

libpng before 1.6.56, which imagecodecs has for Python 3.11, writes beyond its memory when it
expands a palette on ARM processors (CVE-2026-33636).

Gamma and chromaticity chunks (gAMA, cHRM) are not applied: too many programs have written wrong
ones, and most viewers ignore them. An ICC profile is applied.
"""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from .base import Opened, Raster, raster_of
from .png_chunks import SIGNATURE, Found, chunks

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
    found = Found()
    for kind, body, whole in chunks(data):
        if kind in _DECODED:
            parts.append(whole)
        else:
            found.take(kind, body)

    def load() -> Raster:
        decode = _decode_palette if header[17] == _PALETTE else _decode
        samples = decode(b"".join([SIGNATURE, *parts, _END]))
        if samples.shape[:2] != (height, width):
            raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
        return raster_of(samples)

    directory = exif_block.parse(found.exif)
    return Opened(
        width,
        height,
        load,
        icc=found.icc,
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(found.xmp),
        photoshop=found.photoshop,
        texts=tuple(found.texts),
        dpi=exif_block.sensible_dpi(found.dpi) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory) or xmp_packet.orientation(found.xmp) or 1,
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
