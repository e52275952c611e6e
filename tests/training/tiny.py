"""A network, pictures and settings small enough to train in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from colorizer import networks
from colorizer.color.lab import fit_gamut, lab_to_srgb
from colorizer.training.config import TrainConfig
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime

State = dict[str, Tensor]


class Scale(nn.Module):
    """L* 0..100 to 0..1."""

    def forward(self, lightness: Tensor) -> Tensor:
        return lightness / 100


class Tiny(nn.Module):
    """Encoder and decoder of a few hundred weights, with the real network's interface."""

    def __init__(self, width: int = 8, norm: bool = True) -> None:
        super().__init__()

        def layer(inputs: int, stride: int) -> list[nn.Module]:
            between: nn.Module = nn.BatchNorm2d(width) if norm else nn.Identity()
            return [nn.Conv2d(inputs, width, 3, stride, padding=1), between, nn.ReLU()]

        self.encoder = nn.Sequential(Scale(), *layer(1, 2), *layer(width, 2))
        self.decoder = nn.Sequential(*layer(width, 1), nn.Conv2d(width, 313, 1))

    def forward(self, lightness: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.encoder(lightness))
        return logits


class NoEncoder(Tiny):
    """The same, but in one piece, as ``eccv16`` is."""

    def __init__(self, width: int = 8, norm: bool = True) -> None:
        super().__init__(width, norm)
        self.layers = nn.Sequential(self.encoder, self.decoder)
        del self.encoder, self.decoder

    def forward(self, lightness: Tensor) -> Tensor:
        logits: Tensor = self.layers(lightness)
        return logits


def register() -> None:
    networks.REGISTRY["tiny"] = Tiny
    networks.REGISTRY["no-encoder"] = NoEncoder


def picture(seed: int, height: int = 64, width: int = 64) -> NDArray[np.uint8]:
    """Smooth shapes whose colour follows from their lightness: dark is brown, bright is blue."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 16.0
    waves = sum(np.sin(rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y + p) for p in range(4))
    lightness = np.clip(50 + 20 * np.asarray(waves), 5, 95)
    a, b = np.interp(lightness, [5, 50, 95], [30, 20, -15]), 60 - 1.1 * lightness
    rgb = lab_to_srgb(fit_gamut(np.stack([lightness, a, b], -1)))
    return np.asarray((rgb * 255).round().astype(np.uint8))


def pictures(count: int, size: int = 64, start: int = 0) -> Tensor:
    """(count, size, size, 3) uint8."""
    return torch.from_numpy(np.stack([picture(start + i, size, size) for i in range(count)]))


def write_pictures(folder: Path, count: int, size: int = 64) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        Image.fromarray(picture(i, size, size)).save(folder / f"{i:02d}.png")
    return folder


def config(folder: Path, run: Path, **changes: Any) -> TrainConfig:
    """Two steps an epoch for eight photographs; nothing written before the end."""
    values: dict[str, Any] = {
        "photos": (str(folder),), "output": str(run), "network": "tiny", "device": "cpu",
        "resize": 64, "crop": 64, "batch": 4, "accumulate": 1, "workers": 0, "in_memory": True,
        "learning_rate": 1e-2, "encoder_learning_rate": 1e-2, "freeze_encoder": 0.0, "vgg16": "",
        "epochs": 2.0, "early_stop": 0, "validation_limit": 4, "threads": 1,
        "validate_every": 100.0, "checkpoint_every": 100.0, "sample_every": 100.0,
        "sample_photos": 2,
    }  # fmt: skip
    return TrainConfig(**(values | changes))


def initial(config: TrainConfig) -> State:
    """The network as a run with these settings starts."""
    state: State = Run(config, Runtime.start(config)).network.state_dict()
    return {key: value.clone() for key, value in state.items()}


def same(a: State, b: State, part: str) -> bool:
    keys = [key for key in a if key.startswith(part)]
    assert keys
    return all(torch.equal(a[key], b[key]) for key in keys)
