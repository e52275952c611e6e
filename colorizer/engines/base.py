"""What an engine is, and how one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..weights import LoadedWeights


class Engine(Protocol):
    """A network on a device."""

    device: str

    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """L* (N, H, W), 0..100, H and W multiples of 8 -> logits (N, 313, H/4, W/4)."""
        ...


def open_engine(weights: LoadedWeights, device: str = "auto") -> Engine:
    """Build the network of ``weights`` on ``device`` ("auto", "cpu", "cuda", "cuda:1", …).

    Raises:
        DeviceUnavailable: if the device is not there.
        WeightsCorrupt: if the tensors do not fit the network.
    """
    from .torch_engine import TorchEngine

    return TorchEngine(weights, device)
