from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorizer import networks
from colorizer.engines.torch_engine import TorchEngine, choose_device
from colorizer.errors import DeviceUnavailable, WeightsCorrupt
from colorizer.weights import LoadedWeights
from colorizer.weights.tensors import from_torch


def weights(**options: Any) -> LoadedWeights:
    torch.manual_seed(0)
    network = networks.build("eccv16-vgg16", width=8)
    return LoadedWeights(
        name="test",
        network="eccv16-vgg16",
        options={"width": 8, **options},
        tensors=from_torch(network.state_dict()),
        native_temperature=1.0,
        sha256="0" * 64,
        prior=None,
        rebalancing_weights=np.ones(313, np.float32),
        metadata={},
    )


def test_logits_are_those_of_the_network() -> None:
    made = weights()
    network = networks.build("eccv16-vgg16", width=8).eval()
    network.load_state_dict(made.state_dict)
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 32, 48)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(lightness)[:, None]).numpy()
    result = TorchEngine(made, "cpu").logits(lightness)
    assert result.shape == (1, 313, 8, 12)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


def test_hints_reach_the_network() -> None:
    torch.manual_seed(0)
    network = networks.build("siggraph17").eval()
    made = replace(
        weights(), network="siggraph17", options={}, tensors=from_torch(network.state_dict())
    )
    rng = np.random.default_rng(0)
    lightness = rng.uniform(0, 100, (2, 32, 48)).astype(np.float32)
    hints = np.zeros((2, 3, 32, 48), np.float32)
    hints[:, :, 8:15, 8:15] = 1
    engine = TorchEngine(made, "cpu")
    with torch.no_grad():
        for given in (None, hints):
            shown = None if given is None else torch.from_numpy(given)
            expected = network(torch.from_numpy(lightness)[:, None], shown).numpy()
            found = engine.answer(lightness, given).logits
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert np.abs(found - engine.logits(lightness)).max() > 0.01


def test_tensors_of_another_shape_are_refused() -> None:
    with pytest.raises(WeightsCorrupt, match="do not fit"):
        TorchEngine(weights(width=16), "cpu")


@pytest.mark.parametrize("name", ["cuda:99", "nonsense", "mps"])
def test_devices_that_are_not_there(name: str) -> None:
    with pytest.raises(DeviceUnavailable):
        choose_device(name)


def test_auto_is_a_device_that_works() -> None:
    assert choose_device("auto").type in {"cpu", "cuda"}


def test_unknown_options_are_refused() -> None:
    with pytest.raises(WeightsCorrupt):
        TorchEngine(weights(no_such_option=1), "cpu")


def test_repository_has_no_training_checkpoint() -> None:
    """Weights in the repository are the stored form; optimiser states never get there."""
    folder = Path(__file__).resolve().parents[2] / "weights"
    assert not list(folder.glob("*.pt"))


def test_what_is_too_large_for_16_bits_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TorchEngine(weights(), "cpu")
    assert engine.precision == "float32"
    lightness = np.full((1, 32, 32), 50, np.float32)
    expected = engine.logits(lightness)
    calls = []

    def network(x: torch.Tensor) -> torch.Tensor:
        half = torch.is_autocast_enabled("cpu")
        calls.append(half)
        logits = torch.from_numpy(expected)
        return logits.half() * torch.inf if half else logits

    monkeypatch.setattr(engine, "_network", network)
    monkeypatch.setattr(engine, "precision", "float16")
    np.testing.assert_array_equal(engine.logits(lightness), expected)
    assert calls == [True, False]
