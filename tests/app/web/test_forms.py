"""What the settings form shows, and what is read from a query."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from app.storage.wishes import Output
from app.web import forms
from colorizer.errors import InvalidSetting
from colorizer.settings import PARAMETERS, PRESETS, Settings


def test_every_parameter_is_shown_once() -> None:
    groups = forms.controls(Settings(), ["a", "b"])
    shown = [control.parameter.name for group in groups.values() for control in group]
    assert sorted(shown) == sorted(PARAMETERS)
    assert {control.parameter.stage for control in groups["Advanced"]} == {"predict"}
    assert next(c for c in groups["Advanced"] if c.parameter.name == "model").choices == ("a", "b")


def test_a_reset_link_drops_one_change_and_keeps_the_others() -> None:
    groups = forms.controls(Settings(warmth=-12, tint=3), ["a"])
    warmth = next(c for c in groups["Colour"] if c.parameter.name == "warmth")
    assert warmth.changed
    assert warmth.text == "12 cooler"
    assert warmth.without == {"tint": "3"}


def test_one_model_is_no_choice() -> None:
    shown = [control.parameter.name for control in forms.controls(Settings(), ["a"])["Advanced"]]
    assert shown == ["working_size"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("temperature", 0.3, "70 %"),
        ("saturation", 1.25, "125 %"),
        ("strength", 0, "0 %"),
        ("warmth", 0, "neutral"),
        ("warmth", 12.5, "12.5 warmer"),
        ("tint", 6, "6 pinker"),
        ("tint", -6, "6 greener"),
        ("working_size", 512, "512 px"),
    ],
)
def test_values_are_said_as_people_say_them(name: str, value: float, text: str) -> None:
    groups = forms.controls(Settings().with_changes({name: value}), ["a"])
    found = next(c for group in groups.values() for c in group if c.parameter.name == name)
    assert found.text == text


def test_presets_keep_what_the_network_saw_and_know_which_is_in_force() -> None:
    links = {link.name: link for link in forms.presets(Settings(working_size=512))}
    assert set(links) == set(PRESETS)
    assert links["natural"].active
    assert not links["vivid"].active
    assert links["vivid"].changes == {
        "working_size": "512",
        **{name: f"{value:g}" for name, value in PRESETS["vivid"].changes.items()},
    }


def test_settings_of_a_query() -> None:
    query = MultiDict([("warmth", "4"), ("tint", ""), ("format", "jpeg"), ("from", "elsewhere")])
    assert forms.settings_from(query) == Settings(warmth=4)


@pytest.mark.parametrize("value", ["hot", "31", "nan"])
def test_impossible_settings_are_refused(value: str) -> None:
    with pytest.raises(InvalidSetting):
        forms.settings_from(MultiDict([("warmth", value)]))


def test_output_of_a_query() -> None:
    query = MultiDict(
        [
            ("format", "jpeg"),
            ("quality", "80"),
            ("bit_depth", ""),
            ("provenance", "0"),
            ("side_by_side", "0"),
            ("side_by_side", "1"),
        ]
    )
    assert forms.output_from(query) == Output("jpeg", 80, None, False, True)
    assert forms.output_from(MultiDict(), "tiff") == Output("tiff")


@pytest.mark.parametrize(
    "query", [{"format": "bmp"}, {"quality": "good"}, {"quality": "101"}, {"bit_depth": "12"}]
)
def test_impossible_outputs_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting):
        forms.output_from(MultiDict(query))


@pytest.mark.parametrize(
    ("source", "offered"), [("JPEG", "jpeg"), ("TIFF", "tiff"), ("WebP", "webp"), ("HEIC", "png")]
)
def test_a_result_is_offered_in_the_format_of_its_scan(source: str, offered: str) -> None:
    assert forms.likely_format(source) == offered
