"""A data folder that is away for a while: answers that say so, and nothing deleted for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

import app.storage.records
from app.config import Config
from app.service import Service
from app.storage.folder import Storage
from app.storage.records import PhotoRecord

from .api.test_api import jpeg as jpeg_bytes
from .api.test_api import upload_form
from .conftest import OWNER, finished, jpeg, wait_until
from .doors import NewApp

PROBLEM = "urn:colorizer:problem:storage-unavailable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def someone(new_app: NewApp, folder: Path) -> FlaskClient:
    app: OpenAPI = new_app(data_dir=folder)
    return app.test_client()


@pytest.fixture
def photo(someone: FlaskClient) -> str:
    return str(someone.post("/api/v1/photos", **upload_form(jpeg_bytes())).get_json()["id"])


@pytest.fixture
def away(folder: Path, photo: str) -> Iterator[None]:
    """As when a network disk is not mounted; it is back in the end."""
    moved = folder.rename(folder.with_name("away"))
    yield
    moved.rename(folder)


@pytest.mark.parametrize("part", ["", "/preview", "/image", "/grey", "/original"])
def test_a_photograph_out_of_reach_is_not_a_deleted_one(
    someone: FlaskClient, photo: str, away: None, part: str
) -> None:
    answer = someone.get(f"/api/v1/photos/{photo}{part}")
    assert (answer.status_code, answer.get_json()["type"]) == (503, PROBLEM)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_photograph_that_nobody_has_is_still_not_found(someone: FlaskClient) -> None:
    assert someone.get(f"/api/v1/photos/{'x' * 22}").status_code == 404


@pytest.mark.usefixtures("away")
def test_an_upload_is_sent_away_with_a_sentence(someone: FlaskClient) -> None:
    answer = someone.post("/api/v1/photos", **upload_form(jpeg_bytes()))
    assert (answer.status_code, answer.get_json()["type"]) == (503, PROBLEM)
    assert someone.post("/api/v1/batches").status_code == 503
    assert someone.get("/").status_code == 503, "it shows what was uploaded lately"


@pytest.mark.usefixtures("away")
def test_who_watches_the_server_is_told(someone: FlaskClient) -> None:
    ready = someone.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["checks"]["disk"]["ok"] is False
    metrics = someone.get("/metrics")
    assert metrics.status_code == 200
    assert "colorizer_disk_free_bytes NaN" in metrics.text
    assert "colorizer_data_bytes NaN" in metrics.text
    assert "colorizer_films_waiting NaN" in metrics.text


def test_a_folder_that_is_away_is_not_said_every_second(
    service: Service,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.work.filming._LOOK_EVERY", 0.02)
    moved = config.data_dir.rename(config.data_dir.with_name("away"))
    wait_until(lambda: "the folder of the films cannot be used" in caplog.text)
    time.sleep(0.3)
    moved.rename(config.data_dir)
    wait_until(lambda: "the folder of the films can be used again" in caplog.text)
    ours = [line for line in caplog.records if line.name == "app.work.filming"]
    assert len(ours) == 2
    assert not [line for line in ours if line.exc_info]


def test_tidying_does_not_delete_what_comes_back_meanwhile(
    service: Service, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = service.photos.upload(OWNER, jpeg(), "x.jpg")
    finished(service, OWNER, view.record.id)
    storage = Storage(config.data_dir)
    read: Callable[..., PhotoRecord] = app.storage.records.loaded
    there = config.data_dir

    def loaded(kind: type[PhotoRecord], path: Path) -> PhotoRecord:
        """The folder is away for the first look."""
        monkeypatch.setattr("app.storage.folder.loaded", read)
        moved = there.rename(there.with_name("away"))
        try:
            return read(kind, path)
        finally:
            moved.rename(there)

    monkeypatch.setattr("app.storage.folder.loaded", loaded)
    assert storage.tidy() == 0
    assert service.photos.view(OWNER, view.record.id).state == "ready"
