"""``colorizer evaluate``: measure the colours against photographs whose colours are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic import write_atomically
from ..errors import OutputError
from ..names import printable
from ..settings import DEFAULT_MODEL
from .options import device_options, photos_argument
from .outputs import check_writable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..evaluation.gallery import Gallery
    from ..evaluation.protocol import Protocol
    from ..evaluation.report import Report
    from ..evaluation.scores import Distance
    from ..pipeline import Colorizer

_PRIORS = ("own", "model")  # that are not files
_SHOWN_SKIPS = 20


@click.command("evaluate")
@photos_argument()
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="NAME=VALUE[,…]",
    help="One more row, with these settings changed; may be given several times.",
)
@click.option(
    "--bare",
    multiple=True,
    type=click.FloatRange(0, 1),
    metavar="TEMPERATURE",
    help="One more row: the network's own answer decoded at this temperature, without anything "
    "that is done against tints; may be given several times.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the numbers and the whole protocol to this file.",
)
@click.option(
    "--short-side",
    type=click.IntRange(16, 4096),
    default=256,
    show_default=True,
    help="Resize the photographs to this short side, in pixels.",
)
@click.option(
    "--crop",
    type=click.IntRange(16, 4096),
    help="Measure the central square of this side.  [default: 256, or the short side if smaller]",
)
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Model name or file.")
@device_options
@click.option(
    "--prior",
    "prior_from",
    default="own",
    show_default=True,
    metavar="own|model|FILE",
    help="How common each colour is, for the rebalanced AuC: by the measured photographs' own "
    "colours, by the prior the model was trained with, or by a .npy file of 313 numbers.",
)
@click.option(
    "--compare",
    "compared",
    nargs=2,
    metavar="A B",
    help="Compare two rows photograph by photograph: each is grey, default, settings like those of "
    "--setting, or another model (name or file).",
)
@click.option(
    "--degrade",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="STRENGTH",
    help="Make the luminance look like an old photograph's before it is coloured, 0 (not at all) "
    "to 1; the truth stays as it is.",
)
@click.option(
    "--vgg/--no-vgg",
    default=True,
    show_default=True,
    help="Measure the VGG distance, by the encoder of the default weights: a third of a second for "
    "each picture on two cores.",
)
@click.option("--lpips", is_flag=True, help="Measure LPIPS too (pip install 'colorizer[lpips]').")
@click.option(
    "--report",
    "page_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write an illustrated page, index.html, into this folder.",
)
@click.option(
    "--without-photographs",
    is_flag=True,
    help="Leave the photographs out of the page, where they may not be shown to others.",
)
@click.option("--limit", type=click.IntRange(1), help="Stop after this many photographs.")
@click.option(
    "--video",
    is_flag=True,
    help="PHOTOS are films: measure how steady their colours are, beside the truth's and beside "
    "those of each frame coloured as a photograph; --limit counts frames of each. Of the other "
    "options --json, --model, --device, --engine and --no-vgg count.",
)
def evaluate(
    photos: tuple[Path, ...],
    settings: tuple[str, ...],
    bare: tuple[float, ...],
    json_file: Path | None,
    short_side: int,
    crop: int | None,
    model: str,
    device: str,
    engine: str,
    prior_from: str,
    compared: tuple[str, str] | None,
    degrade: float,
    vgg: bool,
    lpips: bool,
    page_folder: Path | None,
    without_photographs: bool,
    limit: int | None,
    video: bool,
) -> None:
    """Colour the luminance of colour PHOTOS and compare the result with their true colours.

    PHOTOS are picture files, folders (searched recursively) and tar shards. The table has a row for
    grey (no colours at all), one for the default settings and one for each --setting; what the
    numbers mean and how they were made is in the JSON file under "protocol".

    Exit codes: 0 all well, 1 nothing could be measured or written, 2 the command was misused.
    """
    if json_file is not None:
        check_writable(json_file, "the numbers")
    if video:
        _evaluate_films(photos, json_file, (model, device, engine), vgg, limit)
        return
    from ..evaluation.comparison import sides
    from ..evaluation.runner import rows_for
    from ..settings import Settings

    if without_photographs and page_folder is None:
        raise click.UsageError("--without-photographs is about the page of --report.")
    pair = sides(compared, model) if compared else ()
    named = [side.setting for side in pair if side.setting is not None]
    rows = rows_for((*settings, *named), Settings(model=model))
    protocol = _protocol(short_side, crop, degrade)
    prior = _read_prior(prior_from)
    gallery = None if page_folder is None else _gallery(page_folder, not without_photographs)

    from ..evaluation import runner
    from ..pipeline import Colorizer

    where = {"device": device, "engine": engine}
    colorizer = Colorizer.load(model, **where)
    if prior_from == "model":
        prior = _prior_of(colorizer)
    others = {s.row: Colorizer.load(s.model, **where) for s in pair if s.model is not None}
    models = {name: _model(other) for name, other in others.items()}
    report = runner.evaluate(
        colorizer,
        photos,
        rows=rows,
        others=others,
        bare=bare,
        protocol=protocol,
        prior=prior,
        vgg=_vgg(colorizer) if vgg else None,
        lpips=_lpips(protocol, colorizer) if lpips else None,
        compared=(pair[0].row, pair[1].row) if pair else None,
        gallery=gallery,
        about={
            "photographs": [printable(path.name) for path in photos],
            **_model(colorizer),
            **({"other_models": models} if models else {}),
            "device": str(colorizer.device),
            "engine": colorizer.engine.name,
            "precision": colorizer.engine.precision,
            "prior": _describe_prior(prior_from, prior),
        },
        limit=limit,
    )
    _tell(report)
    if json_file is not None:
        _write_json(json_file, report.as_dict())
    if page_folder is not None and gallery is not None:
        from ..evaluation.page import write_page

        page = write_page(page_folder, report, gallery)
        click.echo(f"\n{printable(f'The report is {page}.')}")


def _evaluate_films(
    films: tuple[Path, ...],
    json_file: Path | None,
    where: tuple[str, str, str],
    vgg: bool,
    limit: int | None,
) -> None:
    from ..evaluation.films import evaluate_film, film_table
    from ..settings import Settings
    from .options import load_colorizer

    colorizer = load_colorizer(*where)
    distance = _vgg(colorizer) if vgg else None
    settings = Settings(model=where[0])
    reports = [
        evaluate_film(colorizer, film, settings, vgg=distance, limit=limit) for film in films
    ]
    for line in film_table(reports).splitlines():
        click.echo(printable(line))
    if json_file is not None:
        content = {"films": [report.as_dict() for report in reports], "limit": limit}
        _write_json(json_file, {**content, **_model(colorizer)})


def _tell(report: Report) -> None:
    from ..evaluation.table import format_table

    for name, reason in report.skipped[:_SHOWN_SKIPS]:
        click.echo(printable(f"skipped {name}: {reason}"), err=True)
    if len(report.skipped) > _SHOWN_SKIPS:
        click.echo(f"… and {len(report.skipped) - _SHOWN_SKIPS} more skipped", err=True)
    for line in format_table(report).splitlines():
        click.echo(printable(line))


def _protocol(short_side: int, crop: int | None, degrade: float) -> Protocol:
    from ..evaluation.protocol import Protocol

    try:
        return Protocol(short_side, min(256, short_side) if crop is None else crop, degrade)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--crop") from None


def _gallery(folder: Path, photographs: bool) -> Gallery:
    from ..evaluation.gallery import Gallery
    from ..evaluation.page import check_folder

    check_folder(folder)
    return Gallery(photographs)


def _vgg(colorizer: Colorizer) -> Distance:
    from ..evaluation.vgg import VggDistance

    return VggDistance(device=str(colorizer.device))


def _lpips(protocol: Protocol, colorizer: Colorizer) -> Distance:
    from ..evaluation.perceptual import Lpips

    return Lpips(str(colorizer.device), protocol.crop)


def _model(colorizer: Colorizer) -> dict[str, str]:
    return {
        "model": printable(colorizer.name),
        "network": colorizer.weights.network,
        "weights_sha256": colorizer.weights.sha256,
    }


def _prior_of(colorizer: Colorizer) -> NDArray[Any]:
    prior = colorizer.weights.prior
    if prior is None:
        raise click.BadParameter("This model carries no colour prior.", param_hint="--prior")
    return prior


def _describe_prior(source: str, prior: NDArray[Any] | None) -> dict[str, Any]:
    """Where the prior is from, and its sha256 (float64, little-endian)."""
    import hashlib

    import numpy as np

    digest = None
    if prior is not None:
        digest = hashlib.sha256(np.asarray(prior, dtype="<f8").tobytes()).hexdigest()
    return {"source": source if source in _PRIORS else "file", "sha256": digest}


def _read_prior(source: str) -> NDArray[Any] | None:
    """The prior of a file; ``None`` where it does not come from one."""
    if source in _PRIORS:
        return None
    import numpy as np

    from ..color.bins import BIN_COUNT, is_prior

    try:
        prior = np.load(source, allow_pickle=False)
        if not is_prior(prior):
            raise ValueError(f"{BIN_COUNT} shares are expected.")
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise click.BadParameter(f"{source}: {error}", param_hint="--prior") from None
    return np.asarray(prior, dtype=np.float64)


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    data = text.encode("utf-8", "backslashreplace")  # of names of files, as JSON escapes
    try:
        if file.exists() and not file.is_file():  # a device, or a pipe
            file.write_bytes(data)
        else:
            write_atomically(file, data)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The numbers cannot be written to {file}: {reason}.") from error
