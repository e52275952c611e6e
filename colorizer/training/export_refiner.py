"""A trained refiner as a file of weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..networks import REFINER
from ..networks.refiner import Refiner
from ..weights import store_quantised
from ..weights.checkpoint import REFINED_FIELD
from .answers import Answers
from .photos import thinned
from .ranges import activation_ranges

#: photographs that the ranges of activations are measured on
_RANGE_PHOTOS = 64


def export_refiner(
    refiner: Refiner, answers: Answers, file: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a refiner: to lie beside the weights that it refines, see ``refiner_of``.

    The ranges of its activations are measured on some of the answers: with them the convolutions
    of 3 x 3 run in 8 bits where the engine can.

    Args:
        answers: that it was trained on.
        metadata: free text fields to add.

    Raises:
        OutputError: if the file cannot be written.
    """
    options = {
        "sources": [layer.in_channels for layer in refiner.project],
        "components": [layer.out_channels for layer in refiner.project],
        "widths": refiner.widths,
    }
    chosen = thinned(answers.ready(), _RANGE_PHOTOS)
    ranges = activation_ranges(refiner.cpu().eval(), answers.batch(chosen).planes())
    store_quantised(
        file,
        refiner.state_dict(),
        network=REFINER,
        options=options,
        native_temperature=1.0,
        prior=None,
        metadata={REFINED_FIELD: answers.refined, **(metadata or {})},
        ranges={name: found for name, found in ranges.items() if "." in name},
    )
