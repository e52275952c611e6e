"""Films, in real processes that are killed while they colour them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ...video.clips import planes_of
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


def test_a_film_that_was_killed_goes_on_from_its_last_segment_without_a_seam(
    start: Start, client: Client, tmp_path: Path
) -> None:
    hint = {"time": 0.2, "x": 0.5, "y": 0.5, "colour": "lime"}
    order = {"codec": "ffv1", "hints": [hint], "warmth": 5}
    server = start("films", seconds=0.5)
    address = client.colour_film(server, 3.0, **order)
    wait_until(lambda: bool(client.version(server, address)["frames"] > 12))
    server.kill_all()
    server = start("films")
    whole = tmp_path / "whole.mkv"
    whole.write_bytes(client.finished_film(server, address))
    first, second = map(int, (tmp_path / "finished.films").read_text().split())
    assert first == 0
    assert second >= 8, "what was done was not done again"
    assert client.version(server, address)["hints"] == [{**hint, "reach": 1.0}]

    client.remove(server, address)
    again = tmp_path / "again.mkv"
    client.order(server, address.rpartition("/")[0], **order)
    again.write_bytes(client.finished_film(server, address))
    assert len(planes_of(again)) == 30
    for one, other in zip(planes_of(whole), planes_of(again), strict=True):
        for plane, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(plane, same)
    *_, third = map(int, (tmp_path / "finished.films").read_text().split())
    assert third == 0, "it was made at one go"
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


def test_two_hundred_hints_fit_into_an_address(start: Start, client: Client) -> None:
    server = start()
    address = client.colour_film(server)
    page = f"/films/{address.split('/')[4]}"
    hints = [f"0.{n:06}@0.{n:04},0.1234,%231f3a5f,0.5" for n in range(1, 201)]
    query = "&".join(f"hint={hint}".replace(",", "%2C").replace("@", "%40") for hint in hints)
    answer = client.get(server, f"{page}?{query}", referer=f"{server.address}{page}?{query}")
    assert answer.status_code == 200
    assert "200 places have" in answer.text
    assert server.stop() == 0
