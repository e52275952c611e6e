"""Photographs that keep their own colours on the way into another file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from colorizer.errors import InvalidSetting
from colorizer.photo import Photo, read, write

from .pictures import noise, png, same, saved, smooth


def rewritten(data: bytes, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    write(read(data, colours=True), buffer, format=format, **options)
    return buffer.getvalue()


def shown(data: bytes) -> NDArray[np.float64]:
    """sRGB as a viewer that honours profiles shows it."""
    with Image.open(io.BytesIO(data)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
        assert converted is not None
        return np.asarray(converted, np.float64)


def wide_profile() -> bytes:
    """RGB whose first and second channel are exchanged: nobody can mistake it for sRGB."""
    import imagecodecs

    return bytes(
        imagecodecs.cms_profile(
            "rgb", whitepoint=[0.3127, 0.329, 1.0],
            primaries=[0.21, 0.71, 1.0, 0.64, 0.33, 1.0, 0.15, 0.06, 1.0], gamma=2.2,
        )
    )  # fmt: skip


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rgb_samples_are_written_as_they_are(format: str, dtype: Any) -> None:
    picture = noise(12, 17, 4, dtype=dtype)
    written = read(rewritten(png(picture), format, lossless=True), colours=True)
    expected = picture if format != "webp" or dtype == np.uint8 else None
    if expected is not None:
        assert same(written.pixels, expected[..., :3])
        assert same(written.alpha, expected[..., 3])
    else:
        assert written.bit_depth == 8
        assert np.abs(written.pixels * 257.0 - picture[..., :3]).max() <= 129


def test_a_profile_stays_with_its_pixels() -> None:
    profile = wide_profile()
    source = saved(smooth(), "png", icc_profile=profile)
    for format in ("png", "tiff", "jpeg", "webp"):
        data = rewritten(source, format, quality=98)
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["icc_profile"] == profile
        assert np.abs(shown(data) - shown(source)).mean() < 6
    # and is looked at when the picture becomes grey
    assert not same(read(source).pixels, read(png(smooth())).pixels)


def test_a_profile_of_another_colour_model_is_not_kept() -> None:
    import imagecodecs

    grey = bytes(imagecodecs.cms_profile("gray", gamma=1.8))
    assert read(saved(smooth(), "png", icc_profile=grey), colours=True).icc is None


def test_cmyk_and_lab_become_srgb() -> None:
    picture = smooth()
    image = Image.fromarray(picture)
    inks = saved(image.convert("CMYK"), "tiff")
    np.testing.assert_allclose(read(inks, colours=True).pixels, picture, atol=2)
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted is not None
    photo = read(saved(converted, "tiff"), colours=True)
    assert photo.pixels.dtype == np.uint8
    # 8 bits of Lab are coarse, and its white is D50
    assert np.abs(photo.pixels.astype(float) - picture).mean() < 12


def test_jpeg_is_never_lossless() -> None:
    photo = Photo(noise())
    for format in ("jpeg", "jpg"):
        with pytest.raises(InvalidSetting, match="JPEG always loses"):
            write(photo, io.BytesIO(), format=format, lossless=True)
    for format in ("png", "tiff", "webp"):
        write(photo, io.BytesIO(), format=format, lossless=True)
