"""Hints and references: what may be said, and how it is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer import Guidance, Hint, Photo, Reference, Settings
from colorizer.color.bins import nearest_bin
from colorizer.errors import InvalidGuidance, InvalidSetting
from colorizer.guidance import MOST_HINTS, Words

PALETTE = (1 / 313,) * 313


@pytest.mark.parametrize(
    ("colour", "ab"),
    [
        ("#1f3a5f", (3.0, -25.0)),
        ("#fff", (0.0, 0.0)),
        ("Navy", (47.5, -64.7)),
        ("keep grey", (0.0, 0.0)),
        ("keep-grey", (0.0, 0.0)),
        ((12, -3), (12.0, -3.0)),
        ([12, -3], (12.0, -3.0)),
    ],
)
def test_colours(colour: Any, ab: tuple[float, float]) -> None:
    assert Hint(0.1, 0.2, colour).ab == pytest.approx(ab, abs=0.5)


def test_only_colours_of_a_screen_have_a_lightness() -> None:
    assert Hint(0, 0, "white").lightness == pytest.approx(100, abs=0.01)
    assert Hint(0, 0, "navy").lightness == pytest.approx(13, abs=0.1)
    assert Hint(0, 0, (1, 2)).lightness is None
    assert Hint(0, 0, "keep grey").lightness is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": -0.01},
        {"y": 1.01},
        {"x": float("nan")},
        {"x": True},
        {"x": "left"},
        {"x": None},
        {"reach": 0},
        {"reach": 5},
        {"colour": "blurple"},
        {"colour": ""},
        {"colour": "#12"},
        {"colour": "rgb(300, 0, 0)"},
        {"colour": "hsv(400, 1000%, 500%)"},
        {"colour": (200, 0)},
        {"colour": (1, 2, 3)},
        {"colour": None},
        {"colour": 7},
        {"colour": "x" * 10_000},
    ],
)
def test_what_is_no_hint_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuidance) as caught:
        replace(Hint(0.5, 0.5, "red"), **wrong)
    assert len(str(caught.value)) < 200
    assert str(caught.value).endswith(".")
    assert isinstance(caught.value, InvalidSetting)


@pytest.mark.parametrize(
    "hint",
    [Hint(0.25, 0.5, "#1f3a5f"), Hint(0, 1, "keep grey", 0.5), Hint(0.123456, 0.2, (10.5, -20))],
)
def test_a_short_form_is_read_back(hint: Hint) -> None:
    assert Hint.parse(hint.text) == hint
    assert Hint.parse(f" {hint.text} ") == hint


@pytest.mark.parametrize(
    ("colour", "short"), [("rgb(200, 10, 10)", "#c80a0a"), ("hsl(120, 100%, 50%)", "#00ff00")]
)
def test_the_short_form_of_a_colour_with_commas(colour: str, short: str) -> None:
    hint = Hint(0.25, 0.5, colour, 2)
    assert hint.text == f"0.25,0.5,{short},2"
    again = Hint.parse(hint.text)
    assert (again.ab, again.lightness, again.reach) == (hint.ab, hint.lightness, 2)


@pytest.mark.parametrize("text", ["", "0.5", "0.5,0.5", "0.5,0.5,red,1,1", "a,b,red", "0,0,1:x"])
def test_what_is_no_short_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidGuidance):
        Hint.parse(text)


def test_json_is_read_back() -> None:
    guidance = Guidance(
        (Hint(0.1, 0.2, "#aabbcc"), Hint(0.3, 0.4, (1.5, -2), 2)), Reference(PALETTE, 0.5, "b.jpg")
    )
    assert Guidance.from_json(guidance.to_json()) == guidance
    assert Guidance.from_json(Guidance().to_json()) == Guidance()
    assert "palette" not in guidance.as_note()["reference"]
    assert guidance.as_dict()["reference"]["palette"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"version": 2}',
        '{"version": 1, "hint": []}',
        '{"version": 1, "hints": {}}',
        '{"version": 1, "hints": [1]}',
        '{"version": 1, "hints": [{"x": 1, "y": 1}]}',
        '{"version": 1, "hints": [{"x": 1, "y": 1, "colour": "red", "size": 3}]}',
        '{"version": 1, "reference": {"amount": 1}}',
        '{"version": 1, "reference": {"palette": [1, 2]}}',
        '{"version": 1, "reference": {"palette": ["a"]}}',
        "[" * 90_000,
        "x" * 1_000_000,
        json.dumps({"version": 1, "hints": [{"x": 0, "y": 0, "colour": "red"}] * 201}),
    ],
    ids=range(16),
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidGuidance) as caught:
        Guidance.from_json(text)
    assert len(str(caught.value)) < 200


def test_there_is_a_limit() -> None:
    hint = Hint(0, 0, "red")
    assert len(Guidance((hint,) * MOST_HINTS).hints) == 200
    with pytest.raises(InvalidGuidance, match="200"):
        Guidance((hint,) * (MOST_HINTS + 1))


def test_it_is_true_if_it_says_something() -> None:
    assert not Guidance()
    assert Guidance((Hint(0, 0, "red"),))
    assert Guidance(reference=Reference(PALETTE))


@pytest.mark.parametrize("wrong", [{"amount": 1.5}, {"amount": "x"}, {"palette": (1.0,)}])
def test_what_is_no_reference_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuidance):
        replace(Reference(PALETTE), **wrong)


def test_a_reference_has_the_palette_of_a_picture() -> None:
    red = Photo(np.full((40, 50, 3), (200, 30, 30), np.uint8))
    found = Reference.of(red, 0.5, "red.png")
    expected = nearest_bin(np.array([Hint(0, 0, "#c81e1e").ab], np.float32))
    assert int(np.argmax(found.palette)) == int(expected[0])
    assert (found.amount, found.name) == (0.5, "red.png")
    with pytest.raises(InvalidGuidance, match="no colours"):
        Reference.of(Photo(np.zeros((4, 4), np.uint8)))


def test_words_are_written_and_read() -> None:
    guidance = Guidance(words=Words("  a red\n coat ", 0.5))
    assert guidance
    assert guidance.as_dict()["words"] == {"text": "a red coat", "amount": 0.5}
    assert guidance.as_note() == guidance.as_dict()
    assert Guidance.from_json(guidance.to_json()) == guidance
    assert Guidance.from_dict({"version": 1, "words": {"text": "grass"}}).words == Words("grass")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"text": ""}, "empty"),
        ({"text": "x" * 1001}, "1000 characters"),
        ({"text": 7}, "are text"),
        ({"text": "coat", "amount": 3}, "between 0 and 2"),
        ({"text": "coat", "amount": "much"}, "must be a number"),
        ({"text": "coat", "tone": 1}, "cannot have"),
        ({"amount": 1}, "an object with a text"),
        ("coat", "an object with a text"),
    ],
)
def test_words_that_are_not_right(words: Any, message: str) -> None:
    with pytest.raises(InvalidGuidance, match=message):
        Guidance.from_dict({"version": 1, "words": words})


@pytest.mark.parametrize(
    "wrong",
    [
        {"hints": "ab"},
        {"hints": None},
        {"hints": ["red"]},
        {"words": "a red coat"},
        {"reference": "other.jpg"},
    ],
)
def test_other_types_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuidance):
        Guidance(**wrong)


@pytest.mark.parametrize("palette", [None, "a" * 313, 5])
def test_what_is_no_palette_is_refused(palette: Any) -> None:
    with pytest.raises(InvalidGuidance):
        Reference(palette)


@pytest.mark.parametrize("digits", [400, 5000])
def test_huge_numbers_are_refused(digits: int) -> None:
    huge = 10**digits
    with pytest.raises(InvalidGuidance):
        Hint(huge, 0.5, "red")
    with pytest.raises(InvalidSetting):
        Settings(saturation=huge)


def test_a_reference_is_taken_in_its_own_colours(tmp_path: Path) -> None:
    """The same colours in a wide space are written by smaller numbers."""
    from colorizer.photo import icc, read

    wide = icc.made_profile("rgb", 1.8, (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001))
    pixels = np.full((64, 64, 3), (120, 160, 90), np.uint8)
    seen = np.asarray(icc.to_srgb(pixels, wide, "rgb")) / 257
    Image.fromarray(pixels).save(tmp_path / "wide.png", icc_profile=wide)
    Image.fromarray(seen.round().astype(np.uint8)).save(tmp_path / "plain.png")
    palettes = [
        np.array(Reference.of(read(tmp_path / name, colours=True)).palette)
        for name in ("wide.png", "plain.png")
    ]
    assert np.abs(palettes[0] - palettes[1]).sum() < 0.1
