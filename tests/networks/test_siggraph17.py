"""SIGGRAPH17: its size, logits of its colours, hints; test_released.py compares it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from colorizer import networks
from colorizer.color.bins import annealed_mean
from colorizer.networks.siggraph17 import SIGGRAPH17


@pytest.fixture(scope="module")
def network() -> SIGGRAPH17:
    torch.manual_seed(0)
    network = networks.build("siggraph17")
    assert isinstance(network, SIGGRAPH17)
    return network.eval()


def picture() -> Tensor:
    """L* (2, 1, 32, 48)."""
    return torch.rand((2, 1, 32, 48), generator=torch.Generator().manual_seed(2)) * 100


def test_its_size_is_that_released(network: SIGGRAPH17) -> None:
    state = network.state_dict()
    assert state["model1.0.weight"].shape == (64, 4, 3, 3)
    assert state["model_class.0.weight"].shape == (529, 256, 1, 1)
    assert state["model8.5.running_mean"].shape == (256,)
    assert len(state) == 107
    assert sum(p.numel() for p in network.parameters()) == 34_187_027


@torch.no_grad()
def test_logits_decode_to_the_colours_of_the_release(
    network: SIGGRAPH17, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(4)
    ab = torch.randn((2, 2, 32, 48), generator=generator) * 40
    monkeypatch.setattr(network, "released_ab", lambda lightness, hints: ab)
    logits = network(picture())
    assert logits.shape == (2, 313, 8, 12)
    expected = functional.avg_pool2d(ab, 4)
    assert float(expected.std()) > 5
    found = annealed_mean(logits, 1.0, axis=1)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.5)


@torch.no_grad()
def test_no_hints_are_planes_of_nothing(network: SIGGRAPH17) -> None:
    nothing = torch.zeros(2, 3, 32, 48)
    torch.testing.assert_close(network(picture()), network(picture(), nothing), rtol=0, atol=0)


@torch.no_grad()
def test_each_plane_of_hints_counts(network: SIGGRAPH17) -> None:
    plain = network.released_ab(picture())
    for plane in range(3):
        hints = torch.zeros(2, 3, 32, 48)
        hints[:, plane, 10:17, 10:17] = 1
        assert not torch.equal(network.released_ab(picture(), hints), plain)
