"""Learning rates: plateau, warm restarts, both, or one cosine."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from .config import TrainConfig


def restart_factor(epoch: float, period: float, multiplier: int) -> float:
    """Cosine with warm restarts (Loshchilov and Hutter, 2017): 1 at a restart, towards 0 after.

    Args:
        epoch: 0 or more, may be a fraction.
        period: epochs of the first cycle; each next one is ``multiplier`` times as long.
    """
    while epoch >= period:
        epoch -= period
        period *= multiplier
    return 0.5 * (1 + math.cos(math.pi * epoch / period))


def cosine_factor(progress: float, warmup: float = 0.0) -> float:
    """Linear warm-up over the share ``warmup`` of the run, then half a cosine down to 0 at 1."""
    progress = min(max(progress, 0.0), 1.0)
    if progress < warmup:
        return max(progress / warmup, 0.01)
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / max(1 - warmup, 1e-9)))


class Schedule:
    """Gives the factor on all learning rates.

    The plateau is torch's own ReduceLROnPlateau, acting on a rate of 1, so that it combines with
    the restarts.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self._unit = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        self._plateau = ReduceLROnPlateau(
            self._unit,
            factor=config.plateau_factor,
            patience=config.plateau_patience,
            min_lr=config.plateau_factor**4,
        )

    def factor(self, epoch: float, progress: float) -> float:
        """The factor at ``epoch`` (fractional), ``progress`` (0..1) through the run."""
        c = self.config
        if c.schedule == "cosine":
            return cosine_factor(progress, c.warmup / c.epochs)
        factor = float(self._unit.param_groups[0]["lr"]) if "plateau" in c.schedule else 1.0
        if "restarts" in c.schedule:
            factor *= max(restart_factor(epoch, c.restart_period, c.restart_multiplier), 0.01)
        return factor

    def validated(self, loss: float) -> None:
        """Tell the plateau a validation loss."""
        self._plateau.step(loss)

    def state_dict(self) -> dict[str, Any]:
        return {"plateau": self._plateau.state_dict(), "unit": self._unit.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._plateau.load_state_dict(state["plateau"])
        self._unit.load_state_dict(state["unit"])
