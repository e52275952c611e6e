"""``colorizer colorize``: photographs and folders of them, from files to files."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidSetting
from ..photo import WRITABLE_FORMATS
from ..settings import Settings
from .options import device_options, photos_argument, setting_options

if TYPE_CHECKING:
    from ..batch import Result, Task
    from ..pipeline import Colorizer

STOPPED = 130  # as a shell reports a program that Ctrl-C ended


def _jobs(ctx: click.Context, option: click.Parameter, value: str) -> int | None:
    """A number of 1 or more, or ``auto`` (None: the library's default)."""
    return None if value == "auto" else click.IntRange(min=1)(value, option, ctx)


@click.command()
@photos_argument("PHOTO|FOLDER...")
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
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
@device_options
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
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object per photograph and line, and a last one that sums up.",
)
@click.pass_context
def colorize(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path,
    format_: str | None,
    quality: int | None,
    lossless: bool,
    bit_depth: str | None,
    recursive: bool,
    overwrite: bool,
    jobs: int | None,
    device: str,
    engine: str,
    no_provenance: bool,
    max_megapixels: float | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Colour photographs, and folders of them, without touching the originals.

    The structure of folders is kept. Photographs whose result exists already are skipped, so that
    a run which was stopped can simply be started again.

    Exit codes: 0 all well, 1 some photographs failed, 2 the command was misused, 130 stopped with
    Ctrl-C.
    """
    from .. import batch

    settings = Settings(**values)
    inputs = batch.find_inputs(photos, out=out, recursive=recursive)
    tasks = batch.plan(inputs, out, format=format_)
    _check_formats(tasks, bit_depth, lossless)
    read_options = {"max_pixels": max_megapixels and int(max_megapixels * 1_000_000)}
    write_options = {
        "quality": quality,
        "lossless": lossless,
        "bit_depth": bit_depth and int(bit_depth),
    }

    def load() -> Colorizer:
        from ..pipeline import Colorizer

        return Colorizer.load(settings.model, device=device, engine=engine)

    results = batch.run(
        tasks, load, settings,
        jobs=jobs, overwrite=overwrite, provenance=not no_provenance,
        read_options=_given(read_options), write_options=_given(write_options),
    )  # fmt: skip
    counts = _report(results, len(tasks), out, as_json)
    if counts["stopped"]:
        ctx.exit(STOPPED)
    if counts["failed"]:
        ctx.exit(1)


def _check_formats(tasks: Sequence[Task], bit_depth: str | None, lossless: bool) -> None:
    """Refuse before the work what no file could hold after it."""
    from ..photo.formats import SIXTEEN_BIT_FORMATS

    formats = {task.format for task in tasks}
    shallow = formats - SIXTEEN_BIT_FORMATS
    if bit_depth == "16" and shallow:
        raise InvalidSetting(
            f"{min(shallow).upper()} has 8 bits only; choose --format png or tiff for 16 bits."
        )
    if lossless and "jpeg" in formats:
        raise InvalidSetting("JPEG always loses something; choose --format webp, png or tiff.")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _report(
    results: Generator[Result, None, None], total: int, out: Path, as_json: bool
) -> Counter[str]:
    """Show each result as it comes, then the sum; returns how many had which status."""
    from tqdm import tqdm

    counts: Counter[str] = Counter()
    start = time.perf_counter()
    # disable=None: no bar where stderr is not a terminal
    bar = tqdm(total=total, unit="photo", disable=None, file=sys.stderr, leave=False)
    with bar, closing(results):
        try:
            for result in results:
                counts[result.status] += 1
                if result.error is not None:
                    name = click.format_filename(result.task.input)
                    bar.write(f"{name}: {_sentence(result.error)}", file=sys.stderr)
                if as_json:
                    click.echo(json.dumps(_as_dict(result)))
                bar.update()
        except KeyboardInterrupt:
            counts["stopped"] = total - counts.total()
            bar.write("Stopped.", file=sys.stderr)
    seconds = time.perf_counter() - start
    if as_json:
        click.echo(json.dumps({"summary": _summary(counts, total, seconds)}))
    else:
        click.echo(_summary_text(counts, out))
    return counts


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__


def _as_dict(result: Result) -> dict[str, Any]:
    error = result.error
    return {
        "input": str(result.task.input),
        "output": str(result.task.output),
        "status": result.status,
        "seconds": round(result.seconds, 3),
        "error": error and {"type": type(error).__name__, "message": _sentence(error)},
    }


def _summary(counts: Counter[str], total: int, seconds: float) -> dict[str, Any]:
    by_status = {status: counts[status] for status in ("done", "skipped", "failed", "stopped")}
    return {"photographs": total, **by_status, "seconds": round(seconds, 3)}


def _summary_text(counts: Counter[str], out: Path) -> str:
    parts = [f"{counts['done']} colorized"]
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} skipped (there already; --overwrite replaces them)")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    if counts["stopped"]:
        parts.append(f"{counts['stopped']} not done")
    return f"{', '.join(parts)}: {click.format_filename(out)}"
