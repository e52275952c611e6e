"""The loop over pixels behind :mod:`.paint`, compiled by numba; imported when something is painted.

For each pixel, with f, Y, t_x and t_z as told there,

    x, z = f_inverse(t_x), f_inverse(t_z)
    (R, G, B) = Y + M_x (x - Y) + M_z (z - Y)

M_x and M_z are the columns of the matrix from (x, Y, z), each relative to the white, to linear
sRGB; its rows sum to 1, so a neutral pixel stays neutral. A pixel outside the gamut is moved
towards its grey, t = f + s (t - f), which is constant L* and hue; s is found by bisection as in
:func:`.lab.fit_gamut`.

The loop goes row by row, in steps that the compiler can turn into vector instructions, and without
the interpreter's lock. The compiled code is kept beside this file or, where that cannot be written,
in the user's cache folder; where neither can, it is compiled anew in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..compiled import compiled
from .lab import RELATIVE_TO_RGB

_XR, _XG, _XB = (np.float32(row[0]) for row in RELATIVE_TO_RGB)
_ZR, _ZG, _ZB = (np.float32(row[2]) for row in RELATIVE_TO_RGB)
_BISECTIONS = 10


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return compiled(function, error_model="numpy", fastmath={"contract", "nsz", "nnan", "ninf"})


def _f_inverse_of(t: Any, knee: Any, slope: Any) -> Any:
    """u^3 + slope (t - u) with u = max(t, knee): the cube, and below the knee its tangent."""
    u = max(t, knee)
    return u * u * u + slope * (t - u)


_f_inverse = _compiled(_f_inverse_of)


def _linear_of(y: Any, t_x: Any, t_z: Any, knee: Any, slope: Any) -> Any:
    """Red, green and blue, linear."""
    x = _f_inverse(t_x, knee, slope) - y
    z = _f_inverse(t_z, knee, slope) - y
    return y + _XR * x + _ZR * z, y + _XG * x + _ZG * z, y + _XB * x + _ZB * z


_linear = _compiled(_linear_of)


def _outside_of(red: Any, green: Any, blue: Any, low: Any, high: Any) -> Any:
    return (min(min(red, green), blue) < low) | (max(max(red, green), blue) > high)


_outside = _compiled(_outside_of)


def _fitted_of(f: Any, y: Any, t_x: Any, t_z: Any, curve: Any, gamut: Any) -> Any:
    """A pixel that is outside, with as little less chroma as need be."""
    t_x -= f
    t_z -= f
    share = np.float32(0.0)
    step = np.float32(1.0)
    for _ in range(_BISECTIONS):
        step *= np.float32(0.5)
        tried = share + step
        red, green, blue = _linear(y, f + t_x * tried, f + t_z * tried, curve[0], curve[1])
        if not _outside(red, green, blue, gamut[0], gamut[1]):
            share = tried
    return _linear(y, f + t_x * share, f + t_z * share, curve[0], curve[1])


_fitted = _compiled(_fitted_of)


def _enlarge_row_of(planes: Any, row: Any, share: Any, line: Any) -> None:
    """One row of the four planes, (4, w + 1): the last column is there twice."""
    below = min(row + 1, planes.shape[1] - 1)
    width = planes.shape[2]
    rest = np.float32(1.0) - share
    for i in range(4):
        upper, lower, target = planes[i, row], planes[i, below], line[i]
        for x in range(width):
            target[x] = upper[x] * rest + lower[x] * share
        target[width] = target[width - 1]


_enlarge_row = _compiled(_enlarge_row_of)


def _paint_rows_of(
    pixels: Any, first: Any, planes: Any, places: Any, f_of: Any, y_of: Any, encoded: Any,
    curve: Any, gamut: Any, out: Any,
) -> None:  # fmt: skip
    rows, row_shares, columns, column_shares = places
    height, width = pixels.shape
    line = np.empty((4, planes.shape[2] + 1), np.float32)
    p_x, q_x, p_z, q_z = line[0], line[1], line[2], line[3]
    f, y = np.empty(width, np.float32), np.empty(width, np.float32)
    t_x, t_z = np.empty(width, np.float32), np.empty(width, np.float32)
    red, green = np.empty(width, np.float32), np.empty(width, np.float32)
    blue, late = np.empty(width, np.float32), np.empty(width, np.uint8)
    black, white = np.float32(0.0), np.float32(encoded.shape[0] - 1)
    for i in range(height):
        _enlarge_row(planes, rows[first + i], row_shares[first + i], line)
        grey = pixels[i]
        for x in range(width):
            value = grey[x]
            f[x] = f_of[value]
            y[x] = y_of[value]
        for x in range(width):
            left = columns[x]
            right = left + np.uint32(1)
            share = column_shares[x]
            rest = np.float32(1.0) - share
            t_x[x] = (p_x[left] * rest + p_x[right] * share) * f[x] + (
                q_x[left] * rest + q_x[right] * share
            )
            t_z[x] = (p_z[left] * rest + p_z[right] * share) * f[x] + (
                q_z[left] * rest + q_z[right] * share
            )
        some = np.uint8(0)
        for x in range(width):
            r, g, b = _linear(y[x], t_x[x], t_z[x], curve[0], curve[1])
            red[x], green[x], blue[x] = r, g, b
            late[x] = np.uint8(_outside(r, g, b, gamut[0], gamut[1]))
            some |= late[x]
        if some:
            for x in range(width):
                if late[x]:
                    red[x], green[x], blue[x] = _fitted(f[x], y[x], t_x[x], t_z[x], curve, gamut)
        target = out[i]
        for x in range(width):
            target[x, 0] = encoded[np.uint32(min(max(red[x], black), white))]
            target[x, 1] = encoded[np.uint32(min(max(green[x], black), white))]
            target[x, 2] = encoded[np.uint32(min(max(blue[x], black), white))]


#: (pixels (n, W), number of the first row, planes, places, tables of f, Y and encoding, curve,
#: gamut, out (n, W, 3)): see :class:`.paint.Painter`
paint_rows = _compiled(_paint_rows_of)
