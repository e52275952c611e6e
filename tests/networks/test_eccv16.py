"""ECCV16 against the table of the released network, written out here independently."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from colorizer import networks
from colorizer.networks.eccv16 import ECCV16

#: block: convolutions (key, inputs, outputs, stride, dilation), key of the BatchNorm
TABLE = {
    "model1": ([(0, 1, 64, 1, 1), (2, 64, 64, 2, 1)], 4),
    "model2": ([(0, 64, 128, 1, 1), (2, 128, 128, 2, 1)], 4),
    "model3": ([(0, 128, 256, 1, 1), (2, 256, 256, 1, 1), (4, 256, 256, 2, 1)], 6),
    "model4": ([(0, 256, 512, 1, 1), (2, 512, 512, 1, 1), (4, 512, 512, 1, 1)], 6),
    "model5": ([(k, 512, 512, 1, 2) for k in (0, 2, 4)], 6),
    "model6": ([(k, 512, 512, 1, 2) for k in (0, 2, 4)], 6),
    "model7": ([(k, 512, 512, 1, 1) for k in (0, 2, 4)], 6),
}


def expected_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for block, (convolutions, norm) in TABLE.items():
        for key, inputs, outputs, _, _ in convolutions:
            shapes[f"{block}.{key}.weight"] = (outputs, inputs, 3, 3)
            shapes[f"{block}.{key}.bias"] = (outputs,)
        channels = convolutions[-1][2]
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{block}.{norm}.{name}"] = (channels,)
        shapes[f"{block}.{norm}.num_batches_tracked"] = ()
    shapes |= {"model8.0.weight": (512, 256, 4, 4), "model8.0.bias": (256,)}
    shapes |= {"model8.2.weight": (256, 256, 3, 3), "model8.2.bias": (256,)}
    shapes |= {"model8.4.weight": (256, 256, 3, 3), "model8.4.bias": (256,)}
    shapes |= {"model8.6.weight": (313, 256, 1, 1), "model8.6.bias": (313,)}
    return shapes | {"model_out.weight": (2, 313, 1, 1)}


def released_forward(lightness: Tensor, state: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The table, step by step: logits and ab at a quarter of the size."""
    x = (lightness - 50) / 100
    for block, (convolutions, norm) in TABLE.items():
        for key, _, _, stride, dilation in convolutions:
            weight, bias = state[f"{block}.{key}.weight"], state[f"{block}.{key}.bias"]
            x = functional.conv2d(x, weight, bias, stride, dilation, dilation).clamp(min=0)
        mean, variance, gamma, beta = (
            state[f"{block}.{norm}.{name}"].reshape(1, -1, 1, 1)
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / (variance + 1e-5).sqrt() * gamma + beta
    x = functional.conv_transpose2d(x, state["model8.0.weight"], state["model8.0.bias"], 2, 1)
    for key in (2, 4):
        x = x.clamp(min=0)
        x = functional.conv2d(x, state[f"model8.{key}.weight"], state[f"model8.{key}.bias"], 1, 1)
    logits = functional.conv2d(x.clamp(min=0), state["model8.6.weight"], state["model8.6.bias"])
    share = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    return logits, functional.conv2d(share, state["model_out.weight"]) * 110


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A checkpoint of the released shapes, scaled so that signals neither die nor grow."""
    generator = torch.Generator().manual_seed(1)
    tensors = {}
    for key, shape in expected_shapes().items():
        value = torch.randn(shape, generator=generator)
        if key.endswith("num_batches_tracked"):
            value = torch.tensor(7)
        elif key.endswith("running_var"):
            value = value.square() + 0.1
        elif len(shape) == 4:
            value *= (2 / (shape[0] if key == "model8.0.weight" else shape[1]) / 9) ** 0.5
        tensors[key] = value
    return tensors


@pytest.fixture(scope="module")
def network(state: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> ECCV16:
    """Loaded as the official checkpoint would be: saved by torch, read with weights_only."""
    file: Path = tmp_path_factory.mktemp("eccv16") / "official.pth"
    torch.save(state, file)
    network = networks.build("eccv16")
    assert isinstance(network, ECCV16)
    network.load_state_dict(torch.load(file, weights_only=True), strict=True)
    file.unlink()
    return network.eval()


def test_keys_and_shapes_are_those_released(network: ECCV16) -> None:
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert ours == expected_shapes()
    assert len(ours) == 82
    assert sum(p.numel() for p in network.parameters()) == 32_236_011


@torch.no_grad()
def test_forward_is_the_table(network: ECCV16, state: dict[str, Tensor]) -> None:
    lightness = torch.rand((2, 1, 32, 48), generator=torch.Generator().manual_seed(2)) * 100
    logits = network(lightness)
    expected, expected_ab = released_forward(lightness, state)
    assert logits.shape == (2, 313, 8, 12)
    assert expected.std() > 0.1
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))
    torch.testing.assert_close(network.released_ab(logits), expected_ab, rtol=1e-4, atol=1e-3)


@torch.no_grad()
def test_input_is_normalised_as_released(network: ECCV16) -> None:
    seen: list[Tensor] = []
    handle = network.model1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.tensor([0.0, 50.0, 100.0])[:, None, None, None].expand(3, 1, 8, 8))
    handle.remove()
    assert [round(float(x.mean()), 6) for x in seen[0]] == [-0.5, 0.0, 0.5]
