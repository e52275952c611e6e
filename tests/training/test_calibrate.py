"""Native temperature: the T whose annealed mean has the least squared error."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from colorizer import networks, weights
from colorizer.color.bins import BIN_COUNT, annealed_mean, rebalancing_weights, soft_encode_dense
from colorizer.errors import TrainingDataError
from colorizer.training.augment import to_lab_batch
from colorizer.training.calibrate import GRID, native_temperature, temperature_errors
from colorizer.training.config import TrainConfig
from colorizer.training.export import export_weights
from colorizer.training.loop import train

from .tiny import config, pictures, register, write_pictures


class Oracle(nn.Module):
    """Knows the true colours of the one picture, but its logits are ``factor`` times too flat."""

    logits: torch.Tensor

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        target = to_lab_batch(pictures(1).permute(0, 3, 1, 2).float() / 255.0).target
        truth = soft_encode_dense(target.permute(0, 2, 3, 1), k=10, sigma=8.0)
        self.register_buffer("logits", (truth + 1e-4).log().permute(0, 3, 1, 2))

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.logits * self.factor.detach()
        return logits


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.REGISTRY, "oracle", Oracle)


def checkpoint(factor: float) -> dict[str, Any]:
    settings = TrainConfig(network="oracle", resize=64, crop=64)
    return {
        "config": settings.to_dict(),
        "network": Oracle(factor).state_dict(),
        "average": None,
        "prior": torch.full((BIN_COUNT,), 1 / BIN_COUNT),
    }


@pytest.mark.usefixtures("oracle")
def test_too_flat_logits_get_a_low_temperature(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "one", 1)
    sharp = native_temperature(checkpoint(1.0), [folder])
    flat = native_temperature(checkpoint(0.5), [folder])
    assert flat == pytest.approx(sharp / 2, abs=0.05)
    assert sharp in GRID


@pytest.mark.usefixtures("oracle")
def test_the_errors_are_mean_squares(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "one", 1)
    target = to_lab_batch(pictures(1).permute(0, 3, 1, 2).float() / 255.0).target
    expected = (annealed_mean(Oracle().logits, 0.7, axis=1) - target).square().sum(1).mean()
    result = temperature_errors(checkpoint(1.0), [folder], grid=(0.7,))
    assert result == {0.7: pytest.approx(float(expected), rel=1e-3)}


@pytest.mark.usefixtures("oracle")
def test_what_rebalancing_added_is_taken_back(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "one", 1)
    state = checkpoint(1.0)
    plain = temperature_errors(state, [folder], grid=(0.7,))
    prior = torch.linspace(1, 5, BIN_COUNT)
    state["prior"] = prior = prior / prior.sum()
    assert temperature_errors(state, [folder], grid=(0.7,)) != plain
    boost = rebalancing_weights(prior).log()[None, :, None, None]
    state["network"]["logits"] = Oracle().logits + boost
    result = temperature_errors(state, [folder], grid=(0.7,))
    assert result == {0.7: pytest.approx(plain[0.7], rel=1e-3)}


@pytest.mark.usefixtures("oracle")
def test_no_photographs_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError):
        native_temperature(checkpoint(1.0), [tmp_path])


def test_export_keeps_the_temperature_and_the_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    folder = write_pictures(tmp_path / "photos", 4)
    run = train(config(folder, tmp_path / "run", epochs=1.0, ema=0.5), progress=False)
    file = export_weights(run / "last.pt", tmp_path / "x.safetensors", {"note": "n"}, 0.45)
    loaded = weights.load(str(file))
    state = torch.load(run / "last.pt", weights_only=True)
    assert loaded.native_temperature == 0.45
    assert loaded.metadata["note"] == "n"
    assert loaded.prior is not None
    for key, value in loaded.state_dict.items():
        kept = state["average"][f"module.{key}"]
        torch.testing.assert_close(value, kept, rtol=0.02, atol=0.02)
