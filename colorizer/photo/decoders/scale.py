"""Samples of unusual types brought to full-range uint8 or uint16, in strips of rows.

What is black and what is white is decided by the type of the samples, by what the file says, or by
one of the conventions below; never by the darkest and brightest pixel, of which one hot one would
change all others. What lies beyond is clipped.

* Floating point: 0..1. If most samples are above 1, or some are and nearly all are whole numbers,
  the picture was made of integers: 0..255, or 0..65535 if more than a few are above 255.
* Signed integers: the range of the type, as libtiff and ImageMagick read them.
* Integers of 32 and more bits: 0..65535 if nearly all are within, else the range of the type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UnsupportedImage
from ..srgb import strips, to_encoded

Limits = tuple[float, float]
Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_FEW = 0.01  # share of samples that does not count against a convention
_HOT = 0.001  # and of whole ones above 1, or of fractions among them


def from_float(
    values: NDArray[Any], limits: Limits | None = None, *, linear: bool = False
) -> NDArray[np.uint16]:
    """Floating point samples (H, W, ...) as 16-bit ones; NaN becomes black.

    Args:
        limits: the values of black and white, if the file says so.
        linear: they are linear light and become sRGB-encoded values; else they are encoded already.

    Raises:
        UnsupportedImage: if most samples are beyond every convention.
    """
    return _scaled(values, limits or _convention(values), to_encoded if linear else None)


def from_integer(values: NDArray[Any], limits: Limits | None = None) -> NDArray[Any]:
    """Signed samples, and unsigned ones of more than 16 bits, (H, W, ...), as unsigned ones.

    Samples of 8 bits become 8-bit ones, all others 16-bit ones.

    Args:
        limits: the values of black and white, if the file says so.
    """
    if limits is not None:
        return _scaled(values, limits)
    kind = values.dtype
    if kind.itemsize > 2 and _share(values, lambda v: (v < 0) | (v > 65535)) <= _FEW:
        return values.clip(0, 65535).astype(np.uint16)
    if kind.itemsize <= 2:
        bits = kind.itemsize * 8
        moved: NDArray[Any] = values.view(f"u{kind.itemsize}") ^ (1 << (bits - 1))
        return moved
    info = np.iinfo(kind)
    return _scaled(values, (float(info.min), float(info.max)))


def from_packed(values: NDArray[Any], bits: int, white: int | None = None) -> NDArray[Any]:
    """Unsigned samples of 1..16 ``bits`` to full range: 8 bits up to 8, otherwise 16.

    Args:
        white: the value of white, if the file says another than the largest; not if more than a
            few samples are above it.
    """
    full, kind = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    maximum = (1 << bits) - 1
    if white is not None and _share(values, lambda v: v > white) <= _FEW:
        maximum = white
    if maximum == full:
        return values.astype(kind, copy=False)
    table = (np.arange(maximum + 1, dtype=np.uint64) * full + maximum // 2) // maximum
    return table.astype(kind).take(values, mode="clip")


def _convention(values: NDArray[Any]) -> Limits:
    above = _share(values, lambda v: v > 1)
    whole = above > _HOT and _share(values, lambda v: v != np.rint(v)) <= _HOT
    if above <= 0.5 and not whole:
        return 0.0, 1.0
    if _share(values, lambda v: v > 65535) > 0.5:
        raise UnsupportedImage(
            "The picture's numbers are larger than those of any known kind of picture; save it "
            "with 16 bits."
        )
    return 0.0, 255.0 if _share(values, lambda v: v > 255) <= _FEW else 65535.0


def _share(values: NDArray[Any], is_so: Callable[[NDArray[Any]], Any]) -> float:
    """Share of the finite samples for which ``is_so`` holds."""
    count = total = 0
    for rows in strips(*values.shape[:2]):
        part = values[rows]
        if part.dtype.kind == "f":
            part = part[np.isfinite(part)].astype(np.float64)
        count += int(np.count_nonzero(is_so(part)))
        total += part.size
    return count / max(total, 1)


def _scaled(values: NDArray[Any], limits: Limits, curve: Curve | None = None) -> NDArray[np.uint16]:
    low, high = limits
    result = np.empty(values.shape, np.uint16)
    for rows in strips(*values.shape[:2]):
        with np.errstate(invalid="ignore", over="ignore"):  # of NaN, and of the largest numbers
            part = values[rows].astype(np.float64)
            part -= low
            part /= high - low
        part = np.nan_to_num(part, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        part = np.clip(part, 0.0, 1.0)
        result[rows] = np.rint((curve(part) if curve else part) * 65535)
    return result
