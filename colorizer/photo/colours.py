"""The colours that a file brings along: whether it is a colour photograph, and its own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import fitted_srgb
from . import icc, toning
from .decoders.base import Raster
from .srgb import strips, to_depth


def is_colour(raster: Raster, profile: bytes | None) -> bool:
    """Whether decoded samples are those of a colour photograph, as :mod:`.toning` defines it."""
    if raster.model == "grey":
        return False
    small = toning.cells(raster.samples)
    return toning.is_colour(_srgb(small, raster.model, profile))


def with_colours(raster: Raster, profile: bytes | None) -> tuple[NDArray[Any], bytes | None] | None:
    """The pixels in colour, and the profile they are in (None: sRGB); None if they are grey.

    Samples of RGB files are handed back as they are. CMYK and Lab become sRGB of the file's depth.
    """
    if raster.model == "grey":
        return None
    if raster.model == "rgb":
        return raster.samples, profile if icc.space_of(profile) == "rgb" else None
    height, width = raster.samples.shape[:2]
    dtype = np.uint8 if raster.bit_depth == 8 else np.uint16
    pixels = np.empty((height, width, 3), dtype)
    for rows in strips(height, width):
        strip = _srgb(raster.samples[rows], raster.model, profile)
        pixels[rows] = to_depth(strip, raster.bit_depth)
    return pixels, None


def _srgb(samples: NDArray[Any], model: str, profile: bytes | None) -> NDArray[Any]:
    """sRGB (h, w, 3) of samples (h, w, 3 or 4), uint8 or uint16."""
    full = int(np.iinfo(samples.dtype).max)
    if model == "lab":
        lab = samples * np.float32(256 / (full + 1)) - np.float32(128)
        lab[..., 0] = samples[..., 0] * np.float32(100 / full)
        rgb: NDArray[np.uint16] = np.rint(fitted_srgb(lab) * np.float32(65535)).astype(np.uint16)
        return rgb
    converted = icc.to_srgb(samples, profile, model)
    if converted is not None:
        return converted
    if model == "rgb":
        return samples
    return icc.unprofiled_cmyk_rgb(samples)
