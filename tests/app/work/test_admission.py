"""Pixels in work: the budget is kept, in order, and those who cannot wait are told."""

from __future__ import annotations

import threading
import time

import pytest

from app.errors import TooBusy
from app.work.admission import Budget

from ..conftest import wait_until


def test_ten_large_scans_at_once_take_turns() -> None:
    budget, lock, most = Budget(150), threading.Lock(), []

    def work() -> None:
        with budget.reserve(100):
            with lock:
                most.append(budget.used)
            time.sleep(0.01)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [100] * 10
    assert (budget.used, budget.waiting) == (0, 0)


def test_small_ones_share_and_one_larger_than_all_is_alone() -> None:
    budget = Budget(100)
    with budget.reserve(40), budget.reserve(60):
        assert budget.used == 100
        with pytest.raises(TooBusy), budget.reserve(1, 0.01):
            pass
    with budget.reserve(1000):
        assert budget.used == 100
    assert budget.used == 0


def test_a_large_one_is_not_overtaken_by_small_ones() -> None:
    budget, order = Budget(100), []

    def work(pixels: int) -> None:
        with budget.reserve(pixels):
            order.append(pixels)

    with budget.reserve(50):
        large = threading.Thread(target=work, args=(100,))
        large.start()
        wait_until(lambda: budget.waiting == 1)
        small = threading.Thread(target=work, args=(10,))
        small.start()
        wait_until(lambda: budget.waiting == 2)
        assert order == []
    large.join(10)
    small.join(10)
    assert order == [100, 10]


def test_who_gives_up_lets_the_next_one_in() -> None:
    budget = Budget(100)
    with budget.reserve(60):
        with pytest.raises(TooBusy), budget.reserve(100, 0.01):
            pass
        with budget.reserve(40, 1):
            assert budget.used == 100
