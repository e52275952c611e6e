"""PNG, 8 and 16 bits: pixels by libpng (imagecodecs), metadata chunks put in here."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from .. import ifd, png_text
from .base import Outgoing

_HEADER_END = 33  # signature 8, IHDR 25
# One filter for all rows, each byte less its left neighbour, and a low level: files 3..13 % larger
# (8 bits) or 5 % smaller (16 bits) than with the best filter of each row and level 6, in a quarter
# to half of the time (docs/performance.md).
_LEVEL = 3
_SUB = 0x10  # PNG_FILTER_SUB


def encode(picture: Outgoing, file: BinaryIO) -> None:
    """Write ``picture`` as PNG (colour type grey or RGB, with alpha if it has one)."""
    import imagecodecs

    samples = picture.pixels
    if picture.alpha is not None:
        samples = np.dstack([samples, picture.alpha])
    data = imagecodecs.png_encode(np.ascontiguousarray(samples), _LEVEL, filter=_SUB)
    file.write(data[:_HEADER_END])
    file.write(png_text.packed(b"iCCP", b"ICC profile\0\0" + zlib.compress(picture.icc)))
    if picture.dpi is not None:
        x, y = (min(round(v / 0.0254), 0x7FFFFFFF) for v in picture.dpi)
        file.write(png_text.packed(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if picture.exif is not None:
        file.write(png_text.packed(b"eXIf", ifd.write(picture.exif)))
    if picture.xmp is not None:
        file.write(png_text.packed(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + picture.xmp))
    if picture.photoshop is not None:
        file.write(png_text.packed(*png_text.profile("iptc", picture.photoshop)))
    for kind, body in png_text.chunks(picture.texts):
        file.write(png_text.packed(kind, body))
    file.write(memoryview(data)[_HEADER_END:])
