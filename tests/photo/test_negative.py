"""A negative becomes a positive: exactly, whatever the file, and back again."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from colorizer.photo import Provenance, provenance_of, read, write

from .pictures import noise, saved, tiff


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_grey_value_becomes_white_less_itself(dtype: type) -> None:
    samples = noise(5, 7, dtype=dtype)
    photo = read(tiff(samples), negative=True)
    assert photo.pixels.dtype == dtype
    assert np.array_equal(photo.pixels, np.iinfo(dtype).max - samples)
    assert np.array_equal(read(photo.pixels, negative=True).pixels, samples)


def test_opacity_stays() -> None:
    layers = [noise(5, 7)] * 3 + [noise(5, 7, 2)[..., 1]]
    straight, positive = (read(np.dstack(layers), negative=n) for n in (False, True))
    assert straight.alpha is not None
    assert positive.alpha is not None
    assert np.array_equal(positive.alpha, straight.alpha)


def test_a_colour_file_is_a_negative_in_grey_and_in_its_own_colours() -> None:
    samples = noise(24, 32, 3)
    file = saved(samples, "PNG")
    grey, positive = read(file), read(file, negative=True)
    assert np.array_equal(positive.pixels, 65535 - grey.pixels)
    assert positive.was_colour == grey.was_colour
    assert np.array_equal(read(file, negative=True, colours=True).pixels, 255 - samples)


def test_the_note_says_how_the_scan_was_read() -> None:
    usual, unusual = read(noise(5, 7)), read(noise(5, 7), negative=True)
    for photo, expected in ((usual, {}), (unusual, {"read": {"negative": True}})):
        file = io.BytesIO()
        write(photo, file, format="png", provenance=Provenance("model", "0" * 64))
        note = provenance_of(file.getvalue())
        assert note is not None
        assert note.settings == expected
    said: dict[str, Any] = {
        "page": np.int64(2),
        "turn": np.int64(90),
        "salvage": True,
        "whole": True,
    }
    pages = tiff(noise(2, 50, 70), photometric="minisblack")
    photo = read(pages, **said)
    assert photo.read_options == {"page": 2, "turn": 90, "salvage": True, "whole": True}
    write(photo, file := io.BytesIO(), format="tiff", provenance=Provenance("model", "0" * 64))
    assert provenance_of(file.getvalue()).settings["read"] == photo.read_options  # type: ignore[union-attr]


def test_it_goes_together_with_a_turn_and_a_mount() -> None:
    card = np.full((200, 260), 10, np.uint8)
    card[40:160, 30:230] = np.random.default_rng(3).integers(65, 235, (120, 200))
    positive = read(card, negative=True, turn=90)
    assert np.array_equal(positive.pixels, np.rot90(255 - card, -1))
    assert positive.picture is not None
    assert positive.picture == read(np.rot90(255 - card, -1)).picture
