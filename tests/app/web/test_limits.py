"""The counters of the rate limits: exact, forgetful, and for many threads at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.web.limits import Counters

_THREADS = 16


def at_once(call: Callable[[], object]) -> list[Exception]:
    """What it raised in any of many threads, or in one that they started."""
    raised: list[Exception] = []
    ready = threading.Barrier(_THREADS)

    def run() -> None:
        ready.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_no_count_is_lost() -> None:
    counters = Counters()
    raised = at_once(lambda: [counters.incr("a", 60) for _ in range(1000)])
    assert raised == []
    assert counters.get("a") == _THREADS * 1000


def test_counting_starts_no_thread(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by the soak test: "threads can only be started once", an error 500."""
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: started.append(timer))
    for _ in range(3):
        assert client.get("/about").status_code == 200
    assert started == []


def test_a_window_ends() -> None:
    counters = Counters()
    assert [counters.incr("a", 0.2), counters.incr("a", 0.2)] == [1, 2]
    assert 0 < counters.get_expiry("a") - time.time() <= 0.2
    time.sleep(0.25)
    assert counters.get("a") == 0
    assert counters.incr("a", 60) == 1


def test_a_clock_that_is_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = Counters()
    counters.incr("a", 0.3)
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() - 86_400)
    assert counters.get("a") == 1
    assert 0 < counters.get_expiry("a") - time.time() <= 0.3
    time.sleep(0.35)
    assert counters.get("a") == 0


def test_counters_are_forgotten_when_told() -> None:
    counters = Counters()
    counters.incr("a", 60)
    counters.incr("b", 60)
    counters.clear("a")
    assert (counters.get("a"), counters.get("b")) == (0, 1)
    assert counters.reset() == 1
    assert counters.get("b") == 0
    assert counters.check()
