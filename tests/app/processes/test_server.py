"""Real processes: started, stopped, and killed while they work."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ...conftest import ROOT
from ..conftest import jpeg
from ..running import Client, Running, Start, starting, widths


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


def test_it_says_where_it_is_and_stops_when_told(start: Start) -> None:
    server = start()
    assert server.address.startswith("http://127.0.0.1:")
    assert requests.get(f"{server.address}/healthz").status_code == 200
    maps = Path(f"/proc/{server.process.pid}/maps")
    if maps.exists():
        assert "torch" not in maps.read_text(), "the master has no need of a network"
    server.worker()
    assert server.stop() == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.address}/healthz", timeout=5)


def test_a_killed_worker_process_is_replaced_and_its_photograph_finishes(
    start: Start, client: Client, tmp_path: Path
) -> None:
    server = start(seconds=1.5)
    first, second = client.upload(server, 50), client.upload(server, 60)
    client.wait(server, first, "working")
    server.worker().kill()
    client.wait(server, first, "ready")
    client.wait(server, second, "ready")
    assert sorted(widths(tmp_path)) == [50, 60]
    assert server.stop() == 0


def test_after_a_power_cut_everything_is_finished_and_nothing_twice(
    start: Start, client: Client, tmp_path: Path
) -> None:
    server = start(seconds=1.5)
    ids = [client.upload(server, width) for width in (50, 60, 70)]
    client.wait(server, ids[0], "working")
    server.kill_all()
    again = start()
    for id in ids:
        client.wait(again, id, "ready")
    assert sorted(widths(tmp_path)) == [50, 60, 70]
    assert again.stop() == 0


def test_an_upload_larger_than_a_form_has_room(start: Start) -> None:
    limits = {"UPLOAD_MB": "20", "REQUEST_MB": "2", "FILM_MB": "0"}
    server = start(**{f"COLORIZER_MAX_{name}": value for name, value in limits.items()})
    file = ("x.jpg", jpeg().getvalue() + bytes(15_000_000))
    answer = requests.post(f"{server.address}/api/v1/photos", files={"file": file}, timeout=60)
    assert answer.status_code == 201


def test_a_stop_in_the_middle_loses_nothing(start: Start, client: Client, tmp_path: Path) -> None:
    server = start(seconds=1.5)
    ids = [client.upload(server, width) for width in (50, 60, 70)]
    client.wait(server, ids[0], "working")
    assert server.stop() == 0
    done = widths(tmp_path)
    assert done  # the one in hand is finished, others may wait
    assert done == [50, 60, 70][: len(done)]
    again = start()
    for id in ids:
        client.wait(again, id, "ready")
    assert sorted(widths(tmp_path)) == [50, 60, 70]


def test_a_second_server_on_the_same_folder_is_refused(start: Start, tmp_path: Path) -> None:
    start()
    options = ["--port", "0", "--data-dir", str(tmp_path / "data")]
    second = subprocess.run(
        [sys.executable, "-m", "colorizer", "serve", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert "choose another folder with --data-dir" in second.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "TAKEN"], "127.0.0.1:TAKEN is in use by another program"),
        (["--port", "0", "--host", "192.0.2.1"], "192.0.2.1:0 cannot be listened at"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, options: list[str], said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        options = [option.replace("TAKEN", taken) for option in options]
        server = subprocess.run(
            [sys.executable, "-m", "colorizer", "serve", "--data-dir", str(tmp_path), *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert server.returncode == 1
    assert said.replace("TAKEN", taken) in server.stderr
    assert server.stderr.count("\n") == 1


def test_a_worker_of_its_own(start: Start, client: Client, tmp_path: Path) -> None:
    server = start(COLORIZER_EMBEDDED_WORKER="false")
    id = client.upload(server, 50)
    time.sleep(0.5)
    assert client.view(server, id)["state"] == "queued"
    worker = start("work")
    client.wait(server, id, "ready")
    assert worker.stop() == 0
    assert server.stop() == 0


def test_a_copy_of_a_running_servers_folder_has_everything(
    start: Start, client: Client, tmp_path: Path
) -> None:
    """The backup of docs/operating.md: while it works, without the queue."""
    server = start(seconds=1.0)
    ids = [client.upload(server, width) for width in (50, 60, 70)]
    client.wait(server, ids[0], "ready")
    client.wait(server, ids[1], "working")
    data, backup, copy = tmp_path / "data", tmp_path / "backup.tar", tmp_path / "restored"
    packed = subprocess.run(["tar", "-C", data, "--exclude", "./queue.db*", "-cf", backup, "."])
    assert packed.returncode in {0, 1}  # 1: a file went meanwhile
    assert server.stop() == 0
    shutil.rmtree(data)
    copy.mkdir(0o700)
    subprocess.run(["tar", "-C", copy, "-xpf", backup], check=True)
    restored = start(COLORIZER_DATA_DIR=str(copy))
    assert client.view(restored, ids[0])["state"] == "ready"  # to the same browser
    for id in ids[1:]:
        client.wait(restored, id, "ready")
    assert restored.stop() == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_after_a_refused_large_body_no_request_is_lost(start: Start, chunked: bool) -> None:
    """Found by the soak test: the connection was promised to be kept, and then cut."""
    server = start(COLORIZER_MAX_UPLOAD_MB="1")
    address = f"{server.address}/api/v1/photos"
    piece = bytes(100_000)
    with requests.Session() as session:
        for _ in range(3):
            body = (piece for _ in range(30)) if chunked else piece * 30
            refused = session.post(address, data=body, headers={"Content-Type": "text/plain"})
            assert refused.status_code in {413, 422}
            assert refused.headers["Connection"] == "close"
            assert session.post(address).status_code == 422


def test_the_commands(start: Start, tmp_path: Path) -> None:
    server = start(command=["colorizer", "serve", "--port", "0"])
    assert server.said.startswith("Colorizer is at http://127.0.0.1:")
    assert requests.get(f"{server.address}/").status_code == 200
    assert server.stop() == 0
    worker = start(command=["colorizer", "worker"])
    assert worker.said == f"Working on the photographs in {tmp_path / 'data'}"
    assert worker.stop() == 0


def test_machines_that_share_only_redis_and_an_object_store(
    start: Start, client: Client, tmp_path: Path, bucket_url: str, redis_url: str
) -> None:
    shared = {"COLORIZER_STORAGE_URL": bucket_url, "COLORIZER_QUEUE_URL": redis_url}

    def worker(name: str, seconds: float) -> Running:
        return start("work", seconds, COLORIZER_DATA_DIR=str(tmp_path / name), **shared)

    web = start(COLORIZER_EMBEDDED_WORKER="false", **shared)
    first = worker("first", 60)
    assert first.said == bucket_url
    id = client.upload(web, 50)
    client.wait(web, id, "working")
    first.kill_all()
    time.sleep(2.5)  # its claim ends by itself
    second = worker("second", 0)
    client.wait(web, id, "ready")
    assert widths(tmp_path) == [50]
    assert client.preview(web, id)[:2] == b"\xff\xd8"
    assert second.stop() == 0
    assert web.stop() == 0


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTTIN", "SIGUSR2"])
def test_signals_of_other_servers_change_nothing(start: Start, name: str) -> None:
    server = start()
    requests.get(f"{server.address}/healthz")  # the worker is there
    worker = server.worker().pid
    server.process.send_signal(getattr(signal, name))
    server.worker().send_signal(signal.SIGHUP)
    time.sleep(2)
    assert requests.get(f"{server.address}/healthz").status_code == 200
    assert server.worker().pid == worker
    assert server.stop() == 0
