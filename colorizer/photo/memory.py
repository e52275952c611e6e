"""Pictures that are in memory already: NumPy arrays, and pictures of Pillow."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsuitableInput
from .decoders.base import Opened, Raster, raster_of

if TYPE_CHECKING:
    from PIL.Image import Image

NAME = "The picture"

#: How far a float may lie outside 0..1 and be taken for a rounding error.
_SLACK = 1e-3
_ARRAYS = "it must be uint8, uint16, or float in 0..1, of shape (H, W), (H, W, 3) or (H, W, 4)"
#: Modes of Pillow that it converts to grey or RGB itself.
_CONVERTED = frozenset(
    {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "HSV"}
)


def opened(source: object) -> tuple[Opened, str] | None:
    """An array or a picture of Pillow as if it had been opened, and its format; None: neither.

    Raises:
        UnsuitableInput: if its type, shape or values are none of a photograph.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source), ""
    # who has such a picture has loaded this; in another thread it may be loading just now
    picture = getattr(sys.modules.get("PIL.Image"), "Image", None)
    if picture is not None and isinstance(source, picture):
        return _of_pillow(source), source.format or ""
    return None


def _of_array(array: NDArray[Any]) -> Opened:
    _check(array)
    height, width = array.shape[:2]
    return Opened(width, height, lambda: raster_of(_samples(array)))


def _check(array: NDArray[Any]) -> None:
    """Refuse what no photograph can be, without a copy of it."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UnsuitableInput(f"An array of shape {array.shape} is no photograph: {_ARRAYS}.")
    if _is_whole(array):
        return
    if array.dtype.kind != "f":
        raise UnsuitableInput(f"An array of {array.dtype} is no photograph: {_ARRAYS}.")
    if array.size and not (array.min() >= -_SLACK and array.max() <= 1 + _SLACK):  # or NaN
        raise UnsuitableInput(
            f"An array of {array.dtype} must hold values between 0 (black) and 1 (white), not "
            f"{array.min():g} to {array.max():g}."
        )


def _is_whole(array: NDArray[Any]) -> bool:
    return array.dtype.kind == "u" and array.dtype.itemsize <= 2


def _samples(array: NDArray[Any]) -> NDArray[Any]:
    """A copy as uint8 or uint16 of an array that was checked."""
    if _is_whole(array):
        return array.astype(f"u{array.dtype.itemsize}")  # in the byte order of this machine
    result: NDArray[np.uint16] = np.rint(array.clip(0, 1) * np.float32(65535)).astype(np.uint16)
    return result


def _of_pillow(image: Image) -> Opened:
    from .decoders.simple import opened_by_pillow

    if image.mode == "La":  # Pillow makes nothing else of it
        image = image.convert("LA")
    result = opened_by_pillow(image, NAME)
    if image.mode in _CONVERTED:
        return result
    if image.mode.startswith("I") or image.mode == "F":
        return replace(result, load=lambda: raster_of(_deep(image)))
    if image.mode == "CMYK":
        return replace(result, load=lambda: Raster(np.asarray(image), "cmyk", None, 8))
    raise UnsuitableInput(f"A picture of Pillow in mode {image.mode} is not read.")


def _deep(image: Image) -> NDArray[Any]:
    array = np.asarray(image)
    if array.dtype.kind == "i" and array.min() >= 0 and array.max() <= 65535:
        return array.astype(np.uint16)
    _check(array)
    return _samples(array)
