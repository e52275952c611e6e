"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer.training.average import decay_after, moving_average


@given(st.integers(0, 10**7), st.floats(0.0, 0.999999))
def test_the_decay_grows_to_its_limit(updates: int, decay: float) -> None:
    now = decay_after(updates, decay)
    assert min(decay, 0.1) <= now <= decay_after(updates + 1, decay) <= decay
    assert decay_after(10**8, decay) == decay


def test_a_short_run_is_not_an_average_of_its_beginning() -> None:
    """The weight climbs from 0 to 1 in 200 updates: the average must have followed it."""
    network = torch.nn.Linear(1, 1, bias=False)
    count = 0
    average = moving_average(network, 0.998, lambda: count)
    for count in range(200):
        torch.nn.init.constant_(network.weight, count / 199)
        average.update_parameters(network)
    assert 0.85 < next(average.parameters()).item() < 1.0


def test_far_into_a_run_it_is_the_plain_average() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    average = moving_average(network, 0.9, lambda: 10_000)
    torch.nn.init.constant_(network.weight, 1.0)
    average.update_parameters(network)  # the first is copied
    torch.nn.init.constant_(network.weight, 2.0)
    average.update_parameters(network)
    assert next(average.parameters()).item() == pytest.approx(0.9 * 1.0 + 0.1 * 2.0)


def test_counters_are_averaged_too() -> None:
    """BatchNorm counts batches in an int64 buffer, which lerp does not take."""
    network = torch.nn.BatchNorm2d(3)
    average = moving_average(network, 0.5, lambda: 100)
    for _ in range(3):
        network(torch.randn(2, 3, 4, 4))
        average.update_parameters(network)
    assert average.module.num_batches_tracked.dtype == torch.int64
