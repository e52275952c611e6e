"""A checkpoint's tensors in memory: numpy arrays, and int8 levels as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import WeightsCorrupt
from .quantise import dequantise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class Quantised:
    """Weights of 8 bits: ``levels`` int8, times ``scale`` float32 (channels,) along ``channel``."""

    levels: NDArray[np.int8]
    scale: NDArray[np.float32]
    channel: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weights."""
        return self.levels.shape


#: float32, int64 (counters), or quantised
Stored: TypeAlias = "NDArray[Any] | Quantised"


def as_array(stored: Stored) -> NDArray[Any]:
    """The numbers themselves: float32, or int64 for counters."""
    if isinstance(stored, Quantised):
        return dequantise(stored.levels, stored.scale, channel=stored.channel)
    return stored


def to_torch(tensors: Mapping[str, Stored]) -> dict[str, Tensor]:
    """A ``state_dict`` on the CPU: float32, and int64 counters. Imports torch."""
    import torch

    state = {}
    for key, stored in tensors.items():
        array = as_array(stored)
        state[key] = torch.from_numpy(array if array.flags.writeable else array.copy())
    return state


def from_torch(state: Mapping[str, Tensor]) -> dict[str, Stored]:
    """Floats of any precision become float32, whole numbers stay; numpy shares the memory.

    Raises:
        WeightsCorrupt: if a tensor is of another kind.
    """
    import torch

    tensors: dict[str, Stored] = {}
    for key, value in state.items():
        if value.is_floating_point():
            value = value.detach().to("cpu", torch.float32).contiguous()
        elif value.dtype != torch.int64:
            raise WeightsCorrupt(f"{key} is of a kind that no network here has.")
        tensors[key] = value.cpu().numpy()
    return tensors
