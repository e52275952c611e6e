"""Device, processes and random numbers of a training run."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed

from ..errors import DeviceUnavailable
from .config import TrainConfig


def device_named(name: str) -> torch.device:
    """The device of a training: "auto" takes a GPU if there is one, "cuda" this process's own.

    Raises:
        DeviceUnavailable: if CUDA is asked for and not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if not name.startswith("cuda"):
        return torch.device(name)
    if not torch.cuda.is_available():
        raise DeviceUnavailable("CUDA was asked for, but torch finds no CUDA device.")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if name == "cuda" else name)


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
