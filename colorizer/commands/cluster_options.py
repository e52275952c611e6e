"""The options of ``colorizer colorize`` that share a collection among many processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from .options import Choice
from .streams import DASH

Function = TypeVar("Function", bound=Callable[..., Any])

#: They mean something with --cluster only, and --jobs without it only.
_ONLY_WITH = ("ray_address", "actors", "actor_cpus", "actor_gpus")


class PathOrAddress(click.Path):
    """A path, which becomes a Path; an address (``s3://bucket/prefix``) or ``-``: stays text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and ("://" in value or value == DASH):
            return value
        return super().convert(value, param, ctx)


def cluster_options(function: Function) -> Function:
    """Give a command ``--cluster`` and what belongs to it."""
    options = [
        click.option(
            "--cluster",
            type=Choice(["ray"]),
            help="Share a collection among the processes of a Ray cluster, and keep a manifest of "
            "it; PHOTO, FOLDER and OUT may then be addresses (s3://bucket/prefix) "
            "(docs/collections.md). Needs: pip install 'colorizer[ray]'.",
        ),
        click.option(
            "--ray-address",
            metavar="ADDRESS",
            envvar="RAY_ADDRESS",
            show_envvar=True,
            help="The Ray cluster.  [default: one is started on this machine]",
        ),
        click.option(
            "--actors",
            metavar="N",
            type=click.IntRange(min=1),
            help="Processes that colour.  [default: as many as there is room for]",
        ),
        click.option(
            "--actor-cpus",
            type=click.FloatRange(min=0, min_open=True),
            default=1.0,
            show_default=True,
            help="Processors for each of them.",
        ),
        click.option(
            "--actor-gpus",
            type=click.FloatRange(min=0),
            default=0.0,
            show_default=True,
            help="Graphics cards for each of them; with 0.25 four share one.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def wants_cluster(
    ctx: click.Context, cluster: str | None, engine: str, places: Sequence[str | Path]
) -> bool:
    """Whether a cluster is asked for; refuses options that would have no effect."""
    if cluster or engine == "ray":
        if _given(ctx, "jobs"):
            raise click.UsageError("--jobs has no effect with --cluster; use --actors.")
        if DASH in places:
            raise click.UsageError("- is a stream; --cluster takes files, folders and addresses.")
        return True
    for name in _ONLY_WITH:
        if _given(ctx, name):
            raise click.UsageError(f"--{name.replace('_', '-')} needs --cluster ray.")
    for place in places:
        if isinstance(place, str) and place != DASH:
            raise click.UsageError(f"{place} is an address; that needs --cluster ray.")
    return False


def _given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
