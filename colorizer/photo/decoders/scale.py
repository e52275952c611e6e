"""Samples of unusual types brought to full-range uint8 or uint16, in strips of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..srgb import strips


def from_float(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Floating point samples (H, W, ...) as 16-bit ones.

    Values are taken as sRGB-encoded. If all of them lie in 0..1 they keep their meaning (0 is
    black, 1 is white); otherwise the smallest becomes black and the largest white, over all
    channels together. NaN becomes black; infinities become black and white.
    """
    low, high = _finite_range(values)
    if low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    return _stretch(values, low, high)


def from_integer(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Signed samples, and unsigned ones of more than 16 bits, (H, W, ...) as 16-bit ones.

    Samples of 32 and more bits that all lie in 0..65535 are taken as they are, larger unsigned
    ones by their upper 16 bits. All others have no white that one could know: the smallest
    becomes black, the largest white.
    """
    bits = values.dtype.itemsize * 8
    low, high = int(values.min()), int(values.max())
    if bits > 16 and low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    if values.dtype.kind == "u":
        return _stretch(values, 0.0, float(2**bits - 1))
    return _stretch(values, float(low), float(high))


def from_packed(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Unsigned samples of 1..16 ``bits`` to full range: 8 bits up to 8, otherwise 16."""
    full, kind = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    if bits in (8, 16):
        return values.astype(kind, copy=False)
    maximum = (1 << bits) - 1
    table = (np.arange(maximum + 1, dtype=np.uint64) * full + maximum // 2) // maximum
    return table.astype(kind).take(values, mode="clip")


def _finite_range(values: NDArray[Any]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for rows in strips(*values.shape[:2]):
        part = values[rows]
        finite = part[np.isfinite(part)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def _stretch(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint16]:
    result = np.empty(values.shape, np.uint16)
    span = high - low
    for rows in strips(*values.shape[:2]):
        part = values[rows].astype(np.float64)
        part = np.nan_to_num(part, copy=False, nan=low, posinf=high, neginf=low)
        part -= low
        if span > 0 and np.isfinite(span):
            part /= span
        result[rows] = np.rint(np.clip(part, 0.0, 1.0) * 65535)
    return result
