"""``colorizer colorize``: photographs and folders of them, from files to files."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidSetting, sentence
from ..photo import WRITABLE_FORMATS
from ..settings import Settings
from .cluster_options import PathOrAddress, cluster_options, wants_cluster
from .collection_report import report
from .options import device_options, photos_argument, setting_options

if TYPE_CHECKING:
    from ..batch import Result
    from ..pipeline import Colorizer

STOPPED = 130  # as a shell reports a program that Ctrl-C ended


def _jobs(ctx: click.Context, option: click.Parameter, value: str) -> int | None:
    """A number of 1 or more, or ``auto`` (None: the library's default)."""
    return None if value == "auto" else click.IntRange(min=1)(value, option, ctx)


def _page(ctx: click.Context, option: click.Parameter, value: str | None) -> int | str | None:
    """A number of 1 or more, or ``all``."""
    return value if value in (None, "all") else click.IntRange(min=1)(value, option, ctx)


@click.command()
@photos_argument("PHOTO|FOLDER...", PathOrAddress(exists=True))
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=PathOrAddress(),
    help="Folder for the results, or a file name if there is one photograph.",
)
@setting_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(WRITABLE_FORMATS),
    help="File format of the results.  [default: by the name of OUT if it is a file; otherwise "
    "JPEG stays JPEG, and all else becomes PNG]",
)
@click.option(
    "--quality", type=click.IntRange(1, 100), help="Of JPEG and lossy WebP.  [default: 92]"
)
@click.option("--lossless", is_flag=True, help="Write WebP without loss; refuse JPEG.")
@click.option(
    "--bit-depth",
    type=click.Choice(["8", "16"]),
    help="Bits per channel.  [default: those of the photograph, where the format has them]",
)
@click.option(
    "--recursive/--no-recursive",
    default=True,
    show_default=True,
    help="Also the folders inside folders.",
)
@click.option(
    "--overwrite", is_flag=True, help="Replace results that exist, instead of skipping them."
)
@click.option(
    "--jobs",
    metavar="N|auto",
    callback=_jobs,
    default="auto",
    show_default=True,
    help="Photographs worked on at the same time; auto: one per processor.",
)
@partial(device_options, more={"ray": "auto, and --cluster ray"})
@cluster_options
@click.option(
    "--no-provenance",
    is_flag=True,
    help="Leave out the note in the metadata that the colours were added, and how.",
)
@click.option(
    "--max-megapixels",
    type=click.FloatRange(min=0, min_open=True),
    help="Refuse larger photographs.  [default: 100]",
)
@click.option(
    "--page",
    metavar="N|all",
    callback=_page,
    help="Which page of TIFFs that have several; all: each to a file of its own, with its number "
    "in the name.  [default: the first]",
)
@click.option(
    "--salvage",
    is_flag=True,
    help="Also colour what is there of a JPEG or PNG that is cut off, and say so.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object per photograph and line, and a last one that sums up.",
)
@click.pass_context
def colorize(
    ctx: click.Context,
    /,
    photos: tuple[Path | str, ...],
    out: Path | str,
    format_: str | None,
    quality: int | None,
    lossless: bool,
    bit_depth: str | None,
    recursive: bool,
    overwrite: bool,
    jobs: int | None,
    device: str,
    engine: str,
    cluster: str | None,
    ray_address: str | None,
    actors: int | None,
    actor_cpus: float,
    actor_gpus: float,
    no_provenance: bool,
    max_megapixels: float | None,
    page: int | str | None,
    salvage: bool,
    as_json: bool,
    **values: Any,  # of the settings
) -> None:
    """Colour photographs, and folders of them, without touching the originals.

    The structure of folders is kept. Photographs whose result exists already are skipped, so that
    a run which was stopped can simply be started again.

    Exit codes: 0 all well, 1 some photographs failed, 2 the command was misused, 130 stopped with
    Ctrl-C.
    """
    settings = Settings(**values)
    every = page == "all"
    read_options = _given(
        {
            "max_pixels": max_megapixels and int(max_megapixels * 1_000_000),
            "page": None if every else page,
            "salvage": salvage or None,
        }
    )
    write_options = _given(
        {"quality": quality, "lossless": lossless, "bit_depth": bit_depth and int(bit_depth)}
    )
    load = partial(_load, settings.model, device, "auto" if engine == "ray" else engine)
    on_cluster = wants_cluster(ctx, cluster, engine, [*photos, out])
    if on_cluster:
        if every:
            raise click.UsageError("--page all is not possible with --cluster; give a number.")
        from ..cluster.actor import Work
        from ..cluster.collection import find_jobs
        from ..cluster.ray_data import Cluster
        from ..cluster.run import run

        jobs_ = find_jobs([*map(str, photos)], str(out), format=format_, recursive=recursive)
        _check_formats({job.format for job in jobs_}, bit_depth, lossless)
        work = Work(load, settings, not no_provenance, read_options, write_options)
        where = Cluster(ray_address, actors, actor_cpus, actor_gpus)
        rows = run(jobs_, str(out), work, where, overwrite=overwrite)
        total = len(jobs_)
    else:
        from .. import batch

        inputs = batch.find_inputs(photos, out=out, recursive=recursive)
        tasks = batch.plan(inputs, out, format=format_)
        if every:
            from ..pages import every_page

            tasks = every_page(tasks)
        _check_formats({task.format for task in tasks}, bit_depth, lossless)
        results = batch.run(
            tasks, load, settings,
            jobs=jobs, overwrite=overwrite, provenance=not no_provenance,
            read_options=read_options, write_options=write_options,
        )  # fmt: skip
        rows = _rows(results)
        total = len(tasks)
    counts = report(rows, total, out, as_json, rate=on_cluster)
    if counts["stopped"]:
        ctx.exit(STOPPED)
    if counts["failed"]:
        ctx.exit(1)


def _load(model: str, device: str, engine: str) -> Colorizer:
    from ..pipeline import Colorizer

    return Colorizer.load(model, device=device, engine=engine)


def _rows(results: Generator[Result, None, None]) -> Generator[dict[str, Any]]:
    with closing(results):
        for result in results:
            yield _as_dict(result)


def _as_dict(result: Result) -> dict[str, Any]:
    error = result.error
    return {
        "input": str(result.task.input),
        "output": str(result.task.output),
        "status": result.status,
        "seconds": round(result.seconds, 3),
        "error": error and {"type": type(error).__name__, "message": sentence(error)},
        "warnings": list(result.warnings),
    }


def _check_formats(formats: set[str], bit_depth: str | None, lossless: bool) -> None:
    """Refuse before the work what no file could hold after it."""
    from ..photo.formats import SIXTEEN_BIT_FORMATS

    shallow = formats - SIXTEEN_BIT_FORMATS
    if bit_depth == "16" and shallow:
        raise InvalidSetting(
            f"{min(shallow).upper()} has 8 bits only; choose --format png or tiff for 16 bits."
        )
    if lossless and "jpeg" in formats:
        raise InvalidSetting("JPEG always loses something; choose --format webp, png or tiff.")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
