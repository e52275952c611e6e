"""HEIC through the optional package pillow-heif (libheif), which keeps 10 and 12 bits."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from ...errors import UnsupportedImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from . import hdr
from .base import Opened, Raster, Request, raster_of, unmultiplied


def open_heic(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a HEIC; see :class:`Opened`.

    libheif applies the rotation itself, so that the orientation in EXIF and XMP is done with.

    Raises:
        UnsupportedImage: if pillow-heif is not installed, or it is an HDR picture.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise UnsupportedImage(
            f"{name} is a HEIC picture: reading it needs the extra package, which "
            "'pip install colorizer[heic]' installs."
        ) from error

    data = file.read()
    said = hdr.checked_profile(name, data)
    container = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    image = container[container.primary_index]
    width, height = image.size

    def load() -> Raster:
        raster = raster_of(np.asarray(image))
        return unmultiplied(raster) if image.mode.startswith(("RGBa", "La")) else raster

    info: dict[str, Any] = dict(image.info)
    directory = exif_block.parse(info.get("exif"))
    return Opened(
        width,
        height,
        load,
        icc=info.get("icc_profile") or said,
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(info.get("xmp")),
        dpi=exif_block.dpi(directory),
    )
