"""Which pictures count as colour photographs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from colorizer.color.lab import fitted_srgb
from colorizer.photo import read

from .pictures import png, saved, smooth, tiff

Picture = NDArray[np.uint8]


def lightness(height: int = 180, width: int = 240) -> NDArray[np.float32]:
    """Something like a photograph: large shapes, L* 5..95."""
    y, x = np.mgrid[0:height, 0:width] / 30.0
    waves = np.sin(x) + np.cos(1.7 * y) + np.sin(0.6 * x * y) + np.cos(3.1 * x - y)
    return np.asarray(50 + 45 * waves / 4, np.float32)


def painted(a: Any, b: Any, grain: float = 0.0) -> Picture:
    """sRGB of that lightness with these a*, b* (numbers or arrays) and grain in each channel."""
    plane = lightness()
    lab = np.stack(np.broadcast_arrays(plane, np.float32(a), np.float32(b)), axis=-1)
    noise = np.random.default_rng(0).normal(0, grain, lab.shape)
    rgb = np.rint(fitted_srgb(lab.astype(np.float32)) * 255 + noise)
    return np.asarray(rgb.clip(0, 255), np.uint8)


def toned(hue: float, chroma: float, grain: float = 0.0) -> Picture:
    """One hue, strongest in the middle tones, as toning baths and dyes do."""
    strength = chroma * np.sin(np.pi * lightness() / 100)
    return painted(strength * np.cos(hue), strength * np.sin(hue), grain)


def spot(share: float) -> NDArray[np.bool_]:
    """A rectangle in the middle of the picture, of this share of it."""
    inside = np.zeros(lightness().shape, bool)
    height, width = round(len(inside) * share**0.5), round(len(inside[0]) * share**0.5)
    top, left = (len(inside) - height) // 2, (len(inside[0]) - width) // 2
    inside[top : top + height, left : left + width] = True
    return inside


def was_colour(picture: NDArray[Any], kind: str = "png", **options: Any) -> bool:
    return read(saved(picture, kind, **options)).was_colour


@pytest.mark.parametrize("hue", [0.0, 1.2, 3.3, 4.6], ids=["red", "sepia", "green", "cyanotype"])
@pytest.mark.parametrize("chroma", [6, 20, 40])
@pytest.mark.parametrize("grain", [0, 6])
def test_a_toned_photograph_is_grey(hue: float, chroma: float, grain: float) -> None:
    assert not was_colour(toned(hue, chroma, grain))


def test_split_toning_is_grey() -> None:
    plane = lightness()
    assert not was_colour(painted((50 - plane) * 0.1, (plane - 50) * 0.4))


def test_tinted_paper_is_grey_and_so_is_grey() -> None:
    assert not was_colour(painted(2, 14))
    assert not was_colour(painted(0, 0, grain=6))
    assert not was_colour(painted(0, 0)[..., 0])


def test_jpeg_does_not_make_colours() -> None:
    assert not was_colour(toned(1.2, 25, grain=4), "jpeg", quality=40)


def test_a_brown_mount_stains_and_yellowed_edges_are_grey() -> None:
    b = np.where(spot(0.7), 1.0, 24.0)  # the print on its mount
    b = np.where(spot(0.08), 18.0, b)  # a stain
    edge = np.linspace(0, 12, b.shape[1])
    assert not was_colour(painted(0.25 * (b + edge), b + edge, grain=3))


def test_a_small_stamp_is_grey_and_a_large_one_is_not() -> None:
    for share, expected in ((0.015, False), (0.06, True)):
        assert was_colour(painted(np.where(spot(share), 55, 2), 8)) is expected


def test_a_hand_tinted_photograph_is_in_colour() -> None:
    """Cheeks, a blue dress and grass, faintly, over sepia."""
    a, b = np.full(lightness().shape, 3.0), np.full(lightness().shape, 14.0)
    a[20:60, 20:70], b[20:60, 20:70] = 20, 14
    a[70:120, 60:130], b[70:120, 60:130] = 0, -8
    a[130:, :], b[130:, :] = -10, 18
    assert was_colour(painted(a, b, grain=3))


def test_a_faded_colour_photograph_is_in_colour() -> None:
    """An orange cast over what is left of red, green and blue."""
    y, x = np.mgrid[0:180, 0:240] / 40.0
    assert was_colour(painted(14 + 10 * np.sin(x * 2 + y), 22 + 12 * np.cos(x - y * 1.7)))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (900, 1, 3), (2, 3, 3)])
def test_odd_sizes(shape: tuple[int, ...]) -> None:
    assert not read(png(np.full(shape, [120, 100, 80], np.uint8))).was_colour


def test_sixteen_bits_opacity_and_large_pictures_make_no_difference() -> None:
    for picture, expected in ((toned(1.2, 30), False), (smooth(3, 180, 240), True)):
        deep = picture.astype(np.uint16) * 257
        assert read(png(deep)).was_colour is expected
        assert read(png(np.dstack([deep, deep[..., 0]]))).was_colour is expected
        large = np.kron(picture, np.ones((9, 9, 1), np.uint8))
        assert read(tiff(large, photometric="rgb")).was_colour is expected


def test_cmyk_and_lab_files_are_measured_too() -> None:
    for picture, expected in ((toned(1.2, 30), False), (smooth(3, 180, 240), True)):
        image = Image.fromarray(picture)
        assert read(saved(image.convert("CMYK"), "tiff")).was_colour is expected
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
        assert converted is not None
        assert read(saved(converted, "tiff")).was_colour is expected


def test_no_historic_photograph_is_in_colour(shared: Path) -> None:
    files = sorted((shared / "data" / "historic").iterdir())
    assert len(files) == 27
    assert [file.name for file in files if read(file).was_colour] == []


def test_nearly_all_colour_photographs_are(shared: Path) -> None:
    with tarfile.open(shared / "data" / "photos" / "val-000.tar") as tar:
        members = [m for m in tar if m.name.endswith((".webp", ".avif", ".jpg", ".png"))]
        assert len(members) > 100
        grey = []
        for member in members:
            data = tar.extractfile(member)
            assert data is not None
            if not read(io.BytesIO(data.read())).was_colour:
                grey.append(member.name)
    assert len(grey) <= len(members) // 100, grey
