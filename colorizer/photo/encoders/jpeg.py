"""JPEG, 8 bits, 4:4:4, by Pillow. It has no alpha: the picture is laid on white."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from .. import exif
from ..srgb import strips
from .base import Outgoing

_MAX_SIDE = 65_500  # libjpeg's own limit
# A segment holds 65,533 bytes, from which the name of its content is taken.
_MAX_EXIF = 65_533 - 6
_MAX_XMP = 65_533 - 29


def encode(picture: Outgoing, file: BinaryIO) -> None:
    """Write ``picture`` as JPEG.

    EXIF and XMP that do not fit into a segment are shortened: EXIF loses the maker note and then
    everything, XMP is reduced to our note.

    Raises:
        OutputError: if a side is longer than JPEG can hold.
    """
    from PIL import Image

    if max(picture.width, picture.height) > _MAX_SIDE:
        raise OutputError(
            f"JPEG cannot hold more than {_MAX_SIDE} pixels a side; choose PNG or TIFF."
        )
    pixels = picture.pixels if picture.alpha is None else _on_white(picture.pixels, picture.alpha)
    options: dict[str, Any] = {}
    block = exif.fitting(picture.exif, _MAX_EXIF)
    if block is not None:
        options["exif"] = b"Exif\0\0" + block
    for packet in (picture.xmp, picture.xmp_note):
        if packet is not None and len(packet) <= _MAX_XMP:
            options["xmp"] = packet
            break
    if picture.dpi is not None and max(picture.dpi) < 65_535:
        options["dpi"] = tuple(round(v) for v in picture.dpi)
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        file,
        "JPEG",
        quality=picture.quality,
        subsampling=0,
        icc_profile=picture.icc,
        **options,
    )


def _on_white(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[np.uint8]:
    result = np.empty_like(pixels)
    for rows in strips(*alpha.shape):
        opacity = alpha[rows].astype(np.uint32)
        if pixels.ndim == 3:
            opacity = opacity[..., None]
        mixed = pixels[rows].astype(np.uint32) * opacity + 255 * (255 - opacity)
        result[rows] = (mixed + 127) // 255
    return result
