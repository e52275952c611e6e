"""Pictures to lay over a photograph: where the network was unsure, where words were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .photo.mount import Box, part_of

#: sRGB of an overlay: rare in photographs, distinct from grey also for the colour-blind
HUE = (230, 0, 160)
#: opacity at full strength, 0..1
STRONGEST = 0.65


def enlarged(
    values: NDArray[np.float32],
    picture: Box | None,
    height: int,
    width: int,
    inner: tuple[float, float, float, float] | None = None,
) -> NDArray[np.float32]:
    """Values (h, w) at the size of the picture on a photograph of (height, width) px, bilinear.

    Args:
        picture: what they are of, if the photograph has a mount; None: all of it.
        inner: the part of the values that is meant, (left, top, right, bottom); None: all.
    """
    from PIL import Image

    rows, columns = part_of(picture, height, width)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR, inner))


def tinted(
    strength: NDArray[np.float32], picture: Box | None, height: int, width: int
) -> NDArray[np.uint8]:
    """RGBA (height, width, 4), as opaque as the strength, 0..1, of :func:`enlarged` has it."""
    result = np.zeros((height, width, 4), np.uint8)
    result[..., :3] = HUE
    result[(*part_of(picture, height, width), 3)] = np.rint(strength * np.float32(255 * STRONGEST))
    return result
