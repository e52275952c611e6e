"""Small networks whose every part matters, as weights in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from colorizer import networks
from colorizer.weights import LoadedWeights
from colorizer.weights.quantise import quantise
from colorizer.weights.tensors import Quantised, Stored, from_torch


def random_network(**options: Any) -> nn.Module:
    """A network in evaluation mode with random norms, some factors negative, and linear layers."""
    torch.manual_seed(0)
    network = networks.build("eccv16-vgg16", **options).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(std=0.2)
            module.running_var.uniform_(0.5, 2.0)
        if (
            isinstance(module, nn.BatchNorm2d | nn.LayerNorm | nn.Linear)
            and module.weight is not None
        ):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network


def as_weights(network: nn.Module, *, stored: bool = False, **options: Any) -> LoadedWeights:
    """The network's tensors, large ones as 8 bits if ``stored``."""
    tensors = from_torch(network.state_dict())
    if stored:
        tensors |= _stored(network)
    return LoadedWeights(
        name="test",
        network="eccv16-vgg16",
        options=options,
        tensors=tensors,
        native_temperature=1.0,
        sha256="0" * 64,
        prior=None,
        rebalancing_weights=np.ones(313, np.float32),
        metadata={},
    )


def _stored(network: nn.Module) -> dict[str, Stored]:
    """The weights that a file would hold in 8 bits; the network gets what they come to."""
    found: dict[str, Stored] = {}
    for name, value in network.state_dict().items():
        if value.ndim >= 2 and value.numel() > 4096:
            levels, scale = quantise(value, search=False)
            found[name] = Quantised(levels.numpy(), scale.numpy())
            value.copy_(levels.float() * scale.reshape(-1, *[1] * (value.ndim - 1)))
    return found


@pytest.fixture
def lightness() -> np.ndarray:
    """Two pictures, (2, 40, 48), that are no noise: a wave and a ramp with an edge."""
    y, x = np.mgrid[:40, :48].astype(np.float32)
    wave = 50 + 40 * np.sin(x / 5) * np.cos(y / 7)
    edge = np.where(x > y, 90 - y, 20 + x / 2)
    return np.stack([wave, edge]).astype(np.float32)
