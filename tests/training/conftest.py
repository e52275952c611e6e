"""Fixtures of the training tests: see :mod:`tests.training.tiny`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer import networks
from colorizer.training.config import TrainConfig

from . import tiny

MakeConfig = Callable[..., TrainConfig]


@pytest.fixture(autouse=True)
def _tiny_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(networks, "REGISTRY", dict(networks.REGISTRY))
    tiny.register()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of eight coloured pictures, 64 x 64."""
    return tiny.write_pictures(tmp_path_factory.mktemp("photos"), 8)


@pytest.fixture
def make_config(photos: Path, tmp_path: Path) -> MakeConfig:
    def make(**changes: Any) -> TrainConfig:
        return tiny.config(photos, tmp_path / "run", **changes)

    return make
