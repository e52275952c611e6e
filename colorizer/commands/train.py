"""``colorizer train``: every field of the training configuration as an option."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click
from click.core import ParameterSource

from ..names import printable
from ..optional import need_torch
from ..training.config import TrainConfig
from .options import flag_of

Function = TypeVar("Function", bound=Callable[..., Any])


def _json_object(ctx: click.Context, option: click.Parameter, value: Any) -> dict[str, Any]:
    """A dictionary, written as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise click.BadParameter(f"{value!r} is not JSON: {error}", ctx, option) from None
    if not isinstance(value, dict):
        raise click.BadParameter(f"{value!r} is not a JSON object.", ctx, option)
    return value


def _comments() -> dict[str, str]:
    """What the dataclass says of each field, in the comment behind it."""
    source = inspect.getsource(TrainConfig)
    lines = source.splitlines()
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for node in definition.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            behind = lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset :]
            found[node.target.id] = re.sub(r"^\s*#\s*", "", behind)
    return found


def _config_options(function: Function) -> Function:
    hints = get_type_hints(TrainConfig)
    comments = _comments()
    for field in reversed(fields(TrainConfig)):
        function = _option(field, hints[field.name], comments[field.name])(function)
    return function


def _option(field: Field[Any], hint: Any, comment: str) -> Callable[[Function], Function]:
    names = [flag_of(field.name), field.name]
    shape: dict[str, Any] = {"type": hint}
    if hint is bool:
        names[0] += "/--no-" + names[0].removeprefix("--")
    elif hint == tuple[str, ...]:
        shape = {"multiple": True, "metavar": "PATH"}
    elif hint == tuple[tuple[float, int], ...]:
        shape = {"type": (float, int), "multiple": True, "metavar": "SHARE PX"}
    elif hint not in (int, float, str):
        shape = {"type": click.UNPROCESSED, "callback": _json_object, "metavar": "JSON"}
    if field.name == "output":
        names.insert(0, "-o")
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return click.option(
        *names,
        default=default,
        show_default=default not in ("", (), {}),
        help=comment,
        **shape,
    )


@click.command()
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with such settings; options go before it.",
)
@click.option(
    "--resume",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CHECKPOINT",
    help="Continue from a checkpoint, with its settings unless there is a --config; options go "
    "before them.",
)
@_config_options
@click.pass_context
def train(
    ctx: click.Context, /, config_file: Path | None, resume: Path | None, **values: Any
) -> None:
    """Train a network on photographs (files, folders, tar shards).

    Lengths of time are in epochs. --photos and --validation may be given several times. For several
    GPUs or machines: torchrun --nproc-per-node=N -m colorizer train ...
    """
    need_torch("Training")
    given = {
        name: value
        for name, value in values.items()
        if ctx.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
    }
    config = TrainConfig.from_dict(_base(config_file, resume) | given)
    if not config.photos:
        raise click.UsageError("There is nothing to train on; give --photos.", ctx)

    from ..training.loop import train as run

    folder = run(config, resume)
    click.echo(printable(f"The checkpoints, the log and the samples are in {folder}."))


def _base(config_file: Path | None, resume: Path | None) -> dict[str, Any]:
    if config_file is not None:
        return TrainConfig.from_file(config_file).to_dict()
    if resume is not None:
        from ..training.checkpoint import load_checkpoint

        return dict(load_checkpoint(resume, kind="run")["config"])
    return {}
