"""Orientation is undone exactly once, wherever it is written."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from colorizer.errors import InvalidSetting
from colorizer.photo import probe, read, write
from colorizer.photo.orientation import upright as turn

from .pictures import chunk, exif, noise, png, same, saved, smooth, tiff, upright, with_chunks, xmp

ALL = range(1, 9)


@pytest.mark.parametrize("orientation", ALL)
def test_all_eight_on_arrays(orientation: int) -> None:
    for shape in ((5, 7), (5, 7, 3)):
        stored = noise(*shape)
        assert np.array_equal(turn(stored, orientation), upright(stored, orientation))


@pytest.mark.parametrize("orientation", ALL)
def test_table_agrees_with_pillow(orientation: int) -> None:
    from PIL import ImageOps

    stored = noise(5, 7)
    image = Image.open(io.BytesIO(saved(stored, "PNG", exif=exif(orientation))))
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)), upright(stored, orientation))


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_further(orientation: int, degrees: int) -> None:
    file = saved(noise(5, 7), "PNG", exif=exif(orientation), dpi=(300, 200))
    straight, turned = read(file), read(file, turn=degrees)
    assert np.array_equal(turned.pixels, np.rot90(straight.pixels, -degrees // 90))
    header = probe(file, turn=degrees)
    assert (header.height, header.width) == turned.pixels.shape
    assert straight.metadata.dpi is not None
    across = degrees in (90, 270)
    assert turned.metadata.dpi == straight.metadata.dpi[:: -1 if across else 1]


def test_what_is_turned_by_no_quarter_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="turn must be one of 0, 90, 180, 270 degrees, not 45"):
        read(saved(noise(5, 7), "PNG"), turn=45)


def test_arrays_and_opacity_are_turned() -> None:
    photo = read(np.dstack([noise(5, 7)] * 3 + [noise(5, 7)]), turn=90)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.rot90(noise(5, 7), -1))


def _files(orientation: int) -> dict[str, tuple[bytes, np.ndarray]]:
    stored, gentle = noise(5, 7), smooth(1, 24, 40)[..., 0]
    jpeg = saved(gentle, "JPEG", exif=exif(orientation))
    webp = saved(np.dstack([stored] * 3), "WEBP", lossless=True, exif=exif(orientation))
    return {
        "png": (saved(stored, "PNG", exif=exif(orientation)), stored),
        "png16": (
            with_chunks(png(stored.astype(np.uint16) * 257), chunk(b"eXIf", exif(orientation)[6:])),
            stored.astype(np.uint16) * 257,
        ),
        "tiff": (tiff(stored, extratags=[(274, 3, 1, orientation, True)]), stored),
        "jpeg": (jpeg, np.asarray(Image.open(io.BytesIO(jpeg)))),
        "webp": (webp, stored),
    }


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("kind", ["png", "png16", "tiff", "jpeg", "webp"])
def test_all_eight_in_files(kind: str, orientation: int) -> None:
    data, stored = _files(orientation)[kind]
    photo = read(data)
    assert np.array_equal(photo.pixels, upright(stored, orientation))
    # Once written and read again it stays as it is: the tag is gone.
    again = io.BytesIO()
    write(photo, again, format="png")
    assert np.array_equal(read(again.getvalue()).pixels, photo.pixels)


@pytest.mark.parametrize("orientation", ALL)
def test_avif(orientation: int) -> None:
    stored = smooth(1, 32, 48)[..., 0]
    data = saved(stored, "AVIF", quality=100, exif=exif(orientation))
    pixels = read(data).pixels
    assert pixels.shape == upright(stored, orientation).shape
    values = pixels / np.iinfo(pixels.dtype).max * 255.0
    assert np.abs(values - upright(stored, orientation)).mean() < 3


def test_heic_is_not_turned_twice() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    image = Image.fromarray(smooth(3, 32, 48))
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif(6))
    expected = np.asarray(image.rotate(-90, expand=True).convert("L"), np.float64)
    photo = read(buffer.getvalue())
    assert (photo.height, photo.width) == expected.shape
    # Right way up it is close to the picture; turned once more or mirrored it would not be.
    assert np.abs(photo.pixels / 257 - expected).mean() < 12
    assert np.abs(photo.pixels[::-1] / 257 - expected).mean() > 20


def test_alpha_and_resolution_turn_along() -> None:
    rgba = noise(5, 7, 4)
    data = saved(rgba, "PNG", exif=exif(6), dpi=(300, 150))
    photo = read(data)
    assert same(photo.alpha, upright(rgba[..., 3], 6))
    assert photo.metadata.dpi == pytest.approx((150, 300), rel=1e-3)


@pytest.mark.parametrize("beside", [[], [chunk(b"eXIf", exif(1)[6:])]])
def test_that_of_xmp_does_not_count(beside: list[bytes]) -> None:
    """As in browsers and viewers; and no result says it."""
    stored = noise(5, 7)
    packet = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp('tiff:Orientation="6"'))
    photo = read(with_chunks(png(stored), *beside, packet))
    assert np.array_equal(photo.pixels, stored)
    assert b"Orientation" not in (photo.metadata.xmp or b"")


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_nonsense_is_ignored(value: int) -> None:
    stored = noise(5, 7)
    data = tiff(stored, extratags=[(274, 3, 1, value, True)])
    assert np.array_equal(read(data).pixels, stored)
