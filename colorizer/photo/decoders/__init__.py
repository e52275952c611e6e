"""One module per format; each opens a file without decoding it and hands back an ``Opened``.

One route per format, chosen so that no depth is lost:

========= ====================================== ==================================================
PNG       libpng through imagecodecs             Pillow reduces 16-bit RGB to 8 bits
TIFF      tifffile + imagecodecs                 Pillow reduces 16-bit colour, has no float RGB
JPEG      libjpeg-turbo through Pillow           handles Adobe CMYK and YCCK, reports truncation
JPEG-LS   CharLS through imagecodecs             keeps 16 bits; so does JPEG with 12 bits, lossless
JPEG 2000 OpenJPEG through imagecodecs           Pillow reduces 16-bit colour
JPEG XL   libjxl through imagecodecs             keeps 16 bits
WebP      libwebp through Pillow                 8 bits by definition
BMP       Pillow                                 8 bits by definition
GIF       Pillow                                 8 bits by definition
AVIF      libavif through Pillow                 8 bits (10 and 12 are rounded), tells rotation
PNM       our own parser (numpy)                 Pillow reduces 16-bit colour
HEIC      libheif, pillow-heif (optional)        keeps 10 and 12 bits
========= ====================================== ==================================================
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, cast

from ..formats import Format
from .base import Opened, Request

Opener = Callable[[BinaryIO, str, Request], Opened]

_MODULES: dict[Format, tuple[str, str]] = {
    "PNG": ("png", "open_png"),
    "JPEG": ("jpeg", "open_jpeg"),
    "TIFF": ("tiff", "open_tiff"),
    "WebP": ("simple", "open_webp"),
    "BMP": ("bmp", "open_bmp"),
    "GIF": ("simple", "open_gif"),
    "AVIF": ("simple", "open_avif"),
    "PNM": ("pnm", "open_pnm"),
    "HEIC": ("heic", "open_heic"),
    "JPEG 2000": ("jpeg2000", "open_jpeg2000"),
    "JPEG XL": ("jpegxl", "open_jpegxl"),
}


def opener(name: Format) -> Opener:
    """The function ``(file, file name, request) -> Opened`` of a format; imports its decoder."""
    module, function = _MODULES[name]
    loaded = import_module(f"{__name__}.{module}")
    return cast(Opener, getattr(loaded, function))
