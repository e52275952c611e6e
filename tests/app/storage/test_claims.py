"""Claims in Redis: they exclude, count, are extended, and end with their holder."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from app.errors import QueueUnavailable
from app.storage.claims import Claims
from app.storage.records import new_id

from ...conftest import ROOT
from ..conftest import wait_until


def test_a_claim_lasts_as_long_as_the_work(redis_url: str) -> None:
    one, two, name = Claims(redis_url, ends_after=0.4), Claims(redis_url), new_id()
    with one.hold(name) as first:
        assert first == 1
        for _ in range(12):
            time.sleep(0.1)
            assert two.is_held(name)
            with two.hold(name) as other:
                assert other is None
    assert not two.is_held(name)
    assert two.begun([name, "another"]) == {name}
    two.forget(name)
    assert two.begun([name]) == set()


def test_the_claim_of_a_killed_worker_ends_by_itself_and_counts(redis_url: str) -> None:
    claims, name = Claims(redis_url), new_id()
    code = (
        "import sys, time; from app.storage.claims import Claims\n"
        "with Claims(sys.argv[1], ends_after=1).hold(sys.argv[2]) as attempt:\n"
        "    print(attempt, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, redis_url, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        time.sleep(1.2)
        assert claims.is_held(name)
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not claims.is_held(name), 10)
    with claims.hold(name) as attempt:
        assert attempt == 2


def test_what_was_counted_does_not_stay_for_ever(redis_url: str) -> None:
    claims, name = Claims(redis_url), new_id()
    with pytest.raises(ZeroDivisionError), claims.hold(name):
        raise ZeroDivisionError
    with claims.hold(name) as attempt:
        assert attempt == 1
    with Redis.from_url(redis_url) as redis:
        assert 0 < redis.ttl(f"colorizer.attempts.{name}") <= 7 * 86400


def test_who_loses_a_claim_goes_on_and_takes_nothing_from_others(redis_url: str) -> None:
    one, two, name = Claims(redis_url, ends_after=0.2), Claims(redis_url), new_id()
    with one.hold(name) as first:
        with Redis.from_url(redis_url) as redis:
            redis.flushall()  # what a restart does to a Redis without files
        with two.hold(name) as second:
            assert (first, second) == (1, 1)
            time.sleep(0.3)
            assert two.is_held(name)
    with two.hold(name) as third:
        assert third is not None


def test_redis_that_is_away_is_a_typed_error(tmp_path: Path) -> None:
    claims = Claims(f"unix://{tmp_path}/nobody")
    with pytest.raises(QueueUnavailable), claims.hold("x"):
        pass
    with pytest.raises(QueueUnavailable):
        claims.is_held("x")
