from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorizer.errors import InvalidSetting, PackageMissing, WeightsMissing
from colorizer.evaluation import perceptual
from colorizer.evaluation.perceptual import Lpips

from .conftest import paint


@pytest.fixture
def distance() -> Lpips:
    pytest.importorskip("lpips", exc_type=ImportError)
    torch.manual_seed(0)
    return Lpips(random_backbone=True)


def test_the_distance(distance: Lpips) -> None:
    rgb = paint(0, 64, 64)
    grey = np.repeat(rgb.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
    nearly = (0.9 * rgb + 0.1 * grey).astype(np.uint8)
    assert distance(rgb, rgb) == 0.0
    assert 0 < distance(rgb, nearly) < distance(rgb, grey)
    assert distance(rgb, grey) == pytest.approx(distance(grey, rgb), rel=1e-5)


def test_the_smallest_side(distance: Lpips) -> None:
    rgb = paint(1, perceptual.MIN_SIDE, perceptual.MIN_SIDE)
    assert distance(rgb, 255 - rgb) > 0
    with pytest.raises(InvalidSetting, match="32"):
        Lpips(side=perceptual.MIN_SIDE - 1)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(perceptual, "find_spec", lambda n: None if n == "lpips" else find(n))
    with pytest.raises(PackageMissing, match=r"colorizer\[lpips\]"):
        Lpips()


def test_without_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    lpips = pytest.importorskip("lpips", exc_type=ImportError)

    def fail(**_: Any) -> None:
        raise OSError("no route")

    monkeypatch.setattr(lpips, "LPIPS", fail)
    with pytest.raises(WeightsMissing, match=r"AlexNet.*no route"):
        Lpips()


def test_nothing_is_fetched_where_downloads_are_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lpips = pytest.importorskip("lpips", exc_type=ImportError)
    monkeypatch.setenv("COLORIZER_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(lpips, "LPIPS", lambda **_: pytest.fail("it would be fetched"))
    with pytest.raises(WeightsMissing, match="COLORIZER_OFFLINE"):
        Lpips()
