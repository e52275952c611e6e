"""Options that are derived from what the library defines, instead of being typed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from ..engines import ENGINES
from ..names import suggestion
from ..settings import PARAMETERS, PRESETS, Parameter

if TYPE_CHECKING:
    from ..pipeline import Colorizer

Function = TypeVar("Function", bound=Callable[..., Any])


class Choice(click.Choice[str]):
    """One of several words; a mistyped one is told which was probably meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            message = error.message + suggestion(str(value), self.choices)
            raise click.BadParameter(message, ctx=ctx, param=param) from None


def flag_of(name: str) -> str:
    """``working_size`` -> ``--working-size``."""
    return "--" + name.replace("_", "-")


def with_options(
    command: Callable[..., Any], options: Sequence[Callable[[Any], Any]]
) -> Callable[..., Any]:
    """A command with these options, which its help shows in their order."""
    for option in reversed(options):
        command = option(command)
    return command


def photos_argument(
    metavar: str = "PHOTOS...", type: click.ParamType[Any] | None = None
) -> Callable[[Function], Function]:
    """The argument ``photos``: one or more files and folders that exist, or what ``type`` takes."""
    return click.argument(
        "photos",
        metavar=metavar,
        nargs=-1,
        required=True,
        type=type or click.Path(exists=True, path_type=Path),
    )


def device_options(function: Function, more: dict[str, str] | None = None) -> Function:
    """Give a command ``--device`` and ``--engine``: where the network runs, and by what.

    ``more`` are further names that ``--engine`` takes, and what the help says of each.
    """
    more = more or {}
    text = "What runs the network; auto: openvino on a CPU, where it can, and torch elsewhere"
    engine = click.option(
        "--engine",
        type=Choice([*ENGINES, *more]),
        default="auto",
        show_default=True,
        help="; ".join([text, *(f"{name}: {meaning}" for name, meaning in more.items())]) + ".",
    )
    device = click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, …"
    )
    return device(engine(function))


def setting_options(function: Function) -> Function:
    """Give a command ``--preset`` and one option for each of :data:`.settings.PARAMETERS`.

    A preset changes the defaults of the others, so that an option that is given wins over it.
    """
    preset = click.option(
        "--preset",
        type=Choice(list(PRESETS)),
        callback=_use_preset,
        is_eager=True,
        expose_value=False,
        help="A look to start from; the options below change it.",
    )
    return cast(Function, with_options(function, [preset, *map(_option, PARAMETERS.values())]))


def _use_preset(ctx: click.Context, option: click.Parameter, name: str | None) -> None:
    if name is not None:
        ctx.default_map = {**(ctx.default_map or {}), **PRESETS[name].changes}


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
    return Choice(parameter.choices) if parameter.choices else click.STRING


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def load_colorizer(model: str, device: str, engine: str) -> Colorizer:
    """The colorizer of the options; ``Colorizer.load`` is imported only now."""
    from ..pipeline import Colorizer

    return Colorizer.load(model, device=device, engine=engine)
