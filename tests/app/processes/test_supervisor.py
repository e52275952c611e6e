"""``colorizer worker``: a parent that stays small, and workers that are renewed or replaced."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import requests

from app.processes import supervisor
from app.processes.renewal import Renewal

from ..conftest import wait_until
from ..running import Client, Start, starting, widths


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def three_wait(start: Start) -> None:
    """Photographs in the queue of a server that has come and gone."""
    server = start(COLORIZER_EMBEDDED_WORKER="false")
    with closing(Client()) as client:
        for width in (50, 60, 70):
            client.upload(server, width)
    assert server.stop() == 0


def test_the_parent_stays_small_and_ends_with_its_worker(start: Start) -> None:
    parent = start(command=["colorizer", "worker"])
    worker = parent.worker()
    maps = Path(f"/proc/{parent.process.pid}/maps")
    if maps.exists():
        loaded = maps.read_text()
        assert not [name for name in ("numpy", "torch", "openvino", "PIL") if name in loaded]
    assert parent.stop() == 0
    assert not worker.is_running()


@pytest.mark.usefixtures("three_wait")
@pytest.mark.parametrize(
    "settings", [{"COLORIZER_WORKER_PHOTOS": "1"}, {"COLORIZER_WORKER_MEMORY_MB": "1"}]
)
def test_a_worker_that_has_done_enough_is_renewed(
    start: Start, tmp_path: Path, settings: dict[str, str]
) -> None:
    parent = start("work", **settings)
    seen: set[int] = set()

    def done() -> bool:
        seen.update(child.pid for child in psutil.Process(parent.process.pid).children())
        return len(widths(tmp_path)) == 3

    wait_until(done)
    assert len(seen) >= 3, "each photograph has a process of its own"
    assert parent.stop() == 0
    assert sorted(widths(tmp_path)) == [50, 60, 70]


def test_a_killed_worker_is_replaced(start: Start) -> None:
    parent = start("work")
    first = parent.worker()
    first.kill()
    wait_until(lambda: not first.is_running())
    assert parent.worker().pid != first.pid
    assert parent.stop() == 0


@pytest.mark.usefixtures("three_wait")
def test_a_worker_does_not_outlive_its_parent(start: Start, tmp_path: Path) -> None:
    parent = start("work", seconds=1.0)
    worker = parent.worker()
    wait_until(lambda: any((tmp_path / "data").glob("photos/*/*.claim")))
    parent.process.send_signal(signal.SIGKILL)
    parent.process.wait(20)
    wait_until(lambda: not worker.is_running())
    assert len(widths(tmp_path)) in (1, 2), "the one in hand was finished, not all of them"


def test_no_worker_starts_while_the_data_folder_is_away(
    start: Start, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parent = start("work")
    worker = parent.worker()
    away = (tmp_path / "data").rename(tmp_path / "away")
    worker.kill()
    said: list[str] = []

    def waits() -> bool:
        said.append(capfd.readouterr().err)
        return "the data folder is not there" in "".join(said)

    wait_until(waits, seconds=20)
    assert not (tmp_path / "data").exists(), "a new one is in the way of the old"
    away.rename(tmp_path / "data")
    assert parent.worker().pid != worker.pid
    assert parent.stop() == 0


def test_the_pause_grows_to_a_minute() -> None:
    pauses = [0.0]
    for _ in range(8):
        pauses.append(supervisor._longer(pauses[-1]))
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_worker_shows_its_metrics(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start(COLORIZER_EMBEDDED_WORKER="false")
    worker = start("work", COLORIZER_WORKER_METRICS_PORT=str(port))
    with closing(Client()) as client:
        client.wait(server, client.upload(server, 50), "ready")

    def shows(line: str) -> bool:
        try:
            return line in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return False

    wait_until(lambda: shows("colorizer_photographs_total 1.0"))
    assert worker.stop() == 0


@pytest.mark.usefixtures("three_wait")
def test_a_port_in_use_does_not_keep_a_worker_from_work(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        start("work", COLORIZER_WORKER_METRICS_PORT=str(taken.getsockname()[1]))
        wait_until(lambda: sorted(widths(tmp_path)) == [50, 60, 70])


def test_when_it_is_enough() -> None:
    never = Renewal(0, 0)
    assert not any(never.is_due(done) for done in (0, 1, 10**9))
    by_count = Renewal(3, 0)
    assert [by_count.is_due(done) for done in (0, 2, 3)] == [False, False, True]
    assert by_count.reason == "3 photographs are done."
    by_memory = Renewal(0, 1)
    assert not by_memory.is_due(0), "a process that has done nothing would be renewed for ever"
    assert by_memory.is_due(1)
    assert not Renewal(0, 10**9).is_due(1)
