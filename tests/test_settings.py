"""The parameters, each defined once."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer.errors import ColorizerError, InvalidSetting
from colorizer.settings import PARAMETERS, PRESETS, Parameter, Preset, Settings, parse_assignments

NUMBERS = [p for p in PARAMETERS.values() if p.kind != "choice"]


def value_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.kind == "choice":
        names = st.text(st.characters(codec="utf-8", exclude_characters=",="), min_size=1)
        return st.sampled_from(parameter.choices) if parameter.choices else names.map(str.strip)
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    if parameter.kind == "int":
        return st.integers(int(parameter.minimum), int(parameter.maximum))
    return st.floats(parameter.minimum, parameter.maximum)


any_values = st.fixed_dictionaries(
    {}, optional={p.name: value_of(p).filter(bool) for p in PARAMETERS.values()}
)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))
def test_a_parameter_explains_itself_and_accepts_its_default(parameter: Parameter) -> None:
    assert parameter.label[0].isupper()
    assert parameter.help[0].isupper()
    assert parameter.help.endswith(".")
    assert parameter.stage in ("predict", "render")
    default = parameter.parse(parameter.default)
    assert default == parameter.default
    assert type(default) is type(parameter.default)


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda p: p.name)
def test_a_number_has_a_range_with_a_step_inside_it(parameter: Parameter) -> None:
    low, high, step = parameter.minimum, parameter.maximum, parameter.step
    assert low is not None
    assert high is not None
    assert step is not None
    assert low < high
    assert 0 < step <= (high - low) / 2
    # a slider that goes in steps from the minimum reaches the default
    steps = (parameter.default - low) / step
    assert steps == pytest.approx(round(steps), abs=1e-6)


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda p: p.name)
def test_the_ends_of_a_range_belong_to_it_and_nothing_beyond(parameter: Parameter) -> None:
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    for end in (parameter.minimum, parameter.maximum):
        assert parameter.parse(end) == end
    margin = 1 if parameter.kind == "int" else 1e-6
    for beyond in (parameter.minimum - margin, parameter.maximum + margin):
        with pytest.raises(InvalidSetting, match=f"{parameter.name} must be between"):
            parameter.parse(beyond)


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda p: p.name)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, "nan", "-inf", "", "much", None, True, [1], "1,0"], ids=repr
)
def test_what_is_not_a_finite_number_is_refused(parameter: Parameter, value: Any) -> None:
    with pytest.raises(InvalidSetting, match=f"{parameter.name} must be a"):
        parameter.parse(value)


def test_an_int_must_be_whole() -> None:
    assert PARAMETERS["working_size"].parse("256.0") == 256
    assert type(PARAMETERS["working_size"].parse(256.0)) is int
    with pytest.raises(InvalidSetting, match="whole number"):
        PARAMETERS["working_size"].parse(256.5)


def test_a_choice_must_be_one_of_its_choices() -> None:
    parameter = Parameter("mode", "choice", "a", "Mode", "Help.", "render", choices=("a", "b"))
    assert parameter.parse("b") == "b"
    with pytest.raises(InvalidSetting, match="one of a, b, not 'c'"):
        parameter.parse("c")
    with pytest.raises(InvalidSetting, match="must not be empty"):
        PARAMETERS["model"].parse("")


def test_the_fields_of_settings_are_the_parameters() -> None:
    assert [f.name for f in fields(Settings)] == list(PARAMETERS)
    assert Settings().as_dict() == {p.name: p.default for p in PARAMETERS.values()}
    assert Settings().changes() == {}


@given(any_values)
def test_settings_survive_text_and_json(values: dict[str, Any]) -> None:
    settings = Settings.from_mapping(values)
    assert settings.as_dict() == Settings().as_dict() | values
    assert Settings.from_mapping({name: str(value) for name, value in values.items()}) == settings
    assert Settings.from_mapping(json.loads(json.dumps(settings.as_dict()))) == settings
    assert Settings.from_mapping(settings.changes()) == settings


@given(any_values)
def test_settings_survive_an_assignment(values: dict[str, Any]) -> None:
    text = ",".join(f"{name}={value}" for name, value in values.items())
    parsed = parse_assignments(text) if values else {}
    assert Settings.from_mapping(parsed) == Settings(**values)


@given(any_values, any_values)
def test_changes_apply_one_after_the_other(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert Settings(**one).with_changes(two) == Settings(**(one | two))


def test_values_are_checked_on_construction() -> None:
    with pytest.raises(InvalidSetting, match="saturation"):
        Settings(saturation=2.1)
    with pytest.raises(InvalidSetting, match="between 128 and 1024 px"):
        Settings(working_size=64)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match=r"'contrast'.*known are model, working_size"):
        Settings.from_mapping({"contrast": 1})


@pytest.mark.parametrize("text", ["temperature", "temperature=", "=1", "a=1,,b=2", ""])
def test_an_assignment_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(InvalidSetting, match="name=value"):
        parse_assignments(text)


def test_assignments_may_be_a_list_with_blanks() -> None:
    assert parse_assignments([" tint = 1 ", "model=a=b"]) == {"tint": "1", "model": "a=b"}


def test_an_invalid_setting_is_both_ours_and_a_value_error() -> None:
    assert issubclass(InvalidSetting, ColorizerError)
    assert issubclass(InvalidSetting, ValueError)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_is_what_sliders_can_show(preset: Preset) -> None:
    assert preset.label[0].isupper()
    assert preset.help.endswith(".")
    settings = Settings.preset(preset.name)
    assert settings.changes() == preset.changes  # nothing that is the default anyway
    for name, value in preset.changes.items():
        parameter = PARAMETERS[name]
        assert parameter.stage == "render"
        assert parameter.minimum is not None
        assert parameter.step is not None
        steps = (value - parameter.minimum) / parameter.step
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_the_presets_are_these() -> None:
    assert list(PRESETS) == ["natural", "vivid", "muted", "hand-tinted"]
    assert Settings.preset("natural") == Settings()
    with pytest.raises(InvalidSetting, match="one of natural, vivid"):
        Settings.preset("sepia")
