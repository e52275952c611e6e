"""What may be given to ``read`` and ``probe``, and what is refused."""

from __future__ import annotations

import io
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from colorizer.errors import (
    CorruptImage,
    ImageError,
    ImageTooLarge,
    InvalidSetting,
    UnsuitableInput,
)
from colorizer.photo import UnreadableFile, memory, probe, read

from .pictures import exif, noise, png, reference_grey, same, saved, smooth


@pytest.mark.parametrize("form", [str, Path, bytes, bytearray, memoryview, io.BytesIO, open, "pil"])
def test_every_form_of_a_file_gives_the_same(tmp_path: Path, form: Any) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(noise()))
    source: Any = path.read_bytes()
    if form in (str, Path):
        source = form(path)
    elif form is open:
        source = path.open("rb")
    elif form == "pil":
        source = Image.open(path)
    elif form is not bytes:
        source = form(source)
    photo = read(source)
    assert same(photo.pixels, noise())
    assert photo.metadata.source_format == "PNG"
    if hasattr(source, "close"):
        source.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
def test_grey_arrays_are_kept_exactly(dtype: Any) -> None:
    values = noise(dtype=np.dtype(dtype).newbyteorder("=").type)
    photo = read(values.astype(dtype))
    assert same(photo.pixels, values)
    assert photo.pixels.dtype == values.dtype
    assert photo.bit_depth == values.dtype.itemsize * 8
    assert (probe(values).width, probe(values).height) == (photo.width, photo.height)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_are_0_to_1(dtype: Any) -> None:
    values = np.linspace(0, 1, 12).reshape(3, 4).astype(dtype)
    photo = read(values)
    assert photo.bit_depth == 16
    np.testing.assert_allclose(photo.pixels / 65535, values.astype(float), atol=1e-5)
    nearly = values.astype(np.float64)
    nearly[0, 0], nearly[-1, -1] = -1e-6, 1 + 1e-6
    assert same(read(nearly).pixels, read(np.clip(nearly, 0, 1)).pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colour_arrays_give_their_luminance_and_alpha(dtype: Any) -> None:
    rgba = noise(12, 17, 4, dtype=dtype)
    photo = read(rgba)
    assert photo.was_colour
    assert same(photo.alpha, rgba[..., 3])
    np.testing.assert_allclose(photo.pixels / 65535, reference_grey(rgba[..., :3]), atol=2e-4)
    assert same(read(rgba[..., :3]).pixels, photo.pixels)


def test_an_array_is_copied() -> None:
    array = noise()
    photo = read(array)
    array[:] = 0
    assert same(photo.pixels, noise())
    turned = noise(17, 12).T[::-1]  # neither contiguous nor in order
    assert same(read(turned).pixels, turned)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (noise().astype(np.int32), "uint8, uint16, or float in 0..1"),
        (noise() > 5, "An array of bool is no photograph"),
        (noise(3, 4, 2), r"shape \(3, 4, 2\)"),
        (noise(3, 4, 5), r"shape \(3, 4, 5\)"),
        (noise(2, 3, 4, 3), "shape"),
        (noise(7), "shape"),
        (noise().astype(np.float32), "between 0 .black. and 1 .white."),
        (np.full((2, 2), np.nan), "between 0"),
        (np.full((2, 2), -0.5), "between 0"),
        ([[1, 2], [3, 4]], "type list cannot be read"),
        (None, "type NoneType cannot be read"),
        (7, "type int cannot be read"),
        (io.StringIO("text"), "open it as binary"),
        (Image.new("LAB", (2, 2)), "mode LAB"),
    ],
)
def test_anything_else_is_a_type_error_that_says_what_is_taken(source: Any, message: str) -> None:
    for function in (read, probe):
        with pytest.raises(UnsuitableInput, match=message):
            function(source)
    assert issubclass(UnsuitableInput, TypeError)
    assert issubclass(UnsuitableInput, ImageError)


def test_limits_hold_for_arrays_too() -> None:
    with pytest.raises(ImageTooLarge, match="17 x 12"):
        read(noise(), max_pixels=100)
    with pytest.raises(CorruptImage):
        read(np.empty((0, 4), np.uint8))


def test_a_picture_of_pillow_brings_its_metadata() -> None:
    data = saved(noise(8, 16), "jpeg", exif=exif(6, t270="A street"), dpi=(300, 300))
    with Image.open(io.BytesIO(data)) as image:
        photo = read(image)
    expected = read(data)
    assert (photo.width, photo.height) == (8, 16)
    assert same(photo.pixels, expected.pixels)
    assert photo.metadata == expected.metadata


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_modes_of_pillow(mode: str) -> None:
    image = Image.fromarray(smooth()).convert(mode)
    photo = read(image)
    shown = np.asarray(image.convert("L"), np.float64)
    assert (photo.alpha is not None) is (mode in ("LA", "RGBA"))
    scale = np.iinfo(photo.pixels.dtype).max / 255
    # Pillow's grey is that of television, ours that of CIE Y
    assert np.corrcoef(photo.pixels.ravel() / scale, shown.ravel())[0, 1] > 0.85


def test_deep_modes_of_pillow() -> None:
    deep = noise(dtype=np.uint16)
    assert same(read(Image.fromarray(deep)).pixels, deep)
    assert same(read(Image.fromarray(deep.astype(np.int32))).pixels, deep)
    floats = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    assert same(read(Image.fromarray(floats)).pixels, read(floats).pixels)
    for wrong in (deep.astype(np.int32) + 65536, floats * 255):
        with pytest.raises(TypeError):
            read(Image.fromarray(wrong))


def test_a_damaged_picture_of_pillow_is_damaged() -> None:
    data = saved(noise(64, 64), "png")
    with Image.open(io.BytesIO(data[:-200])) as image, pytest.raises(CorruptImage):
        read(image)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "scan.png"
    os.mkfifo(pipe)
    errors: list[Exception] = []

    def attempt() -> None:
        for function in (read, probe):
            try:
                function(pipe)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert [type(error) for error in errors] == [UnreadableFile] * 2
    assert "is a pipe" in str(errors[0])
    with pytest.raises(UnreadableFile, match="is a device"):
        read("/dev/zero")


def own_colours(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def test_colours_can_be_kept() -> None:
    picture = smooth()
    photo = read(png(picture), colours=True)
    assert same(photo.pixels, picture)
    assert photo.icc is None
    assert not read(png(picture[..., 0]), colours=True).was_colour
    assert read(png(picture[..., 0]), colours=True).is_grey
    jpeg = saved(picture, "jpeg", exif=exif(6))
    assert same(read(jpeg, colours=True).pixels, np.rot90(own_colours(jpeg), -1))


@pytest.mark.parametrize("source", [noise(), Image.fromarray(noise())], ids=["array", "pillow"])
def test_what_is_in_memory_has_one_page(source: Any) -> None:
    assert read(source, page=1).pages == 1
    for function in (read, probe):
        with pytest.raises(InvalidSetting, match="The picture has 1 page; there is no page 2"):
            function(source, page=2)


def test_an_array_that_is_too_large_is_refused_before_it_is_copied() -> None:
    huge = np.broadcast_to(np.uint8(7), (20_000, 20_000))
    tracemalloc.start()
    try:
        for look in (read, probe):
            with pytest.raises(ImageTooLarge):
                look(huge)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_pillow_may_be_loading_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = ModuleType("PIL.Image")  # as others see it until it is through
    monkeypatch.setitem(sys.modules, "PIL.Image", loading)
    assert memory.opened(png(noise())) is None


def test_multiplied_grey_of_pillow() -> None:
    image = Image.new("LA", (6, 4), (100, 128))
    multiplied = image.convert("La")
    one, other = read(multiplied), read(multiplied.convert("LA"))
    assert same(one.pixels, other.pixels)
    assert same(one.alpha, other.alpha)


def test_what_was_given_by_mistake_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No file was named"):
        read("")
    path = tmp_path / "a.png"
    path.write_bytes(png(noise()))
    with path.open("rb") as file:
        pass
    with pytest.raises(UnreadableFile, match=r"a\.png has been closed"):
        read(file)
    page: Any = "1"
    with pytest.raises(InvalidSetting, match="page must be a whole number, not '1'"):
        read(path, page=page)
    page = np.int64(1)
    assert read(path, page=page).width == 17
    pixels: Any = None
    for given in (path, noise()):
        with pytest.raises(InvalidSetting, match="max_pixels must be a number, not None"):
            read(given, max_pixels=pixels)
