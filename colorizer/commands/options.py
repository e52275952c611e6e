"""Options that are derived from what the library defines, instead of being typed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..settings import PARAMETERS, Parameter

Function = TypeVar("Function", bound=Callable[..., Any])


def flag_of(name: str) -> str:
    """``working_size`` -> ``--working-size``."""
    return "--" + name.replace("_", "-")


def photos_argument(metavar: str = "PHOTOS...") -> Callable[[Function], Function]:
    """The argument ``photos``: one or more files and folders that exist."""
    return click.argument(
        "photos",
        metavar=metavar,
        nargs=-1,
        required=True,
        type=click.Path(exists=True, path_type=Path),
    )


def setting_options(function: Function) -> Function:
    """Give a command one option for each of :data:`colorizer.settings.PARAMETERS`."""
    for parameter in reversed(PARAMETERS.values()):
        function = _option(parameter)(function)
    return function


def _option(parameter: Parameter) -> Callable[[Function], Function]:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    return click.option(
        flag_of(parameter.name),
        parameter.name,
        type=_type_of(parameter),
        default=parameter.default,
        show_default=True,
        help=f"{parameter.label}{unit}. {parameter.help}",
    )


def _type_of(parameter: Parameter) -> click.ParamType[Any]:
    if parameter.kind == "int":
        return click.IntRange(_whole(parameter.minimum), _whole(parameter.maximum))
    if parameter.kind == "float":
        return click.FloatRange(parameter.minimum, parameter.maximum)
    return click.Choice(parameter.choices) if parameter.choices else click.STRING


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
