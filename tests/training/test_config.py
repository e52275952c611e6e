"""The settings of a run: defaults of the paper, round trips, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from colorizer.errors import InvalidSetting
from colorizer.training.config import TrainConfig


def test_defaults_are_the_papers() -> None:
    config = TrainConfig()
    paper = {
        "learning_rate": 1e-4, "batch": 32, "accumulate": 4, "resize": 256, "crop": 224,
        "early_stop": 5, "plateau_factor": 0.1, "soft_k": 5, "soft_sigma": 5.0,
        "rebalancing_mix": 0.5,
    }  # fmt: skip
    assert {name: getattr(config, name) for name in paper} == paper
    assert 150 <= config.epochs <= 200


def test_round_trip_through_a_dictionary_and_json(tmp_path: Path) -> None:
    config = TrainConfig(
        photos=("a", "b.tar"), network_options={"width": 8, "skips": False}, bf16=True, ema=0.9,
        crop=160, crop_steps=((0.5, 224), (0.75, 256)),
    )  # fmt: skip
    assert TrainConfig.from_dict(config.to_dict()) == config
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(config.to_dict()))
    assert TrainConfig.from_file(file) == config


def test_whole_numbers_and_paths_are_converted() -> None:
    config = TrainConfig(photos=(Path("x"),), epochs=3)  # type: ignore[arg-type]
    assert config.photos == ("x",)
    assert isinstance(config.epochs, float)


@pytest.mark.parametrize(
    "values",
    [
        {"crop": 100}, {"crop": 24}, {"crop": 320}, {"resize": 260}, {"schedule": "linear"},
        {"frozen_encoder_engine": "tpu"},
        {"frozen_encoder_engine": "openvino", "freeze_encoder": 2.0},
        {"batch": 0}, {"accumulate": -1}, {"epochs": 0.0}, {"learning_rate": 0.0},
        {"learning_rate": 1e38}, {"encoder_learning_rate": 1e38},
        {"smallest_scale": 0.0}, {"smallest_scale": 1.5}, {"brightness": -0.1}, {"ema": 1.0},
        {"restart_period": 0.0}, {"restart_multiplier": 0}, {"plateau_factor": 1.0},
        {"rebalancing_mix": 1.1}, {"soft_k": 0}, {"soft_k": 314}, {"lambda_l2": -1.0},
        {"seed": -1}, {"workers": -1}, {"sigma_lightness": 0.0}, {"calibration_photos": 0},
        {"batch": "32"}, {"batch": 2.5}, {"bf16": 1}, {"network": 7}, {"epochs": float("nan")},
        {"epochs": True}, {"degrade": 1.1}, {"balance": -0.5}, {"freeze_until": 2.0},
        {"frozen_encoder_engine": "openvino", "freeze_until": 0.5},
        {"frozen_encoder_engine": "openvino", "freeze_blocks": 2}, {"freeze_blocks": 6},
        {"source_weights": {"coco": 0.0}}, {"source_weights": {"coco": "2"}},
        {"source_weights": [["coco", 2]]}, {"source_weights": {"coco": float("inf")}},
        {"crop_steps": [[0.5, 100]]}, {"crop_steps": [[0.5, 264]]}, {"crop_steps": [[1.5, 64]]},
        {"crop_steps": [[0.5, 64], [0.5, 96]]}, {"crop_steps": [[0.5, 64], [0.4, 96]]},
        {"crop_steps": [[0.5, 64.0]]}, {"crop_steps": [[0.5, True]]}, {"crop_steps": 160},
        {"crop_steps": ["160"]}, {"crop_steps": [[0.5, 64, 1]]}, {"crop_steps": [[None, 64]]},
        {"crop_steps": [[float("nan"), 64]]},
    ],
    ids=str,
)  # fmt: skip
def test_values_that_cannot_work_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        TrainConfig.from_dict(values)
    assert str(caught.value).endswith(".")


def test_the_crop_at_each_place_of_a_run() -> None:
    config = TrainConfig(crop=160, crop_steps=((0.6, 224), (0.9, 256)))
    assert [config.crop_at(p) for p in (0, 0.599, 0.6, 0.9, 1)] == [160, 160, 224, 256, 256]
    assert TrainConfig().crop_at(1.0) == TrainConfig().crop


def test_an_encoder_starts_frozen_by_either_setting() -> None:
    assert not TrainConfig().starts_frozen
    for value in (
        {"freeze_encoder": -1.0}, {"freeze_encoder": 2.0}, {"freeze_until": 0.3},
        {"freeze_blocks": 1},
    ):  # fmt: skip
        assert TrainConfig.from_dict(value).starts_frozen


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="setting colour, size"):
        TrainConfig.from_dict({"size": 1, "colour": 2})


@pytest.mark.parametrize("content", ["{", "[1]", None, "\x00\xff"])
def test_unreadable_files_are_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidSetting, match="settings file"):
        TrainConfig.from_file(file)
