"""Blocks of the encoder that never learn, and the engine for their features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from colorizer.errors import InvalidSetting
from colorizer.networks.eccv16_vgg16 import VGG16Encoder
from colorizer.training import run as run_module
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.config import TrainConfig
from colorizer.training.loop import train
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime

from .conftest import MakeConfig

BLOCKS = ("encoder.block1.", "encoder.block2.", "encoder.block3.", "encoder.block4.",
          "encoder.block5.", "decoder.")  # fmt: skip


def config(make_config: MakeConfig, **changes: Any) -> TrainConfig:
    changes = {"network": "eccv16-vgg16", "network_options": {"width": 8}, "batch": 2} | changes
    return make_config(**changes, epochs=1.0, sample_photos=0, encoder_learning_rate=1e-3)


def state(folder: Path) -> dict[str, Tensor]:
    network: dict[str, Tensor] = load_checkpoint(folder / "last.pt")["network"]
    return network


def learnt(before: dict[str, Tensor], after: dict[str, Tensor]) -> list[bool]:
    return [
        any(not torch.equal(before[key], after[key]) for key in before if key.startswith(part))
        for part in BLOCKS
    ]


@pytest.mark.parametrize("blocks", [1, 3, 4])
def test_lower_blocks_stay_and_upper_ones_learn(make_config: MakeConfig, blocks: int) -> None:
    settings = config(make_config, freeze_blocks=blocks)
    before = {
        k: v.clone() for k, v in Run(settings, Runtime.start(settings)).network.state_dict().items()
    }
    after = state(train(settings, progress=False))
    assert learnt(before, after) == [number > blocks for number in range(1, 7)]


@pytest.mark.parametrize(
    ("settings", "computed"),
    [({"freeze_blocks": 4}, 4), ({"freeze_encoder": -1.0, "freeze_blocks": 3}, 5)],
)
def test_the_engine_computes_what_never_learns(
    make_config: MakeConfig,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    computed: int,
) -> None:
    """With PyTorch in the place of OpenVINO the run is the same as without an engine."""
    asked: list[int] = []

    def features(encoder: VGG16Encoder, _: Tensor, threads: int, blocks: int) -> Any:
        asked.append(blocks)
        return torch.no_grad()(lambda lightness: encoder.lower(lightness, blocks))

    plain = state(train(config(make_config, **settings), progress=False))
    monkeypatch.setattr(run_module, "openvino_features", features)
    settings = settings | {"frozen_encoder_engine": "openvino", "device": "cpu"}
    engine = state(train(config(make_config, **settings), progress=False))
    assert asked == [computed]
    for key, value in plain.items():
        torch.testing.assert_close(engine[key], value)


@pytest.mark.parametrize(
    "settings",
    [{"freeze_blocks": 2}, {"frozen_encoder_engine": "openvino", "freeze_encoder": -1.0}],
    ids=str,
)
def test_networks_without_blocks_are_refused(
    make_config: MakeConfig, settings: dict[str, Any]
) -> None:
    given = make_config(network="tiny", device="cpu", **settings)
    with pytest.raises(InvalidSetting, match="tiny has no VGG16 encoder"):
        Run(given, Runtime.start(given))
