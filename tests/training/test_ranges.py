"""Ranges of activations: what is measured where, and that it reaches the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from colorizer.errors import TrainingDataError
from colorizer.training.ranges import activation_ranges, photo_ranges, range_of


class Small(nn.Module):
    """Three convolutions; the last one sees what the second one gives after a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 1, bias=False)
        self.second = nn.Conv2d(2, 2, 1)
        self.third = nn.Conv2d(2, 1, 1)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.third(torch.relu(self.second(self.first(x))))
        return result


def test_every_convolution_but_the_first() -> None:
    network = Small().eval()
    lightness = torch.linspace(0, 100, 64 * 64).reshape(1, 1, 64, 64).repeat(2, 1, 1, 1)
    ranges = activation_ranges(network, lightness)
    assert list(ranges) == ["second", "third"]
    assert ranges["second"] == pytest.approx((-100, 100), abs=0.2)
    assert ranges["third"][0] == 0.0
    assert ranges == activation_ranges(network, lightness)
    assert not network.second._forward_pre_hooks


def test_limits() -> None:
    values = np.random.default_rng(0).uniform(-1, 3, 1_000_000).astype(np.float32)
    values[:3] = 1000
    assert range_of(values) == pytest.approx((-1, 3), abs=0.01)
    assert range_of(np.abs(values))[0] == 0.0
    assert range_of(np.full(10, 5, np.float32)) == (0.0, 5.0)
    low, high = range_of(np.zeros(10, np.float32))
    assert (low, high > 0) == (0.0, True)


def test_photographs(tmp_path: Path) -> None:
    for shade in range(4):
        Image.new("RGB", (40, 40), (shade * 60,) * 3).save(tmp_path / f"{shade}.png")
    network = Small().eval()
    every = photo_ranges(network, [tmp_path], size=32)
    assert every["second"] == pytest.approx((-73.5, 73.5), abs=1)
    assert photo_ranges(network, [tmp_path], size=32, limit=1)["second"] != every["second"]
    with pytest.raises(TrainingDataError):
        photo_ranges(network, [tmp_path / "nothing"])
