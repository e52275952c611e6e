"""Attention with pooled keys: starts as nothing, is attention, stays bounded, can be exported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from colorizer.networks.attention import PooledAttention
from colorizer.networks.layout import GRID


def block(channels: int = 16, heads: int = 4) -> PooledAttention:
    """With a last projection that does something."""
    torch.manual_seed(0)
    made = PooledAttention(channels, heads)
    nn.init.normal_(made.project.weight, std=0.2)
    nn.init.normal_(made.project.bias)
    return made.eval()


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (28, 28), (16, 48)])
def test_it_starts_without_effect(size: tuple[int, int]) -> None:
    x = torch.randn(2, 16, *size)
    assert torch.equal(PooledAttention(16, 4)(x), x)
    changed = block()(x)
    assert changed.shape == x.shape
    assert not torch.equal(changed, x)


@torch.no_grad()
@pytest.mark.parametrize("size", [(GRID, GRID), (20, 28), (4, 40)])
def test_it_is_the_formula(size: tuple[int, int]) -> None:
    own, x = block(), torch.randn(2, 16, *size)
    tokens = own.norm(x.flatten(2).mT)
    cells = own.norm(functional.adaptive_avg_pool2d(x, GRID).flatten(2).mT)
    query = own.query(tokens)
    key, value = own.key_value(cells).split(16, dim=2)
    heads = []
    for i in range(0, 16, 4):
        scores = query[..., i : i + 4] @ key[..., i : i + 4].mT / 2
        heads.append(scores.softmax(dim=2) @ value[..., i : i + 4])
    expected = x + own.project(torch.cat(heads, dim=2)).mT.reshape(x.shape)
    torch.testing.assert_close(own(x), expected)


@torch.no_grad()
def test_places_have_no_order_where_nothing_is_pooled() -> None:
    own, x = block(), torch.randn(1, 16, GRID, GRID)
    order = torch.randperm(GRID * GRID)

    def shuffled(features: Tensor) -> Tensor:
        return features.flatten(2)[..., order].reshape(features.shape)

    torch.testing.assert_close(own(shuffled(x)), shuffled(own(x)))


@torch.no_grad()
def test_the_keys_stay_few_however_large_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[tuple[int, int]] = []
    real = functional.scaled_dot_product_attention

    def spy(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        lengths.append((query.shape[2], key.shape[2]))
        return real(query, key, value)

    monkeypatch.setattr("torch.nn.functional.scaled_dot_product_attention", spy)
    for size in ((2, 3), (32, 32), (32, 192)):
        block(8, 1)(torch.zeros(1, 8, *size))
    assert lengths == [(6, GRID**2), (1024, GRID**2), (6144, GRID**2)]


@pytest.mark.parametrize("heads", [0, -1, 3])
def test_heads_must_divide_the_channels(heads: int) -> None:
    with pytest.raises(ValueError, match="do not divide 16 channels"):
        PooledAttention(16, heads)


def test_gradients_reach_every_weight() -> None:
    own = block()
    own(torch.randn(2, 16, 20, 24)).square().sum().backward()
    for name, parameter in own.named_parameters():
        assert parameter.grad is not None, name
        # a shift of all keys by the same amount changes no softmax
        part = parameter.grad[16:] if name == "key_value.bias" else parameter.grad
        assert part.abs().max() > 0, name


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")  # how OpenVINO reads a network
@torch.no_grad()
def test_openvino_computes_the_same_at_any_size() -> None:
    ov: Any = pytest.importorskip("openvino")
    from colorizer.engines.openvino_core import core

    own = block()
    model = ov.convert_model(own, example_input=torch.randn(1, 16, 20, 24))
    compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for size in ((20, 24), (16, 16), (40, 9)):
        x = torch.randn(1, 16, *size)
        np.testing.assert_allclose(compiled(x.numpy())[0], own(x).numpy(), rtol=0, atol=1e-4)
