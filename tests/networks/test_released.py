"""Our networks against the modules of their authors, with the same random weights.

``rz-colorization`` packages the modules that were released with the checkpoints. They import
IPython, which the package does not ask for, and its ``__init__`` much that they do not need.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from colorizer import networks
from colorizer.networks.eccv16 import ECCV16
from colorizer.networks.siggraph17 import SIGGRAPH17


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The authors' package without what its ``__init__`` does."""
    found = importlib.util.find_spec("colorizers")
    assert found is not None, "rz-colorization is part of the extra dev"
    package = ModuleType("colorizers")
    package.__path__ = list(found.submodule_search_locations or [])
    monkeypatch.setitem(sys.modules, "colorizers", package)
    debugger = ModuleType("IPython")
    monkeypatch.setattr(debugger, "embed", None, raising=False)
    monkeypatch.setitem(sys.modules, "IPython", debugger)
    yield package
    for name in [name for name in sys.modules if name.startswith("colorizers.")]:
        del sys.modules[name]


def randomised(network: nn.Module) -> Any:
    """The network in evaluation mode, every number of it random; signals neither die nor grow."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


def ours(name: str, theirs: nn.Module) -> nn.Module:
    """Our network with their weights, which must fit key for key."""
    network = networks.build(name)
    network.load_state_dict(theirs.state_dict(), strict=True)
    return network.eval()


def picture() -> Tensor:
    """L* (2, 1, 40, 48)."""
    return torch.rand((2, 1, 40, 48), generator=torch.Generator().manual_seed(2)) * 100


def assert_same(mine: Tensor, theirs: Tensor) -> None:
    assert mine.shape == theirs.shape
    assert float(theirs.std()) > 0.5  # Lab units: something is there to compare
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-3)


@torch.no_grad()
def test_eccv16_is_the_authors_module(released: ModuleType) -> None:
    module = importlib.import_module("colorizers.eccv16")
    theirs = randomised(module.eccv16(pretrained=False))
    network = ours("eccv16", theirs)
    assert isinstance(network, ECCV16)
    quarter = network.released_ab(network(picture()))
    assert_same(functional.interpolate(quarter, scale_factor=4, mode="bilinear"), theirs(picture()))


@torch.no_grad()
def test_siggraph17_is_the_authors_module(released: ModuleType) -> None:
    module = importlib.import_module("colorizers.siggraph17")
    theirs = randomised(module.siggraph17(pretrained=False))
    nn.init.normal_(theirs.model_out[0].weight, std=0.02)  # or all is -110 or 110
    network = ours("siggraph17", theirs)
    assert isinstance(network, SIGGRAPH17)
    assert_same(network.released_ab(picture()), theirs(picture()))
    generator = torch.Generator().manual_seed(3)
    mask = (torch.rand((2, 1, 40, 48), generator=generator) < 0.1).float()
    ab = torch.randn((2, 2, 40, 48), generator=generator) * 40 * mask
    hinted = theirs(picture(), ab, mask)
    assert float((hinted - theirs(picture())).abs().mean()) > 1
    assert_same(network.released_ab(picture(), torch.cat([ab, mask], dim=1)), hinted)
