"""The VGG distance, by the encoder of the default weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from colorizer import weights
from colorizer.errors import InvalidSetting, WeightsCorrupt
from colorizer.evaluation.protocol import grey_photo, grey_result
from colorizer.evaluation.vgg import VggDistance
from colorizer.networks.layout import CAFFE_BGR_MEAN
from colorizer.settings import DEFAULT_MODEL
from colorizer.weights import LoadedWeights

from .conftest import paint


@pytest.fixture(scope="module")
def shipped() -> LoadedWeights:
    return weights.load(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def distance(shipped: LoadedWeights) -> VggDistance:
    return VggDistance(shipped)


def test_the_same_picture_has_none(distance: VggDistance) -> None:
    picture = paint(1, 64, 64)
    assert distance(picture, picture) == pytest.approx(0, abs=1e-6)
    assert distance(picture, picture.copy()) == pytest.approx(0, abs=1e-6)


def test_it_grows_with_what_is_lost(distance: VggDistance) -> None:
    truth = paint(2, 64, 64)
    grey = grey_result(grey_photo(truth).pixels)
    half = ((truth.astype(int) + grey) // 2).astype(np.uint8)
    found = [distance(truth, half), distance(truth, grey)]
    assert 0 < found[0] < found[1]
    assert distance(truth, half) == pytest.approx(found[0], rel=1e-5)


def test_the_truth_is_looked_at_once(
    distance: VggDistance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    features = distance._features
    monkeypatch.setattr(distance, "_features", lambda p: seen.append(p) or features(p))  # type: ignore[func-returns-value]
    truth = paint(3, 32, 32)
    for seed in (4, 5, 6):
        distance(truth, paint(seed, 32, 32))
    assert sum(p is truth for p in seen) == 1
    assert len(seen) == 4


def test_small_pictures_are_refused(distance: VggDistance) -> None:
    with pytest.raises(InvalidSetting, match="16 pixels"):
        distance(paint(1, 15, 40), paint(2, 15, 40))


def test_an_encoder_that_has_learned_is_refused(shipped: LoadedWeights) -> None:
    tensors = {name: t for name, t in shipped.tensors.items() if "block5.2.0" not in name}
    with pytest.raises(WeightsCorrupt, match="no VGG16 encoder"):
        VggDistance(replace(shipped, tensors=tensors))
    name = "encoder.block5.2.1.weight"
    changed: Any = np.asarray(shipped.tensors[name]) * np.float32(1.01)
    with pytest.raises(WeightsCorrupt, match="no longer VGG16"):
        VggDistance(replace(shipped, tensors=shipped.tensors | {name: changed}))


def test_it_is_that_of_the_original(distance: VggDistance, shared: Path) -> None:
    """Beside Oxford's own convolutions in 16 bits, from their file."""
    original = np.load(shared / "data" / "vgg16" / "vgg16_conv_caffe.npz")

    def features(picture: np.ndarray) -> list[torch.Tensor]:
        mean = np.array(CAFFE_BGR_MEAN, np.float32)
        x = torch.from_numpy(picture[..., ::-1].astype(np.float32) - mean).permute(2, 0, 1)[None]
        found = []
        for block, count in enumerate((2, 2, 3, 3, 3), start=1):
            x = functional.max_pool2d(x, 2) if block > 1 else x
            for i in range(1, count + 1):
                weight, bias = (
                    torch.from_numpy(original[f"conv{block}_{i}.{key}"].astype(np.float32))
                    for key in ("weight", "bias")
                )
                x = functional.conv2d(x, weight, bias, padding=1).relu()
            found.append(x / (x.norm(dim=1, keepdim=True) + 1e-10))
        return found

    truth = paint(7, 96, 96)
    for other in (grey_result(grey_photo(truth).pixels), paint(8, 96, 96)):
        pairs = zip(features(truth), features(other), strict=True)
        expected = sum(float(((a - b) ** 2).sum(1).mean()) for a, b in pairs)
        assert distance(truth, other) == pytest.approx(expected, rel=0.01)
