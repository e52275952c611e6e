"""Files from the field: each of them was read wrongly once. Their README says what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from colorizer.errors import CorruptImage, UnsupportedImage
from colorizer.photo import Photo, probe, read

from .pictures import SHARED

FIELD = SHARED / "data" / "field"

pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason="needs the shared folder")

SIZE = (72, 104)


@pytest.fixture(scope="module")
def ramp() -> np.ndarray[Any, Any]:
    """The picture that is in nearly all of them, 0..1."""
    return read(FIELD / "j31_png_named.jpg").pixels / 65535


def values(photo: Photo) -> np.ndarray[Any, Any]:
    return photo.pixels / float(np.iinfo(photo.pixels.dtype).max)


@pytest.mark.parametrize("name", ["a01_f32_hot_pixel.tif", "a03_f32_small_negative.tif"])
def test_one_pixel_does_not_change_the_others(name: str, ramp: np.ndarray[Any, Any]) -> None:
    different = np.abs(values(read(FIELD / name)) - ramp) > 1 / 65535
    assert different.sum() == 1
    assert values(read(FIELD / name))[different] in (0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "tolerance", "depth"),
    [
        ("t11_signed16.tif", 1e-6, 16), ("j07_lossless16.jpg", 1e-6, 16),
        ("j06_12bit.jpg", 0.01, 16), ("j31_png_named.jpg", 0.0, 16),
        ("j08_jpegls.jls", 0.003, 8), ("o17.jxl", 0.003, 8), ("o18.jp2", 0.003, 8),
        ("t27_jp2k.tif", 0.003, 8), ("t28_jxl.tif", 0.003, 8), ("t26_webp.tif", 0.03, 8),
        ("t57_bytecount0.tif", 0.003, 8), ("p13_interlaced.png", 0.003, 8),
        ("j16_missing_eoi.jpg", 0.02, 8), ("j26_xmp_orient6_only.jpg", 0.02, 8),
        ("t44_thumb_first.tif", 0.003, 8), ("t13_multipage.tif", 0.003, 8),
    ],
)  # fmt: skip
def test_read(name: str, tolerance: float, depth: int, ramp: np.ndarray[Any, Any]) -> None:
    photo = read(FIELD / name)
    assert photo.pixels.shape == SIZE
    assert np.abs(values(photo) - ramp).max() <= tolerance
    assert photo.bit_depth == depth
    assert photo.warnings == ()


def test_linear_light(ramp: np.ndarray[Any, Any]) -> None:
    encoded = np.where(ramp <= 0.0031308, 12.92 * ramp, 1.055 * ramp ** (1 / 2.4) - 0.055)
    assert np.abs(values(read(FIELD / "p01_g16_gama1.png")) - encoded).max() < 0.001


@pytest.mark.parametrize(
    ("name", "error", "word"),
    [
        ("p04_cicp_pq.png", UnsupportedImage, "HDR"),
        ("o20.psd", UnsupportedImage, "Photoshop"),
        ("o23.dcm", UnsupportedImage, "DICOM"),
        ("o28.cr3", UnsupportedImage, "camera raw"),
        ("o30.svg", UnsupportedImage, "SVG"),
        ("j15_truncated.jpg", CorruptImage, "incomplete"),
        ("c03_g4_damaged.tif", CorruptImage, "damaged"),
        ("jpeg_in_tiff_second_half_zeroed.tif", CorruptImage, "damaged"),
        ("refleak_damaged_1x1.png", CorruptImage, "damaged"),
    ],
)
def test_refused(name: str, error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        read(FIELD / name)


def test_parts_that_are_broken_are_said() -> None:
    (warning,) = read(FIELD / "j20_bitrot.jpg").warnings
    assert "parts of the picture are wrong" in warning


def test_the_part_that_is_there(ramp: np.ndarray[Any, Any]) -> None:
    photo = read(FIELD / "j15_truncated.jpg", salvage=True)
    same = np.abs(values(photo) - ramp).max(axis=1) < 0.02
    assert same[:16].all()
    assert not same[-8:].any()
    assert "what is missing of the picture is grey" in photo.warnings[0]


def test_pages() -> None:
    assert probe(FIELD / "t13_multipage.tif").pages == read(FIELD / "t13_multipage.tif").pages == 3
    assert read(FIELD / "t13_multipage.tif", page=3).pixels.shape == SIZE
    assert probe(FIELD / "t44_thumb_first.tif").pages == 1
