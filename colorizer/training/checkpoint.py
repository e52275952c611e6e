"""Checkpoints that resume exactly, and their conversion to stored weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

from ..atomic import atomic_file
from ..errors import OutputError, WeightsCorrupt, WeightsMissing

FORMAT = "colorizer-training-1"
#: of ``colorizer train``, ``train-refiner`` and ``train-words``
Kind = Literal["run", "refiner", "words"]
#: by which the states of a kind are known
_PARTS: dict[Kind, set[str]] = {
    "run": {"config", "network", "average", "optimizer", "prior", "step"},
    "refiner": {"refiner", "average", "optimizer", "judge", "judge_optimizer", "step", "seconds"},
    "words": {"facts", "network", "optimizer", "epoch"},
}


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write atomically: the old checkpoint stays whole until the new one is complete.

    Raises:
        OutputError: if it cannot be written.
    """
    save_tensors(path, {"format": FORMAT, **state})


def save_tensors(path: Path, tensors: dict[str, Any]) -> None:
    """As :func:`save_checkpoint`, of something else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            torch.save(tensors, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise OutputError(f"The checkpoint {path} could not be written: {error}.") from error


def load_checkpoint(
    path: Path, map_location: Any = "cpu", *, kind: Kind | None = None
) -> dict[str, Any]:
    """Read a training checkpoint (``weights_only``: it cannot run code).

    Args:
        kind: of training; None takes any.

    Raises:
        WeightsMissing: if there is no such file.
        WeightsCorrupt: if it is not a whole training checkpoint, or of another kind.
    """
    if not path.is_file():
        raise WeightsMissing(f"There is no checkpoint {path}.")
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # torch raises a zoo of exceptions on damaged files
        raise WeightsCorrupt(f"The checkpoint {path} cannot be read: {error}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise WeightsCorrupt(f"{path} is not a training checkpoint of this program.")
    if kind is not None and not _PARTS[kind] <= state.keys():
        raise WeightsCorrupt(f"{path} is the state of another kind of training.")
    return state
