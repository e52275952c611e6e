"""The native temperature of a trained network.

Rebalancing makes the softmax of the logits follow not the frequency of colours but frequency times
weight. With the weights taken back (:func:`colorizer.color.bins.reweight`) it follows the
frequency, and its mean is then by definition the colour with the least expected squared error, if
the network is neither too sure nor too unsure. So the temperature at which that mean has the least
squared error on held-out photographs is taken as the network's own, and a temperature of 1 then
stands for it: T_logits = T x native_temperature. This is the temperature scaling of Guo et al.
(2017) with squared error in place of likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from .. import networks
from ..color.bins import annealed_mean, rebalancing_weights, reweight
from .augment import to_lab_batch
from .config import TrainConfig
from .export import averaged_network
from .photos import find_photos, load_squares, thinned

#: temperatures that are tried
GRID = tuple(round(0.2 + 0.05 * i, 2) for i in range(21))


@torch.inference_mode()
def temperature_errors(
    state: Mapping[str, Any],
    photos: Sequence[str | Path],
    limit: int = 200,
    grid: Sequence[float] = GRID,
) -> dict[float, float]:
    """Mean squared ab error, rebalancing taken back, of the annealed mean for each temperature.

    Args:
        state: a training checkpoint.
        photos: held-out colour photographs: files, folders, tar shards.
        limit: at most so many photographs; every n-th where there are n times as many.
        grid: temperatures.

    Returns:
        temperature -> mean over pixels (at 1/4 resolution) of |ab - truth|^2, Lab units squared.

    Raises:
        TrainingDataError: if there are no photographs.
    """
    config = TrainConfig.from_dict(state["config"])
    network = networks.build(config.network, **config.network_options).eval()
    network.load_state_dict(averaged_network(state))
    weights = rebalancing_weights(state["prior"], config.rebalancing_mix)
    items = thinned(find_photos(photos), limit)
    squares, _ = load_squares(items, config.resize, limit=1, progress=False)
    totals = dict.fromkeys(grid, 0.0)
    for square in tqdm(torch.split(squares, 1), "calibrating", unit="photo", disable=None):
        batch = to_lab_batch(square.permute(0, 3, 1, 2).float() / 255.0)
        logits = reweight(network(batch.lightness), weights, amount=0.0, axis=1)
        for temperature in grid:
            error = annealed_mean(logits, temperature, axis=1) - batch.target
            totals[temperature] += float(error.square().sum(dim=1).mean())
    return {temperature: total / len(squares) for temperature, total in totals.items()}


def native_temperature(
    state: Mapping[str, Any], photos: Sequence[str | Path], limit: int = 200
) -> float:
    """The temperature of :data:`GRID` with the least error, see :func:`temperature_errors`."""
    errors = temperature_errors(state, photos, limit)
    return min(errors, key=errors.__getitem__)
