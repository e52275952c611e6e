"""ICC profiles of the plain kind: three tone curves and a matrix (ICC.1:2010, sections 8.3, 10).

Nearly every RGB profile is of this kind (Adobe RGB, Display P3, ProPhoto, most scanners'). They
are computed here because Little CMS is either slow (4 microseconds a pixel) or, with its tables of
few points, wrong by several per cent in the dark tones of 16-bit pictures.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .srgb import LUMINANCE_WEIGHTS, encode_luminance

# Primaries of sRGB adapted to D50 (Bradford), columns red, green, blue: IEC 61966-2-1 and ICC.
_SRGB_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804],
     [0.2225045, 0.7168786, 0.0606169],
     [0.0139322, 0.0971045, 0.7141733]]
)  # fmt: skip
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


class NotPlain(ValueError):
    """The profile is not of this kind, or is broken."""


def luminance_function(profile: bytes, bits: int) -> Callable[[NDArray[Any]], NDArray[np.uint16]]:
    """A function from ``bits``-bit pixels (..., 3) to 16-bit sRGB grey of the same luminance.

    Colours are clipped to sRGB, as a conversion to sRGB does.

    Raises:
        NotPlain: if the profile has no plain curves and matrix, or has look-up tables besides.
    """
    tags = _tags(profile)
    if profile[20:24] != b"XYZ " or any(t in tags for t in (b"A2B0", b"D2B0")):
        raise NotPlain
    try:
        primaries = np.stack([_xyz(tags[c + b"XYZ"]) for c in (b"r", b"g", b"b")], axis=1)
        steps = np.linspace(0.0, 1.0, 1 << bits)
        curves = [_curve(tags[c + b"TRC"], steps).astype(np.float32) for c in (b"r", b"g", b"b")]
    except (KeyError, struct.error) as error:
        raise NotPlain from error
    matrix = np.linalg.solve(_SRGB_D50, primaries).astype(np.float32)
    if not (np.isfinite(matrix).all() and all(np.isfinite(c).all() for c in curves)):
        raise NotPlain

    def convert(pixels: NDArray[Any]) -> NDArray[np.uint16]:
        linear = [curve.take(pixels[..., i]) for i, curve in enumerate(curves)]
        y = np.zeros(pixels.shape[:-1], np.float32)
        for row, weight in zip(matrix, LUMINANCE_WEIGHTS, strict=True):
            channel = row[0] * linear[0]
            channel += row[1] * linear[1]
            channel += row[2] * linear[2]
            np.clip(channel, 0.0, 1.0, out=channel)
            channel *= np.float32(weight)
            y += channel
        return encode_luminance(y)

    return convert


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = int.from_bytes(profile[128:132], "big")
    result = {}
    for at in range(132, 132 + 12 * min(count, 100), 12):
        if at + 12 > len(profile):
            break
        offset, size = struct.unpack_from(">II", profile, at + 4)
        result[profile[at : at + 4]] = profile[offset : offset + size]
    return result


def _xyz(data: bytes) -> NDArray[np.float64]:
    if data[:4] != b"XYZ ":
        raise NotPlain
    return np.array(struct.unpack_from(">3i", data, 8)) / 65536


def _curve(data: bytes, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light 0..1 for encoded values ``x`` 0..1."""
    if data[:4] == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        if count == 0:
            return x
        if count > 65536:
            raise NotPlain
        values = np.array(struct.unpack_from(f">{count}H", data, 12), np.float64)
        if count == 1:
            return np.asarray(x ** (values[0] / 256))
        return np.interp(x, np.linspace(0.0, 1.0, count), values / 65535)
    if data[:4] == b"para":
        (kind,) = struct.unpack_from(">H", data, 8)
        if kind not in _PARAMETERS:
            raise NotPlain
        numbers = np.array(struct.unpack_from(f">{_PARAMETERS[kind]}i", data, 12)) / 65536
        return _parametric(kind, numbers, x)
    raise NotPlain


def _parametric(
    kind: int, numbers: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Y = (aX + b)^g + c from X = d on, below that a straight line (ICC.1:2010, table 65)."""
    g, a, b, c, d, e, f = np.pad(numbers, (0, 7 - len(numbers))).tolist()
    if kind == 0:
        a, b, slope, above, below, start = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    elif kind in (1, 2):
        if a == 0:
            raise NotPlain
        slope, above, below, start = 0.0, c, c, -b / a
    else:
        slope, above, below, start = c, e, f, d
    power = np.maximum(a * x + b, 0.0) ** g + above
    result = np.where(x >= start, power, slope * x + below)
    return np.asarray(np.clip(result, 0.0, 1.0))
