"""ICC profiles: embedded ones converted to sRGB, and the sRGB ones that are embedded in results.

Plain RGB profiles (curves and matrix) are computed in :mod:`.matrix_profile`; Little CMS does all
others through imagecodecs, because Pillow's binding is 8 bits only. Intent is
perceptual, the one that the ICC means for photographs and that Pillow defaults to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import matrix_profile
from .srgb import luminance_strip, to_linear

ToGrey = Callable[[NDArray[Any]], NDArray[np.uint16]]

# Little CMS flags. Unless told otherwise it replaces the profile by a table of few points, which
# is visibly wrong in the dark tones of 16-bit pictures.
_EXACT = 0x0100  # cmsFLAGS_NOOPTIMIZE: slow, for curves and samples
_FINE = 0x0400  # cmsFLAGS_HIGHRESPRECALC: a table of more points, for whole pictures
# What a broken profile raises; the picture then counts as sRGB.
_BROKEN = (RuntimeError, ValueError, TypeError)

_MAX_PROFILE = 16 << 20
_SRGB_PRIMARIES, _D65 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06), (0.3127, 0.329)
_SPACES = {b"RGB ": "rgb", b"GRAY": "gray", b"CMYK": "cmyk", b"Lab ": "lab"}

# A profile that moves no colour by more than this (16-bit steps) is sRGB itself: published sRGB
# profiles differ among each other by up to 0.2 %, that is less than half an 8-bit step.
_SAME_RGB = 160
_SAME_GREY = 48


def space_of(profile: bytes | None) -> str | None:
    """Colour space of a profile: "rgb", "gray", "cmyk", "lab"; None if it is not usable."""
    if profile is None or not 128 <= len(profile) <= _MAX_PROFILE or profile[36:40] != b"acsp":
        return None
    return _SPACES.get(profile[16:20])


def _transform(values: NDArray[Any], profile: bytes, space: str, flags: int) -> NDArray[np.uint16]:
    """Little CMS from pixels of a profile to 16-bit sRGB (..., 3)."""
    import imagecodecs

    result: NDArray[np.uint16] = imagecodecs.cms_transform(
        np.ascontiguousarray(values),
        profile,
        srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=np.uint16,
        intent=0,
        flags=flags,
    )
    return result


def luminance_function(profile: bytes | None, model: str, bits: int) -> ToGrey | None:
    """A function from ``bits``-bit pixels (h, w, 3 or 4) of ``model`` ("rgb" or "cmyk") to grey.

    Its result (h, w) is 16-bit sRGB grey of the same luminance. None if there is nothing to
    convert: no profile, a broken one, one that belongs to another colour model, or one that is
    sRGB itself.
    """
    if profile is None or space_of(profile) != model:
        return None
    data = profile
    channels = 3 if model == "rgb" else 4
    levels = np.linspace(0, 65535, 9 if channels == 3 else 3).astype(np.uint16)
    grid = np.stack(np.meshgrid(*[levels] * channels, indexing="ij"), -1)
    grid = grid.reshape(1, -1, channels)
    try:
        converted = _transform(grid, data, model, _EXACT)
    except _BROKEN:
        return None
    if channels == 3:
        if int(np.abs(converted.astype(np.int32) - grid).max()) <= _SAME_RGB:
            return None
        try:
            return matrix_profile.luminance_function(data, bits)
        except matrix_profile.NotPlain:
            pass
    return lambda values: luminance_strip(_transform(values, data, model, _FINE))


def to_srgb(values: NDArray[Any], profile: bytes | None, model: str) -> NDArray[np.uint16] | None:
    """16-bit sRGB (h, w, 3) of pixels of ``model`` ("rgb" or "cmyk") in a profile; None as above.

    For small pictures and strips of large ones; sRGB itself is converted, too.
    """
    if profile is None or space_of(profile) != model:
        return None
    try:
        return _transform(values, profile, model, _FINE)
    except _BROKEN:
        return None


def grey_curve(profile: bytes | None, bits: int) -> NDArray[np.uint16] | None:
    """16-bit sRGB grey for every ``bits``-bit value of a grey picture with this profile.

    A grey picture may carry a grey profile or (as many programs write) an RGB one, which is then
    applied to its neutral colours. None if there is nothing to convert, as above.
    """
    space = space_of(profile)
    if profile is None or space not in ("gray", "rgb"):
        return None
    values = np.rint(np.linspace(0, 65535, 1 << bits)).astype(np.uint16).reshape(-1, 256)
    pixels = values if space == "gray" else np.repeat(values[..., None], 3, axis=2)
    try:
        curve = luminance_strip(_transform(pixels, profile, space, _EXACT)).ravel()
    except _BROKEN:
        return None
    same = _SAME_GREY if space == "gray" else _SAME_RGB
    if int(np.abs(curve.astype(np.int32) - values.ravel()).max()) <= same:
        return None
    return curve


@cache
def srgb_profile() -> bytes:
    """The sRGB profile that is embedded in colour results; the same bytes on every day."""
    from PIL import ImageCms

    return _dateless(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


@cache
def grey_profile() -> bytes:
    """A grey profile with the sRGB curve, for results that are grey."""
    return made_profile("gray")


def _srgb_curve() -> NDArray[np.uint16]:
    return np.rint(to_linear(np.linspace(0, 1, 1024)) * 65535).astype(np.uint16)


def made_profile(
    space: str, gamma: float | None = None, primaries: tuple[float, ...] | None = None
) -> bytes:
    """A profile for a file that says what one would say, in another way.

    Its bytes are the same on every day.

    Args:
        space: "gray" or "rgb".
        gamma: linear light is this power of the encoded value; None is the curve of sRGB.
        primaries: x and y of red, green and blue, with white at D65; sRGB's by default.
    """
    import imagecodecs

    curve: dict[str, Any] = {"transferfunction": _srgb_curve()} if gamma is None else {}
    if space == "rgb":
        curve |= {"primaries": primaries or _SRGB_PRIMARIES, "whitepoint": _D65}
    return _dateless(bytes(imagecodecs.cms_profile(space, gamma=gamma, **curve)))


def _dateless(profile: bytes) -> bytes:
    """Set the creation date in the header (bytes 24..35) to 1 January 2000."""
    date = b"".join(n.to_bytes(2, "big") for n in (2000, 1, 1, 0, 0, 0))
    return profile[:24] + date + profile[36:]


def unprofiled_cmyk(cmyk: NDArray[Any]) -> NDArray[np.uint16]:
    """CMYK without a profile (h, w, 4; 0 is no ink) to grey."""
    return luminance_strip(unprofiled_cmyk_rgb(cmyk))


def unprofiled_cmyk_rgb(cmyk: NDArray[Any]) -> NDArray[Any]:
    """CMYK without a profile (h, w, 4) to RGB (h, w, 3): inks darken what black leaves."""
    full = int(np.iinfo(cmyk.dtype).max)
    ink = full - cmyk.astype(np.uint32)
    rgb = (ink[..., :3] * ink[..., 3:] + full // 2) // full
    return rgb.astype(cmyk.dtype)
