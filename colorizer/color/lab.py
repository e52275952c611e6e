"""sRGB to CIE Lab and back, grey to L*, and gamut mapping at constant lightness and hue.

sRGB is IEC 61966-2-1, Lab is CIE 1976 with the D65 white of the 2 degree observer. All arithmetic
is float32. Arrays may be numpy or torch; the result is of the same kind.

The white is the one that the matrix itself gives for R = G = B = 1, so that a grey pixel has
a* = b* = 0 exactly. Libraries that round the white to five digits on its own (scikit-image) differ
from this by up to 0.005 in a* and b*.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import array_namespace

_RGB_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ)
#: linear sRGB to (x, y, z), each relative to the white; every row sums to 1
RGB_TO_RELATIVE = _RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)
#: (x, y, z), each relative to the white, to linear sRGB; every row sums to 1
RELATIVE_TO_RGB = _XYZ_TO_RGB * _RGB_TO_XYZ.sum(axis=1)
_EPSILON = (6.0 / 29.0) ** 3
#: how far outside 0..1 a linear value may lie and still count as inside the gamut
GAMUT_TOLERANCE = 1e-5
_SLOPE = (29.0 / 6.0) ** 2 / 3.0


def _float32(x: Any) -> tuple[Any, Any]:
    xp = array_namespace(x)
    return xp, (x if x.dtype == xp.float32 else xp.astype(x, xp.float32))


def srgb_to_linear(value: Any) -> Any:
    """Undo the sRGB transfer curve. ``value`` and result: any shape, 0..1."""
    xp, v = _float32(value)
    high = ((xp.clip(v, 0.0, None) + 0.055) / 1.055) ** 2.4
    return xp.where(v <= 0.04045, v / 12.92, high)


def linear_to_srgb(value: Any) -> Any:
    """Apply the sRGB transfer curve. ``value`` and result: any shape, 0..1 (not clipped)."""
    xp, v = _float32(value)
    high = 1.055 * xp.clip(v, 0.0031308, None) ** (1.0 / 2.4) - 0.055
    return xp.where(v <= 0.0031308, v * 12.92, high)


def _f(xp: Any, t: Any) -> Any:
    root = xp.clip(t, _EPSILON, None) ** (1.0 / 3.0)
    return xp.where(t > _EPSILON, root, _SLOPE * t + 4.0 / 29.0)


def _f_inverse(xp: Any, t: Any) -> Any:
    return xp.where(t > 6.0 / 29.0, t * t * t, (t - 4.0 / 29.0) / _SLOPE)


def luminance_to_lightness(luminance: Any) -> Any:
    """CIE relative luminance Y (0..1, any shape) to lightness L* (0..100)."""
    xp, y = _float32(luminance)
    return 116.0 * _f(xp, y) - 16.0


def lightness_to_luminance(lightness: Any) -> Any:
    """CIE lightness L* (0..100, any shape) to relative luminance Y (0..1)."""
    xp, lightness = _float32(lightness)
    return _f_inverse(xp, (lightness + 16.0) / 116.0)


def grey_to_lightness(grey: Any) -> Any:
    """sRGB-encoded neutral grey (0..1, any shape) to L* (0..100)."""
    return luminance_to_lightness(srgb_to_linear(grey))


def lightness_to_grey(lightness: Any) -> Any:
    """L* (0..100, any shape) to the sRGB-encoded neutral grey (0..1) of that lightness."""
    return linear_to_srgb(lightness_to_luminance(lightness))


def srgb_to_lab(rgb: Any) -> Any:
    """sRGB to CIE Lab.

    Args:
        rgb: (..., 3), 0..1.

    Returns:
        (..., 3) float32: L* 0..100, a* and b* about -110..110.
    """
    xp, rgb = _float32(rgb)
    linear = srgb_to_linear(rgb)
    r, g, b = linear[..., 0], linear[..., 1], linear[..., 2]
    fx, fy, fz = (
        _f(xp, float(m[0]) * r + float(m[1]) * g + float(m[2]) * b) for m in RGB_TO_RELATIVE
    )
    return xp.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], -1)


def lab_to_linear(lab: Any) -> Any:
    """CIE Lab (..., 3) to linear sRGB (..., 3) float32; values outside 0..1 are out of gamut."""
    xp, lab = _float32(lab)
    fy = (lab[..., 0] + 16.0) / 116.0
    x = _f_inverse(xp, fy + lab[..., 1] / 500.0)
    y = _f_inverse(xp, fy)
    z = _f_inverse(xp, fy - lab[..., 2] / 200.0)
    channels = [float(m[0]) * x + float(m[1]) * y + float(m[2]) * z for m in RELATIVE_TO_RGB]
    return xp.moveaxis(xp.stack(channels), 0, -1)  # in memory plane by plane, which is quicker


def lab_to_srgb(lab: Any) -> Any:
    """CIE Lab (..., 3) to sRGB (..., 3) float32, each channel clipped to 0..1.

    Clipping changes lightness and hue of colours outside the gamut: apply :func:`fit_gamut` first
    where that matters.
    """
    xp = array_namespace(lab)
    return xp.clip(linear_to_srgb(lab_to_linear(lab)), 0.0, 1.0)


def in_gamut(lab: Any, tolerance: float = GAMUT_TOLERANCE) -> Any:
    """Which colours (..., 3) sRGB can show: boolean (...). ``tolerance`` in linear light."""
    xp = array_namespace(lab)
    return _inside(xp, lab_to_linear(lab), tolerance)


def _inside(xp: Any, linear: Any, tolerance: float = GAMUT_TOLERANCE) -> Any:
    # channel by channel: reducing an axis of length 3 is many times slower
    red, green, blue = linear[..., 0], linear[..., 1], linear[..., 2]
    lowest = xp.minimum(xp.minimum(red, green), blue)
    highest = xp.maximum(xp.maximum(red, green), blue)
    return (lowest >= -tolerance) & (highest <= 1.0 + tolerance)


def fit_gamut(lab: Any, iterations: int = 10) -> Any:
    """Bring colours into the sRGB gamut by lowering chroma at constant L* and hue.

    For each colour outside, the largest factor s in [0, 1] with (L*, s a*, s b*) inside is found by
    bisection. Colours inside are returned unchanged.

    Args:
        lab: (..., 3) with L* in 0..100.
        iterations: bisection steps; the error in chroma is at most chroma / 2**iterations.

    Returns:
        (..., 3) float32, inside the gamut.
    """
    xp, lab = _float32(lab)
    outside = ~in_gamut(lab)
    if not bool(xp.any(outside)):
        return lab
    result = xp.asarray(lab, copy=True)
    result[outside] = _less_chroma(xp, lab[outside], iterations)
    return result


def _less_chroma(xp: Any, lab: Any, iterations: int) -> Any:
    """The bisection for colours (n, 3) that are all outside."""
    lightness, a, b = lab[:, 0], lab[:, 1], lab[:, 2]
    low = xp.zeros_like(lightness)
    high = xp.ones_like(low)
    for _ in range(iterations):
        middle = 0.5 * (low + high)
        inside = in_gamut(xp.stack([lightness, a * middle, b * middle], -1))
        low = xp.where(inside, middle, low)
        high = xp.where(inside, high, middle)
    return xp.stack([lightness, a * low, b * low], -1)


def fitted_srgb(lab: Any, iterations: int = 10) -> Any:
    """``lab_to_srgb(fit_gamut(lab, iterations))``, with the common part computed only once."""
    xp, lab = _float32(lab)
    linear = lab_to_linear(lab)
    outside = ~_inside(xp, linear)
    if bool(xp.any(outside)):
        linear[outside] = lab_to_linear(_less_chroma(xp, lab[outside], iterations))
    return xp.clip(linear_to_srgb(linear), 0.0, 1.0)
