"""Device, processes and random numbers of a training run."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed

from ..engines.torch_engine import choose_device
from .config import TrainConfig

log = logging.getLogger(__name__)

#: of :func:`torch.cpu.get_capabilities`: a processor that has one of these multiplies in bfloat16
_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


def device_named(name: str) -> torch.device:
    """The device of a training: "auto" takes a GPU if there is one, "cuda" this process's own.

    Raises:
        DeviceUnavailable: if it is unknown or not on this machine.
    """
    device = choose_device(name)
    if device.type == "cpu":
        return device
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    own = os.environ.get("LOCAL_RANK", 0)
    return torch.device(f"cuda:{own}") if device.index is None else device


def bf16_on(device: torch.device, wanted: bool) -> bool:
    """Whether to compute in bfloat16: if it is wanted and the device itself does so.

    Elsewhere torch computes as if, on a processor without it 25 times slower than in float32; then
    a warning says that it is left.
    """
    if not wanted:
        return False
    if device.type == "cuda":
        has_it = bool(torch.cuda.is_bf16_supported(including_emulation=False))
    else:
        known: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # not in old ones
        has_it = any(known.get(name) is True for name in _BF16)
    if not has_it:
        log.warning("computing in float32: this %s has no bfloat16", device.type.upper())
    return has_it


@dataclass(frozen=True)
class Runtime:
    """Where this process computes, and which of how many it is (``torchrun`` tells it)."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def main(self) -> bool:
        return self.rank == 0

    @classmethod
    def start(cls, config: TrainConfig) -> Runtime:
        """Choose the device, join the process group, seed torch.

        Raises:
            DeviceUnavailable: if CUDA is asked for and not there.
        """
        rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        device = device_named(config.device)
        if config.threads:
            torch.set_num_threads(config.threads)
        if world > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        torch.manual_seed(config.seed)
        return cls(device, rank, world)

    def generator(self, seed: int, epoch: int, step: int) -> torch.Generator:
        """Random numbers that depend on the place in the run alone, so that resuming is exact."""
        mixed = (((seed * 7919 + epoch) * 104729 + step) * 1299709 + self.rank) % (2**63)
        return torch.Generator().manual_seed(mixed)

    def agreed(self, value: float) -> float:
        """Process 0's ``value``, in every process: all decide alike, none waits for ever.

        Every process must call this at the same place of the run.
        """
        if self.world == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, src=0)
        return shared.item()

    def stop(self) -> None:
        if distributed.is_initialized():
            distributed.destroy_process_group()
