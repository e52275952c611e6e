"""The table of shapes against the network itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from colorizer import networks
from colorizer.errors import UnknownModel
from colorizer.networks.layout import tensor_shapes

OPTIONS: list[dict[str, Any]] = [
    {},
    {"width": 12, "skips": False},
    {"width": 8, "global_context": True},
    {"attention": True, "batch_norm": "after"},
    {"width": 6, "attention": 3, "skips": False, "global_context": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_shapes_are_those_of_the_network(options: dict[str, Any]) -> None:
    with torch.device("meta"):
        state = networks.build("eccv16-vgg16", **options).state_dict()
    expected = {key: tuple(value.shape) for key, value in state.items()}
    assert tensor_shapes(**options) == expected
    assert networks.tensor_shapes("eccv16-vgg16", options) == expected


@pytest.mark.parametrize(
    "options",
    [{"width": "wide"}, {"width": 0}, {"width": 2.5}, {"width": True}, {"attention": 3},
     {"attention": -1}, {"attention": "no"}, {"batch_norm": "never"}, {"depth": 2}],
    ids=str,
)  # fmt: skip
def test_options_that_no_network_has(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        tensor_shapes(**options)


def test_other_networks_are_asked_themselves() -> None:
    assert networks.tensor_shapes("eccv16", {})["model1.0.weight"] == (64, 1, 3, 3)
    with pytest.raises(UnknownModel):
        networks.tensor_shapes("tomorrow", {})
