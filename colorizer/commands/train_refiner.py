"""``colorizer train-refiner``: a second look for weights that are trained already."""

from __future__ import annotations

from pathlib import Path

import click

from ..names import printable
from ..optional import need_torch
from ..settings import DEFAULT_MODEL
from ..training.config import HIGHEST_RATE
from .outputs import check_writable

_PHOTOS = click.Path(exists=True, path_type=Path)


@click.command()
@click.option(
    "--photos",
    multiple=True,
    required=True,
    metavar="PATH",
    type=_PHOTOS,
    help="Colour photographs to train on (file, folder, tar shard; may be repeated).",
)
@click.option(
    "--validation",
    multiple=True,
    required=True,
    metavar="PATH",
    type=_PHOTOS,
    help="Others to measure on; may be repeated.",
)
@click.option("--limit", type=click.IntRange(1), help="At most so many photographs to train on.")
@click.option(
    "--validation-limit", type=click.IntRange(1), default=180, show_default=True,
    help="At most so many to measure on, spread over all.",
)  # fmt: skip
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name or file of the weights to refine.",
)
@click.option(
    "--go-on", is_flag=True,
    help="Begin with the refiner that the model has, instead of with random numbers.",
)  # fmt: skip
@click.option(
    "--degrade", type=click.FloatRange(0, 1), default=0.3, show_default=True,
    help="Share of the photographs that are made old.",
)  # fmt: skip
@click.option(
    "--minutes", type=click.FloatRange(0.01), default=60.0, show_default=True,
    help="Training time, after the answers have been computed.",
)  # fmt: skip
@click.option(
    "--learning-rate", type=click.FloatRange(1e-8, HIGHEST_RATE), default=1.2e-3, show_default=True,
    help="Of the first steps; half a cosine takes it to 0.",
)  # fmt: skip
@click.option(
    "--least-chroma", type=click.FloatRange(0, 1), default=0.8, show_default=True,
    help="How colourful results shall be at least, as a share of the truth.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1), default=12, show_default=True)
@click.option(
    "--device", default="auto", show_default=True, metavar="NAME",
    help="cpu, cuda, cuda:N; auto takes a GPU if there is one.",
)  # fmt: skip
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/refiner"),
    show_default=True,
    help="Folder of the network's answers (half a megabyte a photograph) and of the state; what is "
    "there is gone on with.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="NAME.refiner.safetensors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; it belongs beside NAME.safetensors, the weights that it refines.",
)
def train_refiner(
    photos: tuple[Path, ...],
    validation: tuple[Path, ...],
    limit: int | None,
    validation_limit: int,
    model: str,
    go_on: bool,
    degrade: float,
    minutes: float,
    learning_rate: float,
    least_chroma: float,
    batch: int,
    device: str,
    work: Path,
    output: Path,
) -> None:
    """Train the small network of the second look on the answers of another."""
    need_torch("Training")
    check_writable(output, "the weights")
    import numpy as np

    from .. import weights as library
    from ..networks.vgg16 import vgg16_convolutions
    from ..training.answers import Answers, compute_answers
    from ..training.export_refiner import export_refiner
    from ..training.photos import find_photos, thinned
    from ..training.refine import Refinement
    from ..training.refine_config import RefineConfig
    from ..training.runtime import device_named

    config = RefineConfig(
        batch=batch,
        learning_rate=learning_rate,
        minutes=minutes,
        least_chroma=least_chroma,
        device=device,
    )
    device_named(device)  # before the answers are computed
    weights = library.load(model)
    vgg16 = weights if model == DEFAULT_MODEL else library.load(DEFAULT_MODEL)
    if go_on and weights.refiner is None:
        raise click.UsageError(f"{model} has no refiner to go on with.")
    start = weights.refiner if go_on else None
    found = find_photos(photos)
    order = np.random.default_rng(config.seed).permutation(len(found))[:limit]
    chosen = [found[i] for i in order]
    refiner = compute_answers(chosen, work / "photos", weights, degrade=degrade, start=start)
    held_out = thinned(find_photos(validation), validation_limit)
    compute_answers(held_out, work / "validation", weights, start=start)
    answers, measured = Answers(work / "photos"), Answers(work / "validation")
    training = Refinement(config, refiner, answers, measured, vgg16_convolutions(vgg16))
    state = work / "refiner.pt"
    if state.is_file():
        training.resume(state)
    training.run(work)
    export_refiner(training.averaged(), answers, output)
    click.echo(printable(f"{output}; the log is {work / 'log.csv'}."))
