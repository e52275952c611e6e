"""From a frame's luma and its colours to the chroma planes of a film.

Colours are ab of CIE Lab as a linear function of lightness (:mod:`colorizer.color.upsample`). They
are painted at the resolution that chroma has in the film, against luma averaged to it, by the same
loop as photographs are; of the sRGB' values that come out chroma is

    Cb = (B' - Y') / (2 (1 - K_B)),   Cr = (R' - Y') / (2 (1 - K_R))        (ITU-R BT.601, BT.709)

Luma itself is not touched.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..color.paint import Painter
from ..color.upsample import LinearColour
from ..photo.srgb import to_linear
from .luma import COEFFICIENTS, Levels


def chroma_planes(
    luma: NDArray[Any],
    levels: Levels,
    colour: LinearColour,
    across: int,
    down: int,
    result: Levels,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cb and Cr of a frame, uint8 (8 bits) or uint16 codes, (H / down, W / across) each.

    Args:
        luma: (H, W) codes; H and W are multiples of ``down`` and ``across``.
        levels: what they mean.
        colour: of the frame, at any size.
        across, down: pixels of luma for each of chroma, 1 or 2.
        result: what the codes of the result mean.
    """
    sums = _sums(luma, across, down)
    painter = Painter(sums, _luminance(levels, across * down), colour, 16)
    rgb = np.empty((*sums.shape, 3), np.uint16)
    painter.paint(slice(0, len(sums)), rgb)
    codes = np.minimum(cv2.transform(rgb, _matrix(result)), (1 << result.bits) - 1)
    dtype = np.uint8 if result.bits == 8 else np.uint16
    return codes[..., 0].astype(dtype), codes[..., 1].astype(dtype)


def _sums(luma: NDArray[Any], across: int, down: int) -> NDArray[np.uint32]:
    """Sums of luma codes over the pixels of each of chroma."""
    parts = [luma[i::down, j::across] for i in range(down) for j in range(across)]
    total = parts[0].astype(np.uint32)
    for part in parts[1:]:
        total += part
    return total


@cache
def _luminance(levels: Levels, count: int) -> NDArray[np.float64]:
    """Linear light of each sum of ``count`` codes."""
    codes = np.arange(((1 << levels.bits) - 1) * count + 1) / count
    return to_linear(np.clip((codes - levels.black) / levels.span, 0, 1))


@cache
def _matrix(levels: Levels) -> NDArray[np.float64]:
    """(2, 4): from 16-bit sRGB' to codes of Cb and Cr."""
    red, blue = COEFFICIENTS[levels.matrix]
    luma = np.array([red, 1 - red - blue, blue])
    rows = np.stack(
        [(np.eye(3)[2] - luma) / (2 * (1 - blue)), (np.eye(3)[0] - luma) / (2 * (1 - red))]
    )
    span = levels.span if levels.full else 224 << (levels.bits - 8)
    rows *= span / 65535
    return np.column_stack([rows, np.full(2, 1 << (levels.bits - 1))])


def converted(luma: NDArray[Any], levels: Levels, result: Levels) -> NDArray[Any]:
    """Luma codes of ``levels`` as codes of ``result``; the same array if these mean the same."""
    if (levels.bits, levels.full) == (result.bits, result.full):
        return luma
    scale = np.float32(result.span / levels.span)
    codes = np.rint((luma - np.float32(levels.black)) * scale + np.float32(result.black))
    dtype = np.uint8 if result.bits == 8 else np.uint16
    return np.asarray(np.clip(codes, 0, (1 << result.bits) - 1), dtype)
