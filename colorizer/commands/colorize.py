"""``colorizer colorize``: photographs and folders of them, from files to files."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..cli import STOPPED
from ..errors import InvalidSetting
from ..settings import Settings
from .cluster_options import PathOrAddress, cluster_options, wants_cluster
from .collection_report import Row, left_out_row, report, result_row
from .guidance_options import GuidanceOptions, guidance_options, tell_unknown
from .options import device_options, load_colorizer, photos_argument, setting_options
from .result_options import ResultOptions, result_options
from .streams import Places, without_streams

if TYPE_CHECKING:
    from ..batch import LeftOut, Result


def _jobs(ctx: click.Context, option: click.Parameter, value: str) -> int | None:
    """A number of 1 or more, or ``auto`` (None: the library's default)."""
    return None if value == "auto" else click.IntRange(min=1)(value, option, ctx)


def _page(ctx: click.Context, option: click.Parameter, value: str | None) -> int | str | None:
    """A number of 1 or more, or ``all``."""
    return value if value in (None, "all") else click.IntRange(min=1)(value, option, ctx)


@click.command()
@photos_argument("PHOTO|FOLDER|-...", PathOrAddress(exists=True))
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=PathOrAddress(),
    help="Folder for the results, or a file name if there is one photograph; - is standard output.",
)
@setting_options
@result_options
@guidance_options
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
    "--page",
    metavar="N|all",
    callback=_page,
    help="Which page of TIFFs that have several; all: each to a file of its own, with its number "
    "in the name.  [default: the first]",
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
    results: ResultOptions,
    known: GuidanceOptions,
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
    page: int | str | None,
    as_json: bool,
    **values: Any,  # of the settings
) -> None:
    """Colour photographs, and folders of them, without touching the originals.

    The structure of folders is kept. Photographs whose result exists already are skipped, so that
    a run which was stopped can simply be started again. - in the place of a photograph is standard
    input.

    Exit codes: 0 all well, 1 some photographs failed or folders could not be read, 2 the command
    was misused, 130 stopped with Ctrl-C.
    """
    settings = Settings(**values)
    load = partial(load_colorizer, settings.model, device, "auto" if engine == "ray" else engine)
    on_cluster = wants_cluster(ctx, cluster, engine, [*photos, out])
    every_page = page == "all"
    read_options = results.read_options
    if every_page and on_cluster:
        raise click.UsageError("--page all is not possible with --cluster; give a number.")
    if page is not None and not every_page:
        read_options = {**read_options, "page": page}
    left_out: list[LeftOut] = []
    with without_streams(photos, out, results.format, as_json) as places:
        if on_cluster:
            if known:
                raise InvalidSetting("Hints, references and words cannot be sent to a cluster.")
            from ..cluster.actor import Work
            from ..cluster.collection import find_jobs
            from ..cluster.ray_data import Cluster
            from ..cluster.run import run

            jobs_ = find_jobs(
                [*map(str, photos)], str(out),
                format=results.format, recursive=recursive, leave_out=left_out.append,
            )  # fmt: skip
            results.check(job.format for job in jobs_)
            work = Work(
                load, settings, results.provenance,
                read_options, results.write_options, results.colour,
            )  # fmt: skip
            where = Cluster(ray_address, actors, actor_cpus, actor_gpus)
            rows = run(jobs_, str(out), work, where, overwrite=overwrite)
            total = len(jobs_)
        else:
            from .. import batch, pages

            inputs = batch.find_inputs(
                places.photos, out=places.out, recursive=recursive, leave_out=left_out.append
            )
            tasks = batch.plan(inputs, places.out, format=results.format)
            if every_page:
                if places.to_stdout:
                    raise click.UsageError("--page all has no room in -o -; give a number.")
                tasks = pages.every_page(tasks, read_options)
            results.check(task.format for task in tasks)
            known.check(len(tasks))
            sources = [task.input for task in tasks]
            unknown_words = known.unknown_words(sources, settings.model)
            tell_unknown(chain.from_iterable(unknown_words.values()))
            left_out += known.left_out(sources)
            done = batch.run(
                tasks, load, settings,
                jobs=jobs, overwrite=overwrite, provenance=results.provenance,
                colour=results.colour, guidance=known.of,
                read_options=read_options, write_options=results.write_options,
            )  # fmt: skip
            rows = _rows(done, places, unknown_words)
            total = len(tasks)
        counts = report(
            _all_rows(left_out, rows), total + len(left_out), out, as_json,
            rate=on_cluster, to_stdout=not places.to_stdout,
        )  # fmt: skip
    if counts["stopped"]:
        ctx.exit(STOPPED)
    if counts["failed"]:
        ctx.exit(1)


def _all_rows(left_out: list[LeftOut], rows: Generator[Row]) -> Generator[Row]:
    with closing(rows):
        for item in left_out:
            yield left_out_row(item)
        yield from rows


def _rows(
    results: Generator[Result, None, None],
    places: Places,
    unknown_words: Mapping[Path, Sequence[str]],
) -> Generator[Row]:
    with closing(results):
        for result in results:
            row = result_row(result, unknown_words.get(result.task.input, ()))
            places.hand_over(row["output"])
            for key in ("input", "output"):
                row[key] = places.names.get(row[key], row[key])
            yield row
