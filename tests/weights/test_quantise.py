"""8-bit quantisation: error bounds per channel, dead channels, transposed convolutions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from colorizer.errors import WeightsCorrupt
from colorizer.weights.quantise import TINY, dequantise, quantise

SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=6)
VALUES = st.floats(-(2.0**100), 2.0**100, width=32)
WEIGHTS = hnp.arrays(np.float32, SHAPES, elements=VALUES)


def errors_and_scales(
    weight: torch.Tensor, channel: int, search: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    levels, scale = quantise(weight, channel=channel, search=search)
    assert levels.dtype == torch.int8
    assert levels.shape == weight.shape
    assert scale.dtype == torch.float32
    assert scale.shape == (weight.shape[channel],)
    assert int(levels.min()) >= -127
    back = torch.from_numpy(dequantise(levels.numpy(), scale.numpy(), channel=channel))
    assert back.dtype == torch.float32
    assert back.shape == weight.shape
    error = (back.double() - weight.double()).movedim(channel, 0).flatten(1)
    return error, scale, levels


@settings(deadline=None)  # the machine may be busy training
@given(WEIGHTS, st.sampled_from([0, 1]))
def test_unclipped_error_is_at_most_half_a_step(array: np.ndarray, channel: int) -> None:
    error, scale, _ = errors_and_scales(torch.from_numpy(array), channel, search=False)
    allowed = scale.double()[:, None] * (0.5 + 1e-4)
    dead = torch.from_numpy(array).movedim(channel, 0).flatten(1).abs().amax(1) <= 254.1 * TINY
    assert bool(((error.abs() <= allowed) | dead[:, None]).all())


@settings(deadline=None)  # the machine may be busy training
@given(WEIGHTS)
def test_the_search_never_makes_the_squared_error_larger(array: np.ndarray) -> None:
    plain, _, _ = errors_and_scales(torch.from_numpy(array), 0, search=False)
    searched, _, _ = errors_and_scales(torch.from_numpy(array), 0, search=True)
    before, after = plain.square().sum(1), searched.square().sum(1)
    assert bool((after <= before * (1 + 1e-4) + 1e-37).all())


def test_the_search_clips_an_outlier_when_that_pays() -> None:
    weight = torch.randn(1, 20_000, generator=torch.Generator().manual_seed(1))
    weight[0, 0] = 1.2 * float(weight.abs().max())
    plain, _, _ = errors_and_scales(weight, 0, search=False)
    searched, _, levels = errors_and_scales(weight, 0, search=True)
    assert float(searched.square().mean()) < 0.95 * float(plain.square().mean())
    assert int(levels[0, 0].abs()) == 127


def test_channels_of_zeros_stay_zeros() -> None:
    weight = torch.randn(3, 4, 5, 5)
    weight[1] = 0
    error, scale, levels = errors_and_scales(weight, 0, search=True)
    assert float(scale[1]) == 1.0
    assert not levels[1].any()
    assert not error[1].any()


def test_each_channel_of_a_transposed_convolution_has_its_own_scale() -> None:
    weight = torch.randn(6, 3, 4, 4) * torch.tensor([1e-4, 1.0, 1e4]).reshape(1, 3, 1, 1)
    error, scale, _ = errors_and_scales(weight, 1, search=False)
    assert scale.shape == (3,)
    relative = error.abs().amax(1) / weight.movedim(1, 0).flatten(1).abs().amax(1)
    assert float(relative.max()) < 0.5 / 127 * 1.01


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_refused(bad: float) -> None:
    weight = torch.ones(2, 2)
    weight[1, 1] = bad
    with pytest.raises(WeightsCorrupt):
        quantise(weight)


@pytest.mark.parametrize(
    ("levels", "scale"),
    [
        (torch.zeros(2, 2), torch.ones(2)),
        (torch.zeros(2, 2, dtype=torch.int8), torch.ones(3)),
        (torch.zeros(2, 2, dtype=torch.int8), torch.ones(2, dtype=torch.float64)),
        (torch.zeros(2, 2, dtype=torch.int8), torch.tensor([1.0, float("nan")])),
        (torch.zeros(2, 2, dtype=torch.int8), torch.tensor([1.0, -1.0])),
        (torch.zeros(2, 2, dtype=torch.int8), torch.tensor([1.0, 3e36])),
    ],
)
def test_scales_that_do_not_fit_are_refused(levels: torch.Tensor, scale: torch.Tensor) -> None:
    with pytest.raises(WeightsCorrupt):
        dequantise(levels.numpy(), scale.numpy())
