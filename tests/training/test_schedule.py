"""Learning-rate schedules: their shapes, and that they resume."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer.training.config import TrainConfig
from colorizer.training.schedule import Schedule, cosine_factor, restart_factor


def schedule(name: str, **changes: Any) -> Schedule:
    return Schedule(TrainConfig(schedule=name, **changes))


@given(st.floats(0, 200), st.floats(0.5, 20), st.integers(1, 3))
def test_restarts_stay_between_0_and_1(epoch: float, period: float, multiplier: int) -> None:
    assert 0 <= restart_factor(epoch, period, multiplier) <= 1


@pytest.mark.parametrize(("multiplier", "starts"), [(1, [0, 4, 8, 12]), (2, [0, 4, 12, 28])])
def test_restarts_begin_at_1_and_fall(multiplier: int, starts: list[int]) -> None:
    for start, end in pairwise(starts):
        assert restart_factor(start, 4.0, multiplier) == pytest.approx(1)
        cycle = [restart_factor(start + i * (end - start) / 20, 4.0, multiplier) for i in range(20)]
        assert cycle == sorted(cycle, reverse=True)
        assert cycle[10] == pytest.approx(0.5)
        assert restart_factor(end - 1e-6, 4.0, multiplier) < 1e-6


def test_cosine_warms_up_and_falls_to_0() -> None:
    rising = [cosine_factor(p / 100, 0.2) for p in range(20)]
    falling = [cosine_factor(p / 100, 0.2) for p in range(20, 101)]
    assert rising == sorted(rising)
    assert 0 < rising[0] <= 0.05
    assert cosine_factor(0.1, 0.2) == pytest.approx(0.5)
    assert falling[0] == pytest.approx(1)
    assert falling == sorted(falling, reverse=True)
    assert cosine_factor(0.6, 0.2) == pytest.approx(0.5)
    assert cosine_factor(1.0, 0.2) == pytest.approx(0, abs=1e-9)
    assert cosine_factor(7.0) == pytest.approx(0, abs=1e-9)
    assert cosine_factor(0.0) == 1


def test_cosine_counts_its_warm_up_in_epochs() -> None:
    cosine = schedule("cosine", warmup=5.0, epochs=50.0)
    assert cosine.factor(5.0, 0.1) == pytest.approx(1)
    assert cosine.factor(2.5, 0.05) == pytest.approx(0.5)
    cosine.validated(9.0)
    assert cosine.factor(50.0, 1.0) == pytest.approx(0, abs=1e-9)


def test_plateau_divides_by_10_after_so_many_bad_validations() -> None:
    plateau = schedule("plateau", plateau_patience=2)
    factors = []
    for loss in [5, 4, 3, 3, 3, 3, 3, 3, 3, 2, 1]:
        plateau.validated(loss)
        factors.append(plateau.factor(0.0, 0.0))
    assert factors == pytest.approx([1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    for _ in range(40):
        plateau.validated(9.0)
    assert plateau.factor(0.0, 0.0) == pytest.approx(1e-4)  # and not for ever


def test_plateau_and_restarts_multiply() -> None:
    both = schedule("plateau+restarts", restart_period=4.0, plateau_patience=0)
    assert both.factor(2.0, 0.0) == pytest.approx(0.5)
    both.validated(1.0)
    both.validated(1.0)
    assert both.factor(2.0, 0.0) == pytest.approx(0.05)
    assert both.factor(4.0, 0.0) == pytest.approx(0.1)
    restarts = schedule("restarts", restart_period=4.0)
    for _ in range(10):
        restarts.validated(1.0)
    assert restarts.factor(0.0, 0.0) == 1
    assert restarts.factor(3.999999, 0.0) == pytest.approx(0.01)  # never quite still


def test_state_resumes() -> None:
    one, two = schedule("plateau", plateau_patience=1), schedule("plateau", plateau_patience=1)
    losses = [3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 1.0, 2.0, 2.0]
    for loss in losses[:4]:
        one.validated(loss)
    two.load_state_dict(one.state_dict())
    for loss in losses[4:]:
        one.validated(loss)
        two.validated(loss)
        assert one.factor(0, 0) == two.factor(0, 0)
    assert one.factor(0, 0) < 0.5
