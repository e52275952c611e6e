"""Work shared by threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from colorizer.threads import in_threads, one_blas_thread, processors


def test_there_is_at_least_one_processor() -> None:
    assert processors() >= 1


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_results_come_in_order(threads: int | None) -> None:
    def slow_at_first(i: int) -> int:
        time.sleep(0.01 if i < 3 else 0)
        return i * i

    assert list(in_threads(slow_at_first, range(20), threads)) == [i * i for i in range(20)]
    assert list(in_threads(slow_at_first, [], threads)) == []


def test_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)
    assert len(list(in_threads(lambda _: meeting.wait(), range(2), 2))) == 2


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_out_and_the_rest_is_given_up(threads: int) -> None:
    done = []

    def work(i: int) -> int:
        if i == 2:
            raise ValueError("two")
        done.append(i)
        return i

    with pytest.raises(ValueError, match="two"):
        list(in_threads(work, range(1000), threads))
    assert len(done) < 20


def test_few_results_wait_to_be_taken() -> None:
    started = []

    def work(i: int) -> int:
        started.append(i)
        return i

    results = in_threads(work, range(100), 2)
    next(results)
    time.sleep(0.05)
    assert len(started) <= 5
    results.close()  # type: ignore[attr-defined]
    assert len(started) <= 5


def _blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    found = threadpool_info()
    counts = {pool["num_threads"] for pool in found if "numpy" in pool["filepath"]}
    assert counts
    return counts


def test_blas_has_its_threads_again_afterwards() -> None:
    """In whatever order threads come and go, and however often one is within."""
    before = _blas_threads()
    first_in, both_in = threading.Event(), threading.Event()

    def first_in_and_out() -> None:
        with one_blas_thread():
            assert _blas_threads() == {1}
            first_in.set()
            assert both_in.wait(20)

    other = threading.Thread(target=first_in_and_out)
    other.start()
    assert first_in.wait(20)
    with one_blas_thread():
        both_in.set()
        other.join()
    assert _blas_threads() == before
    with one_blas_thread(), one_blas_thread():
        assert _blas_threads() == {1}
    assert _blas_threads() == before
