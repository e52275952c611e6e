"""``colorizer evaluate``: measure the colours against photographs whose colours are known."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import OutputError
from ..settings import DEFAULT_MODEL
from .options import photos_argument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..evaluation.runner import Report
    from ..pipeline import Colorizer

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
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, …")
@click.option(
    "--prior",
    "prior_from",
    default="own",
    show_default=True,
    metavar="own|model|FILE",
    help="How common each colour is, for the rebalanced AuC: by the measured photographs' own "
    "colours, by the prior the model was trained with, or by a .npy file of 313 numbers.",
)
@click.option("--limit", type=click.IntRange(1), help="Stop after this many photographs.")
def evaluate(
    photos: tuple[Path, ...],
    settings: tuple[str, ...],
    json_file: Path | None,
    short_side: int,
    crop: int | None,
    model: str,
    device: str,
    prior_from: str,
    limit: int | None,
) -> None:
    """Colour the luminance of colour PHOTOS and compare the result with their true colours.

    PHOTOS are picture files, folders (searched recursively) and tar shards. The table has a row for
    grey (no colours at all), one for the default settings and one for each --setting; what the
    numbers mean and how they were made is in the JSON file under "protocol".

    Exit codes: 0 all well, 1 nothing could be measured or written, 2 the command was misused.
    """
    from ..evaluation.table import format_table

    if json_file is not None:
        _check_writable(json_file)
    report = _run(photos, settings, short_side, crop, model, device, prior_from, limit)
    for name, reason in report.skipped[:_SHOWN_SKIPS]:
        click.echo(f"skipped {name}: {reason}", err=True)
    if len(report.skipped) > _SHOWN_SKIPS:
        click.echo(f"… and {len(report.skipped) - _SHOWN_SKIPS} more skipped", err=True)
    click.echo(format_table(report))
    if json_file is not None:
        _write_json(json_file, report.as_dict())


def _run(
    photos: tuple[Path, ...],
    settings: tuple[str, ...],
    short_side: int,
    crop: int | None,
    model: str,
    device: str,
    prior_from: str,
    limit: int | None,
) -> Report:
    from ..evaluation import runner
    from ..evaluation.protocol import Protocol
    from ..settings import Settings

    rows = runner.rows_for(settings, Settings(model=model))
    try:
        protocol = Protocol(short_side, min(256, short_side) if crop is None else crop)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--crop") from None
    source = prior_from if prior_from in ("own", "model") else "file"
    prior = _read_prior(Path(prior_from)) if source == "file" else None

    from ..pipeline import Colorizer

    colorizer = Colorizer.load(model, device=device)
    if source == "model":
        prior = colorizer.weights.prior
        if prior is None:
            raise click.BadParameter("This model carries no colour prior.", param_hint="--prior")
    return runner.evaluate(
        colorizer,
        photos,
        rows=rows,
        protocol=protocol,
        prior=prior,
        about={"photographs": [path.name for path in photos], **_about(colorizer, prior, source)},
        limit=limit,
    )


def _about(colorizer: Colorizer, prior: NDArray[Any] | None, source: str) -> dict[str, Any]:
    """What the protocol says of the model and of the prior (its sha256: float64, little-endian)."""
    import hashlib

    import numpy as np

    digest = None
    if prior is not None:
        digest = hashlib.sha256(np.asarray(prior, dtype="<f8").tobytes()).hexdigest()
    return {
        "model": colorizer.name,
        "network": colorizer.weights.network,
        "weights_sha256": colorizer.weights.sha256,
        "device": str(colorizer.device),
        "prior": {"source": source, "sha256": digest},
    }


def _read_prior(file: Path) -> NDArray[Any]:
    import numpy as np

    from ..evaluation.auc import bin_weights

    try:
        prior = np.load(file, allow_pickle=False)
        bin_weights(prior)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--prior") from None
    return np.asarray(prior, dtype=np.float64)


def _check_writable(file: Path) -> None:
    """Fail before the long run, not after it."""
    if not file.parent.is_dir():
        raise OutputError(f"The folder {file.parent} for the numbers does not exist.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise OutputError(f"The numbers cannot be written to {file}: no permission.")


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The numbers cannot be written to {file}: {reason}.") from error
