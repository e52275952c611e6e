"""A moving average of the weights: smoother than the weights themselves, and usually better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Tensors = tuple[Tensor, ...] | list[Tensor]


def decay_after(updates: int, decay: float) -> float:
    """The decay of a moving average that has seen so many updates: it grows towards ``decay``.

    (1 + n) / (10 + n) until that is more than ``decay``, so that a short run is not an average of
    what the network was before it had learned anything. It is the rule of TensorFlow's
    ``ExponentialMovingAverage``.

    Args:
        updates: n, 0 or more.
        decay: its limit, 0..1.
    """
    return min(decay, (1 + updates) / (10 + updates))


def moving_average(network: nn.Module, decay: float, updates: Callable[[], int]) -> AveragedModel:
    """An average of ``network``'s parameters and buffers, moved by ``update_parameters``.

    Args:
        network: what is averaged; it is copied.
        decay: see :func:`decay_after`.
        updates: gives how many updates there have been, those before a resumption included.
    """
    blend: Any = get_ema_multi_avg_fn  # torch leaves it without types

    def move(averages: Tensors, values: Tensors, count: Tensor | int) -> None:
        blend(decay_after(updates(), decay))(averages, values, count)

    return AveragedModel(network, multi_avg_fn=move, use_buffers=True)
