"""Smaller copies of photographs, and two of them in one picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import icc
from .photo import Photo
from .srgb import to_depth

if TYPE_CHECKING:
    from PIL.Image import Resampling

_STRIP = 256  # rows


def resampled(
    plane: NDArray[Any], height: int, width: int, method: Resampling
) -> NDArray[np.float32]:
    """``plane`` (H, W) at the size (height, width), float32, on the same scale.

    Where ``plane``, uint8 or uint16, is much larger it is averaged in square blocks first, to at
    least twice that size, so that no full-size float copy exists.
    """
    from PIL import Image

    block = max(min(plane.shape[0] // (2 * height), plane.shape[1] // (2 * width)), 1)
    small = plane.astype(np.float32) if block == 1 else _block_means(plane, block)
    if small.shape == (height, width):
        return small
    part = (0.0, 0.0, plane.shape[1] / block, plane.shape[0] / block)  # the last blocks may be cut
    return np.asarray(Image.fromarray(small).resize((width, height), method, part))


def _block_means(plane: NDArray[Any], block: int) -> NDArray[np.float32]:
    """Means of square blocks, (ceil(H / block), ceil(W / block)).

    Those at the right and at the bottom are smaller if the sides are no multiples of ``block``.
    """
    counts = [np.diff(range(0, side, block), append=side) for side in plane.shape]
    rows, columns = map(len, counts)
    # of integers the sums are exact; a sum of rows first leaves a block times less to do
    kind = np.uint32 if block * block * np.iinfo(plane.dtype).max < 1 << 32 else np.uint64
    line = np.zeros(columns * block, kind)
    small = np.empty((rows, columns), np.float32)
    for i in range(rows):
        strip = plane[i * block : (i + 1) * block]
        strip.sum(axis=0, dtype=kind, out=line[: plane.shape[1]])
        small[i] = line.reshape(columns, block).sum(axis=1)
    small /= counts[0][:, None].astype(np.float32)
    small /= counts[1].astype(np.float32)
    return small


def shrink(photo: Photo, long_side: int) -> Photo:
    """A copy whose long side is ``long_side`` px, or the photograph itself if it is no longer.

    Pixels (grey or colour), alpha and their types, bit depth and metadata stay what they are.

    Raises:
        ValueError: if ``long_side`` is below 1.
    """
    if long_side < 1:
        raise ValueError(f"long_side must be at least 1, not {long_side}")
    longest = max(photo.height, photo.width)
    if longest <= long_side:
        return photo
    height = max(round(photo.height * long_side / longest), 1)
    width = max(round(photo.width * long_side / longest), 1)
    if photo.is_grey:
        pixels = _shrunk(photo.pixels, height, width)
    else:
        channels = [_shrunk(photo.pixels[..., i], height, width) for i in range(3)]
        pixels = np.stack(channels, axis=-1)
    alpha = None if photo.alpha is None else _shrunk(photo.alpha, height, width)
    return replace(photo, pixels=pixels, alpha=alpha)


def _shrunk(plane: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    from PIL.Image import Resampling

    small = resampled(plane, height, width, Resampling.LANCZOS)
    top = np.iinfo(plane.dtype).max
    result: NDArray[Any] = np.clip(np.rint(small), 0, top).astype(plane.dtype)
    return result


def side_by_side(before: Photo, after: Photo, gap: int | None = None) -> Photo:
    """Both pictures in one, ``before`` on the left, a white gap between them.

    Args:
        before: grey or colour.
        after: grey or colour, of the same size.
        gap: px; ``None`` is a fiftieth of the width.

    Returns:
        A colour photograph (H, 2 W + gap, 3) in sRGB with the bit depth and metadata of ``after``.
        Where one of them has alpha the gap is transparent.

    Raises:
        ValueError: if the sizes differ or ``gap`` is negative.
    """
    if (before.height, before.width) != (after.height, after.width):
        raise ValueError("the two photographs must be of the same size")
    gap = max(after.width // 50, 1) if gap is None else gap
    if gap < 0:
        raise ValueError(f"gap must not be negative, but is {gap}")
    depth = after.bit_depth
    top = np.iinfo(np.uint16 if depth == 16 else np.uint8).max
    parts = [_colour(before, depth), _colour(after, depth)]
    middle = np.full((after.height, gap, 3), top, parts[0].dtype)
    pixels = np.concatenate([parts[0], middle, parts[1]], axis=1)
    alpha = None
    if before.alpha is not None or after.alpha is not None:
        clear = np.zeros((after.height, gap), pixels.dtype)
        alpha = np.concatenate([_opacity(before, depth), clear, _opacity(after, depth)], axis=1)
    return Photo(pixels, alpha, depth, after.metadata)


def _colour(photo: Photo, depth: int) -> NDArray[Any]:
    if not photo.is_grey:
        return to_depth(_in_srgb(photo), depth)
    pixels = to_depth(photo.pixels, depth)
    return np.broadcast_to(pixels[..., None], (*pixels.shape, 3))


def _in_srgb(photo: Photo) -> NDArray[Any]:
    """Colour pixels; in strips, as the profile is applied in 16 bits."""
    converted = []
    for y in range(0, photo.height, _STRIP):
        strip = icc.to_srgb(photo.pixels[y : y + _STRIP], photo.icc, "rgb")
        if strip is None:  # there is no profile, or none that can be applied
            return photo.pixels
        converted.append(strip)
    return np.concatenate(converted)


def _opacity(photo: Photo, depth: int) -> NDArray[Any]:
    if photo.alpha is not None:
        return to_depth(photo.alpha, depth)
    dtype = np.uint16 if depth == 16 else np.uint8
    return np.full((photo.height, photo.width), np.iinfo(dtype).max, dtype)
