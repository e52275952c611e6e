"""What a run starts from: older weights in a network that has learned to attend."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from colorizer import networks, weights
from colorizer.errors import InvalidSetting, WeightsCorrupt
from colorizer.training.data import Stream
from colorizer.training.start import build_network, load_initial

from .conftest import MakeConfig

CPU = torch.device("cpu")
State = dict[str, Tensor]


def network(seed: int, **options: object) -> nn.Module:
    torch.manual_seed(seed)
    return networks.build("eccv16-vgg16", width=8, **options).eval()


@pytest.fixture(scope="module")
def old() -> nn.Module:
    return network(0, global_context=True)


@torch.no_grad()
def test_older_weights_start_unchanged_with_attention(old: nn.Module) -> None:
    new = network(1, global_context=True, attention=4)
    lightness = torch.rand(1, 1, 40, 32) * 100
    assert not torch.equal(new(lightness), old(lightness))
    load_initial(new, old.state_dict(), "old")
    assert torch.equal(new(lightness), old(lightness))


def test_weights_with_attention_keep_it() -> None:
    trained, new = network(0, attention=2), network(1, attention=2)
    nn.init.normal_(trained.get_parameter("decoder.attention.project.weight"))
    load_initial(new, trained.state_dict(), "trained")
    for key, value in trained.state_dict().items():
        assert torch.equal(new.state_dict()[key], value)


@pytest.mark.parametrize(
    "missing",
    ["decoder.block8.0.weight", "encoder.block1.0.0.bias", "decoder.context.weight"],
)
def test_nothing_else_may_be_missing(old: nn.Module, missing: str) -> None:
    state = {key: value for key, value in old.state_dict().items() if key != missing}
    with pytest.raises(WeightsCorrupt, match=missing):
        load_initial(network(1, global_context=True, attention=4), state, "old")


def test_half_an_attention_is_refused() -> None:
    state = network(0, attention=4).state_dict()
    del state["decoder.attention.query.weight"]
    with pytest.raises(WeightsCorrupt, match=r"attention\.query"):
        load_initial(network(1, attention=4), state, "half")


@pytest.mark.parametrize("options", [{}, {"skips": False}, {"batch_norm": "after"}], ids=str)
def test_weights_of_another_form_are_refused(options: dict[str, object]) -> None:
    state = network(0, attention=4).state_dict()
    with pytest.raises(WeightsCorrupt):
        load_initial(network(1, **options), state, "attentive")


@pytest.mark.parametrize(
    "options",
    [{"attention": 3}, {"attention": -1}, {"batch_norm": "beside"}, {"colour": 1}],
    ids=str,
)
def test_options_that_the_network_refuses_are_typed_errors(
    make_config: MakeConfig, options: dict[str, object]
) -> None:
    config = make_config(network="eccv16-vgg16", network_options={"width": 8} | options)
    with pytest.raises(InvalidSetting, match="network_options"):
        build_network(config, Stream.open(config, CPU, 0, 1))


@torch.no_grad()
def test_attention_survives_the_stored_form(make_config: MakeConfig, tmp_path: Path) -> None:
    options = {"width": 64, "attention": 4}
    torch.manual_seed(0)
    trained = networks.build("eccv16-vgg16", **options).eval()
    nn.init.normal_(trained.get_parameter("decoder.attention.project.weight"), std=0.1)
    file = tmp_path / "stored.safetensors"
    weights.store_quantised(
        file, trained.state_dict(), network="eccv16-vgg16", options=options, metadata={},
        native_temperature=1.0, prior=None, clip_search=False,
    )  # fmt: skip
    stored = weights.load(str(file))
    assert stored.options == options
    # a run starts from it, as from any other
    config = make_config(network="eccv16-vgg16", network_options=options, initial_weights=str(file))
    again = build_network(config, Stream.open(config, CPU, 0, 1)).eval()
    key = "decoder.attention.key_value.weight"
    step = trained.state_dict()[key].abs().amax(dim=1, keepdim=True) / 127
    error = (stored.state_dict[key] - trained.state_dict()[key]).abs()
    assert error.max() > 0
    assert error.median() < step.max()
    lightness = torch.rand(1, 1, 32, 32) * 100
    a, b = trained(lightness), again(lightness)
    assert (a - b).norm() < 0.05 * a.norm()


def test_a_frozen_encoder_of_random_weights_is_warned_of(
    make_config: MakeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config(freeze_until=0.5)
    with caplog.at_level(logging.WARNING):
        build_network(config, Stream.open(config, CPU, 0, 1))
    assert "random weights" in caplog.text
