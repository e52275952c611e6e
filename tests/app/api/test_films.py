"""Films over the API, from upload to download."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.context import SERVICE
from colorizer.settings import Settings

from ..clips import FakeFilming, clip, work_off_films
from ..conftest import wait_until
from ..doors import NewApp
from .test_api import jpeg, upload_form


@pytest.fixture(autouse=True)
def filming(monkeypatch: pytest.MonkeyPatch) -> FakeFilming:
    """What colours films in this module."""
    fake = FakeFilming()
    monkeypatch.setattr("colorizer.video.colorize", fake)
    return fake


def upload(
    client: FlaskClient, data: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Upload a film, which must be taken."""
    form = upload_form(clip().getvalue() if data is None else data, "film.mp4")
    answer = client.post("/api/v1/films", headers=headers, **form)
    assert answer.status_code == 201, answer.text
    assert isinstance(answer.json, dict)
    assert answer.headers["Location"] == answer.json["links"]["self"]
    return answer.json


def test_from_upload_to_download(client: FlaskClient) -> None:
    data = clip().getvalue()
    film = upload(client, data)
    assert (film["name"], film["codec"], film["width"], film["height"]) == (
        "film.mp4",
        "h264",
        64,
        48,
    )
    assert film["seconds"] == pytest.approx(1)
    assert (film["rate"], film["audio"], film["versions"]) == (10, 0, [])
    still = film["stills"][0]
    assert client.get(still["links"]["photo"]).json["state"] == "ready"  # type: ignore[index]
    assert client.get(still["links"]["preview"] + "?saturation=2").mimetype == "image/jpeg"
    assert client.get(film["links"]["original"]).data == data
    assert client.get(film["links"]["page"]).status_code == 200

    order = {"saturation": 1.5, "codec": "prores"}
    answer = client.post(film["links"]["versions"], json=order)
    assert answer.status_code == 202
    version = answer.json
    assert version is not None
    assert (version["state"], version["position"], version["codec"]) == ("queued", 1, "prores")
    assert version["settings"] == {"saturation": 1.5}
    assert client.get(version["links"]["file"]).status_code == 409

    work_off_films(client)
    version = client.get(version["links"]["self"]).json
    assert version is not None
    assert (version["state"], version["frames"], version["total"]) == ("ready", 10, 10)
    assert version["warnings"] == ["The subtitles could not be kept."]
    assert client.post(film["links"]["versions"], json=order).status_code == 200
    assert client.get(film["links"]["self"]).json["versions"] == [version]  # type: ignore[index]
    whole = client.get(version["links"]["file"])
    assert whole.mimetype == "video/quicktime"
    assert len(whole.data) == version["bytes"]
    part = client.get(version["links"]["file"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    same = client.get(version["links"]["file"], headers={"If-None-Match": whole.headers["ETag"]})
    assert same.status_code == 304

    assert client.delete(version["links"]["self"]).status_code == 204
    assert client.get(version["links"]["self"]).status_code == 404
    assert client.delete(film["links"]["self"]).status_code == 204
    for link in (film["links"]["self"], film["links"]["original"], still["links"]["photo"]):
        assert client.get(link).status_code == 404


def test_a_version_is_cancelled(new_app: NewApp, filming: FakeFilming) -> None:
    app = new_app(inline=False)
    client, service = app.test_client(), app.extensions[SERVICE]
    film = upload(client)
    filming.gate.clear()
    service._filming.start()
    version = client.post(film["links"]["versions"], json={}).json
    assert version is not None

    def progress() -> dict[str, Any]:
        answer = client.get(version["links"]["self"]).json
        assert isinstance(answer, dict)
        return answer

    wait_until(lambda: progress()["state"] == "working")
    wait_until(lambda: progress()["frames"] > 0)
    assert progress()["total"] == 10
    assert progress()["frames_per_second"] == 4
    assert client.delete(version["links"]["self"]).status_code == 204
    assert client.get(version["links"]["self"]).status_code == 404
    assert client.get(film["links"]["self"]).json["versions"] == []  # type: ignore[index]
    wait_until(lambda: not service._filming._films.unfinished())


@pytest.mark.parametrize(
    ("settings", "data", "status", "words"),
    [
        ({}, b"Dear diary", 415, "not a film"),
        ({}, jpeg(), 415, "not a film"),
        ({}, clip().getvalue()[:300], 422, "damaged"),
        ({"max_film_seconds": 0.5}, clip().getvalue(), 413, "lasts 1 s; at most 0.5 s"),
        ({"max_film_seconds": 0}, clip().getvalue(), 415, "photographs only"),
        ({"max_film_seconds": 0}, b"x" * 3_000_000, 415, "photographs only"),
        ({"max_film_mb": 1}, b"x" * 1_100_000, 413, "larger than 1 MB"),
        ({"max_film_mb": 1}, b"x" * 3_000_000, 413, "larger than 1 MB"),
    ],
)
def test_refusals(
    new_app: NewApp, settings: dict[str, Any], data: bytes, status: int, words: str
) -> None:
    client = new_app(**settings).test_client()
    answer = client.post("/api/v1/films", **upload_form(data, "film.mp4"))
    assert answer.status_code == status
    assert words in answer.json["detail"]  # type: ignore[index]


def test_orders_are_checked(client: FlaskClient) -> None:
    address = upload(client)["links"]["versions"]
    for order in ({"codec": "vp9"}, {"saturation": 99}, {"unknown": 1}, {"model": "none"}):
        assert client.post(address, json=order).status_code == 422


def test_nobody_else_sees_a_film(client: FlaskClient) -> None:
    film = upload(client)
    version = client.post(film["links"]["versions"], json={}).json
    assert version is not None
    stranger = client.application.test_client()
    stranger.get("/")
    for link in (film["links"]["self"], film["links"]["original"], film["links"]["page"]):
        assert stranger.get(link).status_code == 404
    for link in version["links"].values():
        assert stranger.get(link).status_code == 404
    assert stranger.post(film["links"]["versions"], json={}).status_code == 404
    assert stranger.delete(version["links"]["self"]).status_code == 404
    assert stranger.delete(film["links"]["self"]).status_code == 404


def test_the_parameters_are_the_photographs(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    operation = document["paths"]["/api/v1/films/{id}/versions"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {*Settings().as_dict(), "codec", "deinterlace"}
    file = document["paths"]["/api/v1/films/{id}/versions/{version}/file"]["get"]
    assert set(file["responses"]["200"]["content"]) == {
        "video/mp4",
        "video/quicktime",
        "video/x-matroska",
    }
    assert "206" in file["responses"]
    limits = client.get("/api/v1/parameters").json["limits"]  # type: ignore[index]
    assert (limits["max_film_seconds"], limits["max_film_mb"]) == (600, 1000)
