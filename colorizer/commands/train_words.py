"""``colorizer train-words``: a model of words, from captioned photographs."""

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
    "--captions",
    required=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines of a photograph's name, a tabulator and a caption; photographs without one are "
    "passed over.",
)
@click.option("--limit", type=click.IntRange(1), help="At most so many photographs.")
@click.option(
    "--held-out", type=click.IntRange(1), default=400, show_default=True,
    help="So many of them are measured on and not trained on.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1), default=11, show_default=True)
@click.option(
    "--learning-rate", type=click.FloatRange(1e-8, HIGHEST_RATE), default=4e-3, show_default=True,
    help="Of the first steps; half a cosine takes it to 0.",
)  # fmt: skip
@click.option(
    "--pictured", type=click.IntRange(0), default=0, show_default=True,
    help="Photographs of a last pass that makes the VGG distance small; 0: there is none.",
)  # fmt: skip
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name or file of the weights whose colours the words change; they need a refiner.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/words"),
    show_default=True,
    help="Folder of what the network saw (half a megabyte a photograph) and of the state; what is "
    "there is gone on with.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="words.safetensors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; under the name words.safetensors it is found beside its weights and where "
    "weights lie.",
)
def train_words(
    photos: tuple[Path, ...],
    captions: Path,
    limit: int | None,
    held_out: int,
    epochs: int,
    learning_rate: float,
    pictured: int,
    model: str,
    work: Path,
    output: Path,
) -> None:
    """Train the model of words on captioned photographs, on the CPU."""
    need_torch("Training")
    check_writable(output, "the words")
    import numpy as np
    import torch

    from .. import weights
    from ..networks.vgg16 import vgg16_convolutions
    from ..pipeline import Colorizer
    from ..training.captioned import compute, read_captions, with_captions
    from ..training.perception import Perception
    from ..training.photos import find_photos
    from ..training.runtime import bf16_on
    from ..training.vocabulary import vocabulary_of
    from ..training.words import WordsConfig, WordsTraining, export, require_enough
    from ..words.grammar import parse

    config = WordsConfig(epochs=epochs, learning_rate=learning_rate, pictured=pictured)
    pairs = with_captions(find_photos(photos), read_captions(captions))
    order = np.random.default_rng(config.seed).permutation(len(pairs))[:limit]
    pairs = [pairs[index] for index in order]
    require_enough(len(pairs), held_out)
    learned = [line for _, lines in pairs[held_out:] for line in lines]
    things, ignored = vocabulary_of(learned)
    understood = [[parse(line, set(things), set(ignored)) for line in lines] for _, lines in pairs]
    require_enough(sum(any(line.phrases for line in lines) for lines in understood), held_out)
    colorizer = Colorizer.load(model)
    files = compute([item for item, _ in pairs], work / "photos", colorizer)
    rows = {name: row for row, name in enumerate(things)}
    bf16 = bool(pictured) and bf16_on(torch.device("cpu"), wanted=True)
    perceive = Perception(vgg16_convolutions(weights.load(DEFAULT_MODEL)), bf16)
    training = WordsTraining(config, files, understood, rows, held_out, perceive)
    state = work / "words.pt"
    if state.is_file():
        training.resume(state)
    training.run(state, _report)
    export(training.network, output, things, ignored, colorizer.weights.features_id)
    click.echo(printable(f"{output}: {len(things)} things."))


def _report(numbers: dict[str, float]) -> None:
    click.echo(
        "epoch {epoch:.0f}: loss {loss:.3f}, held out {right:+.3f} dB with the right words, "
        "{wrong:+.3f} dB with wrong ones, {seconds:.0f} s".format(**numbers)
    )
