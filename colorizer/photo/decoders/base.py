"""What every decoder hands back, before and after the pixels are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage
from ..png_text import Text
from ..srgb import strips

Model = Literal["grey", "rgb", "cmyk", "lab"]


@dataclass(frozen=True)
class Raster:
    """Decoded samples, not yet turned upright nor converted.

    Attributes:
        samples: (H, W) for grey, (H, W, 3) for rgb and lab (a* and b* from -128 upwards), (H, W, 4)
            for cmyk (0 is no ink); uint8 or uint16, full range.
        model: Colour model of the samples.
        alpha: (H, W) opacity, not premultiplied, same type as the samples; or None.
        bit_depth: 8 or 16.
        warnings: what is wrong with them, in sentences for people; see :class:`Photo`.
    """

    samples: NDArray[Any]
    model: Model
    alpha: NDArray[Any] | None
    bit_depth: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """Which picture of a file is wanted (``page``, from 1), and whether a part of it will do."""

    page: int = 1
    salvage: bool = False


@dataclass(frozen=True)
class Opened:
    """A file whose header was read: its size is known, its pixels are not decoded yet.

    ``exif``, ``xmp``, ``photoshop``, ``texts`` and ``comments`` are already clean (see
    :class:`~colorizer.photo.Metadata`); ``orientation`` is what is still to be undone, 1..8.
    ``pages`` is the number of pictures that can be asked for; if it is smaller than that of the
    page asked for, all else is of another one.
    """

    width: int
    height: int
    load: Callable[[], Raster]
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes | None = None
    texts: tuple[Text, ...] = ()
    comments: tuple[str, ...] = ()
    dpi: tuple[float, float] | None = None
    orientation: int = 1
    pages: int = 1


def raster_of(samples: NDArray[Any]) -> Raster:
    """Split (H, W) or (H, W, 1..4) uint8 or uint16 samples into colour and alpha."""
    bits = samples.dtype.itemsize * 8
    if samples.ndim == 2:
        return Raster(samples, "grey", None, bits)
    channels = samples.shape[2]
    if channels == 1:
        return Raster(samples[..., 0], "grey", None, bits)
    if channels == 2:
        return Raster(samples[..., 0], "grey", np.ascontiguousarray(samples[..., 1]), bits)
    if channels == 3:
        return Raster(samples, "rgb", None, bits)
    if channels == 4:
        return Raster(samples[..., :3], "rgb", np.ascontiguousarray(samples[..., 3]), bits)
    raise CorruptImage(f"The picture has {channels} channels, which no picture has.")


def unmultiplied(raster: Raster) -> Raster:
    """A raster whose colours were multiplied with the opacity, without that."""
    if raster.alpha is None:
        return raster
    return replace(raster, samples=unmultiply(raster.samples, raster.alpha))


def unmultiply(colour: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divide premultiplied ``colour`` (H, W) or (H, W, C) by ``alpha`` (H, W), both full range."""
    full = np.uint64(np.iinfo(colour.dtype).max)
    result = np.empty_like(colour)
    for rows in strips(*alpha.shape):
        part = colour[rows].astype(np.uint64)
        below = np.maximum(alpha[rows].astype(np.uint64), 1)
        if colour.ndim == 3:
            below = below[..., None]
        result[rows] = np.minimum((part * full + below // 2) // below, full)
    return result
