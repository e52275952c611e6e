"""The sRGB tables, luminance, lightness, and ICC profiles."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from colorizer.errors import UnsupportedImage
from colorizer.photo import Photo, read
from colorizer.photo import icc as profiles
from colorizer.photo.srgb import luminance, luminance_strip, narrow_table, strips, to_depth

from .pictures import chunk, noise, png, reference_grey, saved, smooth, tiff, with_chunks

imagecodecs = pytest.importorskip("imagecodecs")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_neutral_pixels_keep_their_value(dtype: type) -> None:
    values: NDArray[Any] = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    result = luminance_strip(np.stack([values] * 3, -1))
    scale = 257 if dtype is np.uint8 else 1
    assert np.array_equal(result, values.astype(np.uint16) * scale)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_luminance_by_formula(dtype: type) -> None:
    rgb = noise(50, 60, 3, dtype=dtype)
    assert np.abs(luminance(rgb) - reference_grey(rgb) * 65535).max() <= 1


def test_luminance_in_strips_equals_luminance_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = noise(50, 60, 3)
    whole = luminance(rgb)
    monkeypatch.setattr("colorizer.photo.srgb.STRIP_PIXELS", 200)
    assert np.array_equal(luminance(rgb), whole)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2000), st.integers(1, 5_000_000))
def test_strips_cover_every_row_once(height: int, width: int) -> None:
    rows = [r for s in strips(height, width) for r in range(s.start, s.stop)]
    assert rows == list(range(height))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness(dtype: type) -> None:
    values: NDArray[Any] = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(-1, 256)
    lightness = Photo(values, bit_depth=8 if dtype is np.uint8 else 16).lightness()
    v = values / np.iinfo(dtype).max
    y = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    expected = np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)
    assert lightness.dtype == np.float32
    assert lightness.shape == values.shape
    assert np.abs(lightness - expected).max() < 1e-4
    assert lightness.min() == pytest.approx(0, abs=1e-5)
    assert lightness.max() == pytest.approx(100)


def test_lightness_of_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="grey"):
        Photo(noise(4, 4, 3)).lightness()


def test_narrowing_rounds_to_nearest() -> None:
    expected = np.rint(np.arange(65536) / 257)
    assert np.array_equal(narrow_table(), expected)
    assert np.array_equal(to_depth(to_depth(noise(), 16), 8), noise())


@pytest.mark.parametrize(
    "arguments",
    [
        {"pixels": np.zeros((2, 2), np.float32)},
        {"pixels": np.zeros((2, 2, 4), np.uint8)},
        {"pixels": np.zeros((0, 2), np.uint8)},
        {"pixels": np.zeros((2, 2), np.uint8), "bit_depth": 12},
        {"pixels": np.zeros((2, 2), np.uint8), "alpha": np.zeros((2, 3), np.uint8)},
    ],
)
def test_photo_refuses_what_does_not_fit(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Photo(**arguments)


# --- ICC ---------------------------------------------------------------------------------------

ADOBE = imagecodecs.cms_profile("adobergb")


def _adobe_to_srgb(rgb: np.ndarray) -> np.ndarray:
    image = ImageCms.profileToProfile(
        Image.fromarray(rgb), io.BytesIO(ADOBE), ImageCms.createProfile("sRGB")
    )
    return np.asarray(image)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_rgb_profile_against_imagecms(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(smooth(), kind, icc_profile=ADOBE, **options)
    stored = np.asarray(Image.open(io.BytesIO(data)))
    expected = reference_grey(_adobe_to_srgb(stored))
    plain = reference_grey(stored)
    pixels = read(data).pixels / 65535
    assert np.abs(pixels - expected).max() < 0.012
    assert np.abs(plain - expected).max() > 0.02  # the test would notice a forgotten profile


def test_rgb_profile_in_16_bits() -> None:
    """Adobe RGB by its definition: gamma 563/256 and its own primaries."""
    rgb = noise(20, 30, 3, dtype=np.uint16) // 2 + 16000
    photo = read(tiff(rgb, photometric="rgb", iccprofile=ADOBE))
    linear = (rgb / 65535) ** (563 / 256)
    to_xyz = np.array(
        [[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741],
         [0.0270343, 0.0706872, 0.9911085]]
    )  # fmt: skip
    to_srgb = np.array(
        [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560],
         [0.0556434, -0.2040259, 1.0572252]]
    )  # fmt: skip
    srgb = np.clip(linear @ to_xyz.T @ to_srgb.T, 0, 1)
    y = srgb @ np.array([0.2126729, 0.7151522, 0.0721750])
    encoded = 1.055 * y ** (1 / 2.4) - 0.055
    assert np.abs(photo.pixels / 65535 - encoded).max() < 0.003
    assert len(np.unique(photo.pixels)) > 300  # not reduced to 8 bits on the way


def _gama(value: float) -> bytes:
    return chunk(b"gAMA", round(value * 100_000).to_bytes(4, "big"))


def _of_power(samples: NDArray[Any], power: float) -> NDArray[Any]:
    """sRGB grey 0..1 of samples (h, w, 1 or 3) whose light is this power of them."""
    y = (samples / np.iinfo(samples.dtype).max) ** power
    y = y[..., 0] if y.shape[-1] == 1 else y @ np.array([0.2126729, 0.7151522, 0.0721750])
    return np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gamma", [1.0, 0.55556, 2.5])
def test_the_gamma_of_a_png(gamma: float, channels: int, dtype: type) -> None:
    samples = noise(12, 17, channels, dtype=dtype)
    photo = read(with_chunks(png(samples.squeeze()), _gama(gamma)))
    assert np.abs(photo.pixels / 65535 - _of_power(samples, 1 / gamma)).max() < 0.002
    assert photo.bit_depth == np.dtype(dtype).itemsize * 8


@pytest.mark.parametrize(
    "chunks",
    [
        [_gama(1 / 2.2)], [_gama(0.46)], [_gama(0)], [_gama(40)], [chunk(b"gAMA", b"\1")],
        [_gama(1.0), chunk(b"sRGB", b"\0")],
        [_gama(1.0), chunk(b"iCCP", b"p\0\0" + zlib.compress(ImageCms.ImageCmsProfile(
            ImageCms.createProfile("sRGB")).tobytes()))],
        [_gama(1.0), chunk(b"cICP", b"\1\x0d\0\1")],
    ],
)  # fmt: skip
def test_gammas_of_a_png_that_do_not_count(chunks: list[bytes]) -> None:
    """sRGB's own, impossible ones, and those beside something that says more."""
    grey = noise()
    assert np.array_equal(read(with_chunks(png(grey), *chunks)).pixels, grey)


def _cicp(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


@pytest.mark.parametrize(("transfer", "power"), [(8, 1.0), (4, 2.2), (5, 2.8)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("rest", [[], [_gama(0.3)], [chunk(b"sRGB", b"\0")]])
def test_the_numbers_of_a_png(
    transfer: int, power: float, channels: int, rest: list[bytes]
) -> None:
    """They count, whatever the chunks of lower rank say."""
    samples = noise(12, 17, channels, dtype=np.uint16)
    photo = read(with_chunks(png(samples.squeeze()), *rest, _cicp(1, transfer, 0, 1)))
    assert np.abs(photo.pixels / 65535 - _of_power(samples, power)).max() < 0.002


@pytest.mark.parametrize("transfer", [1, 6, 13, 14, 15])
def test_curves_that_are_shown_as_that_of_srgb(transfer: int) -> None:
    grey = noise()
    data = with_chunks(png(grey), _cicp(9, transfer, 0, 1), _gama(1.0))
    assert np.array_equal(read(data).pixels, grey)


@pytest.mark.parametrize("numbers", [(2, 2, 0, 1), (1, 8, 1, 1), (1, 8, 0, 0), (77, 8, 0, 1)])
def test_numbers_of_a_png_that_do_not_count(numbers: tuple[int, ...]) -> None:
    data = png(noise(12, 17, 3))
    expected = read(with_chunks(data, _gama(0.7))).pixels
    assert np.array_equal(read(with_chunks(data, _cicp(*numbers), _gama(0.7))).pixels, expected)


def test_the_primaries_of_a_png() -> None:
    """Display P3 by its numbers is what its profile says."""
    data = png(smooth(3, 24, 32))
    p3 = profiles.made_profile("rgb", None, (0.68, 0.32, 0.265, 0.69, 0.15, 0.06))
    packed = chunk(b"iCCP", b"p\0\0" + zlib.compress(p3))
    expected = read(with_chunks(data, packed)).pixels
    found = read(with_chunks(data, _cicp(12, 13, 0, 1))).pixels
    assert np.array_equal(found, expected)
    assert not np.array_equal(found, read(data).pixels)
    assert read(with_chunks(data, _cicp(12, 13, 0, 1)), colours=True).icc == p3


@pytest.mark.parametrize(("space", "gamma"), [("rgb", 1.8), ("rgb", None), ("gray", 2.2)])
def test_a_profile_that_is_made_has_no_date_of_its_own(space: str, gamma: float | None) -> None:
    """So that a result has the same bytes whenever it is made."""
    made = profiles.made_profile(space, gamma)
    assert made[24:36] == profiles.srgb_profile()[24:36]


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_pngs_are_refused(transfer: int, name: str) -> None:
    data = with_chunks(
        png(noise(12, 17, 3, dtype=np.uint16)), chunk(b"cICP", bytes([9, transfer, 0, 1]))
    )
    with pytest.raises(UnsupportedImage, match=f"HDR picture .{name}."):
        read(data)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_grey_profile(dtype: type, gamma: float) -> None:
    profile = imagecodecs.cms_profile("gray", gamma=gamma)
    full = np.iinfo(dtype).max
    grey: NDArray[Any] = np.linspace(0, full, 256).astype(dtype).reshape(16, 16)
    photo = read(tiff(grey, iccprofile=profile))
    assert photo.pixels.dtype == np.uint16
    assert photo.bit_depth == np.dtype(dtype).itemsize * 8
    y = (grey / full) ** gamma
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels / 65535 - encoded).max() < 0.003


def test_grey_picture_with_an_rgb_profile() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    photo = read(saved(grey, "PNG", icc_profile=ADOBE))
    expected = reference_grey(_adobe_to_srgb(np.dstack([grey] * 3)))
    assert np.abs(photo.pixels / 65535 - expected).max() < 0.006


@pytest.mark.parametrize("name", ["ours", "lcms"])
def test_srgb_profile_changes_nothing(name: str) -> None:
    srgb = {
        "ours": profiles.srgb_profile(),
        "lcms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    }[name]
    grey, rgb = noise(), noise(12, 17, 3, dtype=np.uint16)
    assert np.array_equal(read(saved(grey, "PNG", icc_profile=srgb)).pixels, grey)
    with_it = read(tiff(rgb, photometric="rgb", iccprofile=srgb)).pixels
    assert np.array_equal(with_it, read(tiff(rgb, photometric="rgb")).pixels)


@pytest.mark.parametrize(
    "profile", [b"", b"junk", b"x" * 500, ADOBE[:200], ADOBE[:128] + b"\xff" * 400]
)
def test_broken_profile_is_ignored(profile: bytes) -> None:
    rgb = noise(12, 17, 3)
    data = tiff(rgb, photometric="rgb", extratags=[(34675, 7, len(profile), profile, True)])
    assert np.array_equal(read(data).pixels, read(tiff(rgb, photometric="rgb")).pixels)


def test_profile_of_another_model_is_ignored() -> None:
    profile = imagecodecs.cms_profile("gray", gamma=1.0)
    rgb = noise(12, 17, 3)
    assert np.array_equal(
        read(tiff(rgb, photometric="rgb", iccprofile=profile)).pixels,
        read(tiff(rgb, photometric="rgb")).pixels,
    )


def test_broken_png_profile_chunk_is_ignored() -> None:
    grey = noise()
    for body in (b"name\0\0not zlib", b"name", b"", b"n\0\0" + b"\x78\x9c"):
        assert np.array_equal(read(with_chunks(png(grey), chunk(b"iCCP", body))).pixels, grey)


def test_embedded_profiles_are_the_same_every_day() -> None:
    assert profiles.srgb_profile()[24:28] == b"\x07\xd0\0\1"
    assert profiles.space_of(profiles.srgb_profile()) == "rgb"
    assert profiles.space_of(profiles.grey_profile()) == "gray"
    assert profiles.grey_curve(profiles.grey_profile(), 16) is None
