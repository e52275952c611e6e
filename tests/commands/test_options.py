"""Options that are derived from the parameters."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from colorizer.commands.options import flag_of, setting_options
from colorizer.settings import PARAMETERS, PRESETS, Settings


@click.command()
@setting_options
def show(**values: Any) -> None:
    click.echo(repr(Settings(**values)))


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))
def test_every_parameter_is_an_option_with_its_default_and_range(parameter: Any) -> None:
    (option,) = [p for p in show.params if p.name == parameter.name]
    assert isinstance(option, click.Option)
    assert option.opts == [flag_of(parameter.name)]
    assert option.default == parameter.default
    assert parameter.help in (option.help or "")
    if parameter.kind != "choice":
        assert isinstance(option.type, click.IntRange | click.FloatRange)
        assert (option.type.min, option.type.max) == (parameter.minimum, parameter.maximum)


def test_without_options_the_settings_are_the_defaults() -> None:
    assert CliRunner().invoke(show).stdout == f"{Settings()!r}\n"


def test_values_arrive_as_their_type() -> None:
    arguments = ["--working-size", "512", "--warmth", "-3", "--model", "mine"]
    expected = Settings(working_size=512, warmth=-3.0, model="mine")
    assert CliRunner().invoke(show, arguments).stdout == f"{expected!r}\n"


@pytest.mark.parametrize(
    "arguments", [["--saturation", "2.5"], ["--working-size", "256.5"], ["--tint", "red"]]
)
def test_values_outside_the_range_are_misuse(arguments: list[str]) -> None:
    result = CliRunner().invoke(show, arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_changes_the_defaults(name: str) -> None:
    assert CliRunner().invoke(show, ["--preset", name]).stdout == f"{Settings.preset(name)!r}\n"


@pytest.mark.parametrize("order", [1, -1])
def test_an_option_wins_over_the_preset(order: int) -> None:
    """Also if its value is the parameter's default, and wherever it stands."""
    arguments = ["--preset=hand-tinted", "--warmth=0"][::order]
    expected = Settings.preset("hand-tinted").with_changes({"warmth": 0.0})
    assert CliRunner().invoke(show, arguments).stdout == f"{expected!r}\n"


def test_an_unknown_preset_is_misuse() -> None:
    result = CliRunner().invoke(show, ["--preset", "sepia"])
    assert result.exit_code == 2
    assert "natural" in result.stderr
