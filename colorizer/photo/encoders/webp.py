"""WebP, lossy or lossless, 8 bits, by Pillow. It has no field for resolution but EXIF's."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from ...errors import OutputError
from .. import ifd
from .base import Outgoing

_MAX_SIDE = 16_383


def encode(picture: Outgoing, file: BinaryIO) -> None:
    """Write ``picture`` as WebP. Lossy WebP always halves the resolution of colour (4:2:0).

    WebP knows no grey pictures: they are written as RGB with three equal channels.

    Raises:
        OutputError: if a side is longer than WebP can hold.
    """
    from PIL import Image

    if max(picture.width, picture.height) > _MAX_SIDE:
        raise OutputError(
            f"WebP cannot hold more than {_MAX_SIDE} pixels a side; choose PNG or TIFF."
        )
    samples = picture.pixels
    if samples.ndim == 2:
        samples = np.repeat(samples[..., None], 3, axis=2)
    if picture.alpha is not None:
        samples = np.dstack([samples, picture.alpha])
    options: dict[str, Any] = {}
    if picture.exif is not None:
        options["exif"] = ifd.write(picture.exif)
    if picture.xmp is not None:
        options["xmp"] = picture.xmp
    Image.fromarray(np.ascontiguousarray(samples)).save(
        file,
        "WEBP",
        quality=picture.quality,
        lossless=picture.lossless,
        exact=True,
        icc_profile=picture.icc,
        **options,
    )
