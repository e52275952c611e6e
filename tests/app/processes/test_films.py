"""Films, in real processes that are killed while they colour them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import wait_until
from ..running import Client, Start, starting


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


def test_after_a_power_cut_a_film_goes_on(start: Start, client: Client, tmp_path: Path) -> None:
    server = start(seconds=1.2)
    address = client.colour_film(server)
    wait_until(lambda: bool(client.version(server, address)["frames"] >= 2))
    server.kill_all()
    server = start(seconds=0.1)
    wait_until(lambda: bool(client.version(server, address)["state"] == "ready"))
    first, second = map(int, (tmp_path / "finished.films").read_text().split())
    assert first == 0
    assert second >= 2
    assert server.stop() == 0


def test_a_server_stops_at_once_in_the_middle_of_a_film(
    start: Start, client: Client, tmp_path: Path
) -> None:
    server = start(seconds=1.2)
    address = client.colour_film(server)
    wait_until(lambda: bool(client.version(server, address)["state"] == "working"))
    assert server.stop() == 0
    server = start(seconds=0.1)
    wait_until(lambda: bool(client.version(server, address)["state"] == "ready"))
    assert server.stop() == 0
