"""From a training checkpoint to the stored form that the library loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from .. import __version__, networks, weights
from .checkpoint import load_checkpoint
from .config import TrainConfig
from .ranges import photo_ranges

if TYPE_CHECKING:
    from torch import Tensor

_AVERAGE_PREFIX = "module."


def averaged_network(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The network's tensors in a training checkpoint: the moving average if it has one."""
    if state["average"] is None:
        return dict(state["network"])
    return {
        key.removeprefix(_AVERAGE_PREFIX): value
        for key, value in state["average"].items()
        if key.startswith(_AVERAGE_PREFIX)
    }


def transposed_weights(network: nn.Module) -> frozenset[str]:
    """Names of the weights of transposed convolutions, whose output channel is dimension 1."""
    return frozenset(
        f"{name}.weight"
        for name, module in network.named_modules()
        if isinstance(module, nn.ConvTranspose2d)
    )


def export_weights(
    checkpoint: str | Path,
    file: str | Path,
    metadata: Mapping[str, str] | None = None,
    native_temperature: float = 1.0,
    photos: Sequence[str | Path] = (),
) -> Path:
    """Store the (averaged, if there is an average) network of a checkpoint, quantised to int8.

    Args:
        checkpoint: ``best.pt`` or ``last.pt`` of a run.
        file: the safetensors file to write.
        metadata: free text fields to add, for example licence and description.
        native_temperature: see :mod:`colorizer.training.calibrate`.
        photos: colour photographs (files, folders, tar shards) on which the ranges of activations
            are measured, see :mod:`colorizer.training.ranges`; without them the weights are run in
            float.

    Returns:
        ``file`` as a path.

    Raises:
        WeightsMissing, WeightsCorrupt: if the checkpoint is not there, not whole or not of a run.
        TrainingDataError: if ``photos`` has none.
        OutputError: if ``file`` cannot be written.
    """
    state = load_checkpoint(Path(checkpoint), kind="run")
    config = TrainConfig.from_dict(state["config"])
    fields = {
        "software": f"colorizer {__version__}",
        "trained_steps": str(state["step"]),
        "rebalancing_mix": repr(config.rebalancing_mix),
        "trained_photos": str(state["step"] * config.batch),
        **(metadata or {}),
    }
    target = Path(file)
    network = networks.build(config.network, **config.network_options)
    ranges = None
    if photos:
        network.load_state_dict(averaged_network(state))
        ranges = photo_ranges(network.eval(), photos)
    weights.store_quantised(
        target,
        averaged_network(state),
        transposed=transposed_weights(network),
        network=config.network,
        options=config.network_options,
        native_temperature=native_temperature,
        prior=state["prior"].numpy(),
        metadata=fields,
        ranges=ranges,
    )
    return target
