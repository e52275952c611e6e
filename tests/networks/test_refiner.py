"""The refiner: its layout, its start, and that both engines compute the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from colorizer.color.second_look import OUTPUTS
from colorizer.engines import Engine, open_engine
from colorizer.errors import WeightsCorrupt
from colorizer.networks import REFINER, tensor_shapes
from colorizer.networks.refiner import Refiner
from colorizer.networks.refiner_layout import RefinerOptions
from colorizer.weights import LoadedWeights
from colorizer.weights.tensors import from_torch

from ..engines.conftest import as_weights, random_network

SMALL = {"sources": [512, 512, 8], "components": [2, 3, 4], "widths": [8, 12, 16]}


def small_refiner(**options: object) -> Refiner:
    """With weights that matter, in evaluation mode."""
    torch.manual_seed(1)
    refiner = Refiner(**(SMALL | options))  # type: ignore[arg-type]
    for name, value in refiner.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point() and value.ndim == 1:
            value.normal_(std=0.2)
    torch.nn.init.normal_(refiner.leave.weight, std=0.1)
    torch.nn.init.normal_(refiner.context.weight, std=0.1)
    return refiner.eval()


def refined() -> LoadedWeights:
    """A small network with a small refiner."""
    weights = as_weights(random_network(width=8), width=8)
    refiner = as_weights(small_refiner())
    return replace(weights, refiner=replace(refiner, network=REFINER, options=SMALL))


@pytest.mark.parametrize("options", [{}, SMALL], ids=["default", "small"])
def test_the_layout_is_that_of_the_module(options: dict[str, list[int]]) -> None:
    state = Refiner(**options).state_dict()
    assert {k: tuple(v.shape) for k, v in state.items()} == tensor_shapes(REFINER, options)


def test_it_is_small() -> None:
    assert sum(p.numel() for p in Refiner().parameters()) < 2_000_000


def test_untrained_it_says_nothing() -> None:
    refiner = Refiner(**SMALL).eval()
    planes = torch.randn(1, refiner.enter.in_channels, 8, 12)
    assert torch.equal(refiner(planes), torch.zeros(1, OUTPUTS, 8, 12))


@pytest.mark.parametrize("widths", [[8, 8], [0, 8, 8], [8, 8.5, 8]])
def test_impossible_options_are_refused(widths: list[int]) -> None:
    with pytest.raises(ValueError, match="three whole numbers"):
        RefinerOptions(widths=widths)


@pytest.fixture(scope="module")
def engines() -> list[Engine]:
    return [open_engine(refined(), "cpu", name) for name in ("torch", "openvino")]


def test_engines_show_the_same_features(engines: list[Engine]) -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 48, 64)).astype(np.float32)
    torch_answer, openvino_answer = (engine.answer(lightness) for engine in engines)
    assert torch_answer.features is not None
    assert openvino_answer.features is not None
    assert torch_answer.features.shape == (1, 9, 6, 8)
    scale = np.abs(torch_answer.features).mean()
    assert np.abs(torch_answer.features - openvino_answer.features).max() < 1e-3 * scale
    np.testing.assert_array_equal(engines[1].logits(lightness), openvino_answer.logits)


@pytest.mark.parametrize("shape", [(4, 4), (8, 12), (64, 20)])
def test_engines_take_the_same_second_look(engines: list[Engine], shape: tuple[int, int]) -> None:
    count = RefinerOptions(**SMALL).inputs
    planes = np.random.default_rng(0).normal(size=(1, count, *shape)).astype(np.float32)
    one, other = (engine.refine(planes) for engine in engines)
    assert one.shape == (1, OUTPUTS, *shape)
    assert np.abs(one).max() > 0.1
    np.testing.assert_allclose(one, other, atol=2e-4)


def test_without_a_refiner_there_are_no_features() -> None:
    weights = replace(refined(), refiner=None)
    lightness = np.full((1, 32, 32), 50, np.float32)
    for name in ("torch", "openvino"):
        assert open_engine(weights, "cpu", name).answer(lightness).features is None


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_a_refiner_that_does_not_fit_is_refused(name: str) -> None:
    weights = refined()
    assert weights.refiner is not None
    broken = from_torch(small_refiner(widths=[8, 12, 20]).state_dict())
    weights = replace(weights, refiner=replace(weights.refiner, tensors=broken))
    with pytest.raises(WeightsCorrupt, match="do not fit"):
        open_engine(weights, "cpu", name)
