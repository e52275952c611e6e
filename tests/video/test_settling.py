"""What key frames make of each other's colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from colorizer import Photo, Settings
from colorizer.color.hues import CLASSES, HUES
from colorizer.color.second_look import OUTPUTS
from colorizer.decoding import colours
from colorizer.video.flow import Way
from colorizer.video.settling import MOST_GAIN, restoring_gain, settled
from colorizer.video.stack import Stack

from .clips import KnowingColorizer, shapes


def test_chroma_that_averages_lose_is_given_back_and_wavering_is_not() -> None:
    draw = np.random.default_rng(1)
    true = np.broadcast_to(np.array([[[12]], [[-9]]], np.float32), (2, 50, 60))
    assert restoring_gain(true * np.float32(0.9), true) == pytest.approx(1 / 0.9)
    wavering = true + draw.normal(0, 12, true.shape).astype(np.float32)
    assert np.hypot(*wavering).mean() > 1.2 * np.hypot(*true).mean()
    assert restoring_gain(true, wavering) == pytest.approx(1, abs=0.03)
    assert restoring_gain(true * np.float32(0.1), true) == MOST_GAIN
    assert restoring_gain(true * 2, true) == 1
    assert restoring_gain(np.zeros_like(true), true) == 1


def test_of_a_long_shot_the_first_part_decides_but_for_the_cast() -> None:
    model = KnowingColorizer()
    picture = shapes(0)
    first, later = (model.predict(Photo(pixels)) for pixels in (picture, 255 - picture))
    settings = Settings(cast_removal=1.0)
    _, known = settled([first], [], settings)
    way = Way(np.zeros((36, 60, 2), np.float32), np.zeros((36, 60), np.float32))
    _, after = settled([first, later], [(way, way)], settings, before=known)
    earlier, now = known.decision, after.decision
    assert now.palette is earlier.palette
    assert (now.gain, now.more is earlier.more) == (earlier.gain, True)
    assert np.hypot(*np.subtract(now.drift, earlier.drift)) > 0.1
    _, again = settled([first], [], settings, before=known)
    assert again.decision.drift == pytest.approx(earlier.drift, abs=1e-4)


def test_what_looks_alike_in_a_key_frame_gets_one_colour() -> None:
    height, width = 16, 24
    planes = np.zeros((height, width, 2 * HUES + 3 + CLASSES + OUTPUTS), np.float32)
    planes[:, :12, HUES] = 6  # b* of the first hue: a tint on the left half of a grey wall
    planes[..., 2 * HUES + 1] = 400
    planes[..., 2 * HUES + 2] = 1
    grey = np.full((height, width), 50, np.float32)
    alike = np.zeros((3, height // 2, width // 2), np.int8)
    plain = Stack(planes, grey, np.linspace(1, 2, 313, dtype=np.float32))
    seen = replace(plain, features=alike)
    assert plain.likeness is None
    drifting, even = (colours(of, of.folded, Settings())[1].mean(axis=0) for of in (plain, seen))
    assert drifting[2] - drifting[-3] > 3
    assert even[2] - even[-3] < 0.5 * (drifting[2] - drifting[-3])
