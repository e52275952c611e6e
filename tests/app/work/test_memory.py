"""Freed memory goes back to the system, and the worker sees to it."""

from __future__ import annotations

import sys

import pytest
from flask.testing import FlaskClient

from ...conftest import Run
from ..api.test_api import jpeg, upload

_FREED = """
import psutil
from app.work.memory import give_back, share_heaps
share_heaps()
me = psutil.Process()
pieces = [bytearray(b"x" * 50_000) for _ in range(2000)]
last = pieces.pop()  # holds the heap's end, so that free does not shrink it by itself
pieces.clear()
before = me.memory_info().rss
give_back()
print(before - me.memory_info().rss)
"""

_HEAPS = """
import ctypes, threading
from app.work.memory import share_heaps
{first}
all_there = threading.Barrier(8)
def work():
    kept = bytearray(10_000)
    all_there.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(library.fopen(b"heaps", b"w"))
library.malloc_info(0, stream)
library.fclose(stream)
print(open("heaps").read().count("<heap nr="))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is on Linux")
def test_what_was_freed_goes_back_to_the_system(python: Run) -> None:
    assert int(python("-c", _FREED).stdout) > 80_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is on Linux")
def test_threads_share_two_heaps(python: Run) -> None:
    assert int(python("-c", _HEAPS.format(first="")).stdout) > 2
    assert int(python("-c", _HEAPS.format(first="share_heaps()")).stdout) <= 2


def test_the_worker_gives_back_after_each_photograph(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[None] = []
    monkeypatch.setattr("app.work.worker.give_back", lambda: calls.append(None))
    upload(client, jpeg())
    assert len(calls) == 1
    upload(client, jpeg())
    assert len(calls) == 2
