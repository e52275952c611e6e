"""Picture against picture: PSNR, SSIM, CIEDE2000, colourfulness and colour bias.

All functions take 8-bit sRGB pictures as ``uint8`` arrays (H, W, 3), or the Lab arrays that
:func:`to_lab` makes of them, and return a plain ``float``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import skimage.color
import skimage.metrics
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Lab = NDArray[np.float64]

#: Identical pictures have an infinite PSNR. No value above this one is reported (dB), so that the
#: mean over photographs stays finite. A single pixel off by one level in one channel of a
#: 256×256 picture gives 101 dB: only identical or all but identical pictures meet the cap.
PSNR_CAP = 100.0

# scikit-image carries no types
_rgb2lab: Callable[..., Any] = skimage.color.rgb2lab
_ciede2000: Callable[..., Any] = skimage.color.deltaE_ciede2000
_structural_similarity: Callable[..., Any] = skimage.metrics.structural_similarity


def to_lab(rgb: Pixels) -> Lab:
    """Convert 8-bit sRGB (H, W, 3) to CIE Lab, D65, 2° observer, float64 (H, W, 3).

    L* is in 0..100; a* and b* of sRGB colours lie in about -108..99. Computed by scikit-image.
    """
    _check_pixels(rgb)
    return np.asarray(_rgb2lab(rgb), dtype=np.float64)


def psnr(truth: Pixels, result: Pixels) -> float:
    """Peak signal-to-noise ratio of one 8-bit RGB picture, in dB (higher is better).

    PSNR = 10·log10(255² / MSE), the MSE taken over all pixels and the three channels together.
    Range 0..:data:`PSNR_CAP`; identical pictures, whose ratio is infinite, count as the cap.
    A set is reported as the mean of its pictures' values, not as the PSNR of the mean MSE.

    Raises:
        ValueError: if the arrays are not two ``uint8`` pictures of one shape.
    """
    _check_pair(truth, result)
    error = np.mean(np.square(truth.astype(np.float64) - result))
    if error == 0.0:
        return PSNR_CAP
    return min(float(10.0 * np.log10(255.0**2 / error)), PSNR_CAP)


def ssim(truth: Pixels, result: Pixels) -> float:
    """Structural similarity on RGB, -1..1 (1: identical), no unit.

    SSIM = (2μxμy + c1)(2σxy + c2) / ((μx² + μy² + c1)(σx² + σy² + c2)), c1 = (0.01·255)²,
    c2 = (0.03·255)², in an 11×11 Gaussian window of σ = 1.5 with population covariances, averaged
    over pixels and the three channels. Source: Wang, Bovik, Sheikh, Simoncelli 2004, section III;
    as scikit-image computes it. The picture must be at least 11 pixels wide and high.

    Raises:
        ValueError: if the arrays are not two ``uint8`` pictures of one shape, or too small.
    """
    _check_pair(truth, result)
    value = _structural_similarity(
        truth,
        result,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
        data_range=255,
    )
    return float(value)


def delta_e2000(truth: Lab, result: Lab) -> float:
    """Mean CIEDE2000 colour difference over the pixels, >= 0 (0: identical; 1: just visible).

    Takes Lab arrays (H, W, 3). kL = kC = kH = 1. Source: Sharma, Wu, Dalal 2005; as scikit-image
    computes it.
    """
    return float(np.mean(_ciede2000(truth, result)))


def colorfulness(rgb: Pixels) -> float:
    """Colourfulness M(3) of one 8-bit RGB picture, >= 0 (grey 0; strong colours 80 and more).

    With rg = R - G and yb = (R + G)/2 - B on 0..255:
    M = sqrt(σ_rg² + σ_yb²) + 0.3·sqrt(μ_rg² + μ_yb²), population deviations.
    Source: Hasler and Süsstrunk 2003, section 4 ("Measuring colourfulness in natural images").
    """
    rg, yb = _opponents(rgb)
    return _colorfulness(rg, yb)


def colorfulness_absolute(rgb: Pixels) -> float:
    """Colourfulness with |rg| and |yb| in the place of rg and yb; units as :func:`colorfulness`.

    Not what Hasler and Süsstrunk wrote, but what the tables published since DDColor (2023) hold:
    folding the opponents at zero lowers the deviations and raises the means.
    """
    rg, yb = _opponents(rgb)
    return _colorfulness(np.abs(rg), np.abs(yb))


def chroma(lab: Lab) -> float:
    """Mean chroma, sqrt(a*² + b*²), over the pixels of a Lab array (H, W, 3); >= 0, Lab units."""
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def bias(truth: Lab, result: Lab) -> tuple[float, float]:
    """Mean of (a*, b*) of the result minus that of the truth, in units of a* and b*.

    Takes Lab arrays (H, W, 3). Positive a: too magenta, negative: too green; positive b: too
    yellow (the sepia effect), negative: too blue. A set is reported as the mean over photographs.
    """
    shift = np.mean(result[..., 1:] - truth[..., 1:], axis=(0, 1))
    return float(shift[0]), float(shift[1])


def _opponents(rgb: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    _check_pixels(rgb)
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    return red - green, (red + green) / 2.0 - blue


def _colorfulness(rg: NDArray[np.float64], yb: NDArray[np.float64]) -> float:
    spread = np.hypot(rg.std(), yb.std())
    offset = np.hypot(rg.mean(), yb.mean())
    return float(spread + 0.3 * offset)


def _check_pixels(rgb: Pixels) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"expected uint8 (H, W, 3), got {rgb.dtype} {rgb.shape}")


def _check_pair(truth: Pixels, result: Pixels) -> None:
    _check_pixels(truth)
    _check_pixels(result)
    if truth.shape != result.shape:
        raise ValueError(f"shapes differ: {truth.shape} and {result.shape}")
