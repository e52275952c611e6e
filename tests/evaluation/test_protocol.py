from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorizer.errors import CorruptImage, ImageTooLarge, UnsupportedImage
from colorizer.evaluation import metrics, protocol, sources
from colorizer.evaluation.protocol import Protocol, grey_photo, grey_result, to_8bit

from .conftest import encode, paint


def test_a_picture_of_the_right_size_is_taken_pixel_by_pixel() -> None:
    rgb = paint(0, 48, 64)
    truth = Protocol(48, 32).truth(encode(rgb))
    np.testing.assert_array_equal(truth, rgb[8:40, 16:48])
    assert truth.dtype == np.uint8


@pytest.mark.parametrize(("height", "width"), [(90, 60), (60, 91), (20, 33), (64, 64)])
def test_other_sizes_are_resized_to_the_short_side(height: int, width: int) -> None:
    rgb = paint(1, height, width)
    size = (round(width * 48 / min(height, width)), round(height * 48 / min(height, width)))
    expected = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
    top, left = (expected.shape[0] - 48) // 2, (expected.shape[1] - 48) // 2
    truth = Protocol(48, 48).truth(encode(rgb))
    np.testing.assert_array_equal(truth, expected[top : top + 48, left : left + 48])


def test_orientation_is_applied() -> None:
    rgb = paint(2, 48, 48)
    exif = Image.Exif()
    exif[0x0112] = 6  # the picture must be turned a quarter clockwise
    truth = Protocol(48, 48).truth(encode(rgb, exif=exif))
    np.testing.assert_array_equal(truth, np.rot90(rgb, -1))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1"])
def test_all_kinds_of_8_bit_pictures_become_rgb(mode: str) -> None:
    image = Image.fromarray(paint(3, 48, 48)).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    truth = Protocol(48, 48).truth(buffer.getvalue())
    np.testing.assert_array_equal(truth, np.asarray(image.convert("RGB")))


def test_unusable_bytes_raise_typed_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    good = encode(paint(4), "JPEG")
    deep = io.BytesIO()
    Image.fromarray(np.zeros((48, 48), np.uint16)).save(deep, "PNG")
    prepare = Protocol(48, 48).truth
    with pytest.raises(UnsupportedImage):
        prepare(b"this is a letter, not a picture")
    with pytest.raises(UnsupportedImage):
        prepare(b"")
    with pytest.raises(UnsupportedImage):
        prepare(deep.getvalue())
    with pytest.raises(CorruptImage):
        prepare(good[: len(good) // 2])
    monkeypatch.setattr(protocol, "MAX_PIXELS", 48 * 64 - 1)
    with pytest.raises(ImageTooLarge):
        prepare(good)


def test_a_long_thin_picture_is_not_blown_up() -> None:
    with pytest.raises(ImageTooLarge):
        Protocol(256, 256).truth(encode(np.zeros((1, 4000, 3), np.uint8)))


@pytest.mark.parametrize(("short_side", "crop"), [(256, 257), (256, 10), (5, 5)])
def test_impossible_crops_are_refused(short_side: int, crop: int) -> None:
    with pytest.raises(ValueError):
        Protocol(short_side, crop)


def test_the_input_has_the_lightness_of_the_truth() -> None:
    rgb = paint(5)
    photo = grey_photo(rgb)
    assert photo.pixels.dtype == np.uint16
    assert photo.bit_depth == 8
    np.testing.assert_allclose(photo.lightness(), metrics.to_lab(rgb)[..., 0], atol=0.02)


def test_a_degraded_input_is_old_and_repeats() -> None:
    rgb = paint(7)
    old = Protocol(48, 48, degrade=1.0)
    clean = grey_photo(rgb)
    first = old.input(rgb, 3)
    assert first.pixels.dtype == np.uint16
    assert (first.pixels.shape, first.bit_depth) == (clean.pixels.shape, clean.bit_depth)
    np.testing.assert_array_equal(first.pixels, old.input(rgb, 3).pixels)
    assert (first.pixels != old.input(rgb, 4).pixels).any()
    damage = [
        np.abs(Protocol(48, 48, strength).input(rgb, 3).lightness() - clean.lightness()).mean()
        for strength in (0.0, 0.2, 1.0)
    ]
    assert damage[0] == 0.0
    assert 0.02 < damage[1] < damage[2]


def test_the_description_tells_of_the_degradation() -> None:
    assert Protocol().describe()["degrade"] == "none"
    assert "0.5" in Protocol(degrade=0.5).describe()["degrade"]
    for strength in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Protocol(degrade=strength)


def test_the_grey_result_is_the_input_without_colours() -> None:
    rgb = paint(6)
    grey = grey_result(grey_photo(rgb).pixels)
    lab = metrics.to_lab(grey)
    np.testing.assert_allclose(lab[..., 1:], 0, atol=0.02)
    np.testing.assert_allclose(lab[..., 0], metrics.to_lab(rgb)[..., 0], atol=0.5)


def test_a_truth_without_colours_is_met_exactly() -> None:
    rgb = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=-1)
    np.testing.assert_array_equal(grey_result(grey_photo(rgb).pixels), rgb)


def test_rounding_to_8_bits() -> None:
    levels = np.arange(256, dtype=np.uint16) * 257
    for offset in (-128, 0, 128):
        moved = (levels.astype(int) + offset).clip(0, 65535).astype(np.uint16)
        np.testing.assert_array_equal(to_8bit(moved), np.arange(256))
    with pytest.raises(TypeError):
        to_8bit(np.zeros(3, np.float32))


def test_the_description_tells_the_sizes() -> None:
    text = Protocol(128, 96).describe()
    assert text["short_side"] == 128
    assert "96x96" in text["crop"]


def test_the_grey_baseline_on_the_test_photographs(shared: Path) -> None:
    """The baseline that all our reports are to be read against: 21.65 dB on 419 photographs."""
    shard = shared / "data" / "photos" / "test-000.tar"
    if not shard.exists():
        pytest.skip("the test photographs are not here")
    prepare, values, colorfulness = Protocol().truth, [], []
    for candidate in sources.candidates([shard]):
        assert candidate.problem is None
        truth = prepare(candidate.data)
        values.append(metrics.psnr(truth, grey_result(grey_photo(truth).pixels)))
        colorfulness.append(metrics.colorfulness(truth))
    assert len(values) == 419
    assert np.mean(values) == pytest.approx(21.65, abs=0.01)
    assert np.mean(colorfulness) == pytest.approx(44.8, abs=0.05)
