"""Films over the API, from upload to download."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.context import SERVICE
from app.storage.orders import Order
from colorizer import Words
from colorizer.settings import Settings
from colorizer.video import FilmGuidance

from ..clips import FakeFilming, clip, work_off_films
from ..conftest import wait_until
from ..doors import NewApp
from .test_api import jpeg, problem, upload_form


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


HINT = {"time": 0.3, "x": 0.25, "y": 0.5, "colour": "#1f3a5f", "reach": 1.0}
IN_LAB = {**HINT, "time": 0.0, "colour": [12.0, -30.0], "reach": 0.5}


def test_what_is_known_of_a_film_is_in_the_job(client: FlaskClient, filming: FakeFilming) -> None:
    film = upload(client)
    grey = client.post("/api/v1/photos", **upload_form(jpeg(), "grey.jpg")).json
    assert grey is not None
    known = {"hints": [HINT, IN_LAB], "reference": grey["id"], "reference_amount": 0.5}
    known["whole"] = True
    answer = client.post(film["links"]["versions"], json=known)
    assert answer.status_code == 202, answer.text
    version = answer.json
    assert version is not None
    assert known.items() <= version.items()
    client.delete(grey["links"]["self"])  # its palette was taken
    work_off_films(client)
    guidance = filming.calls[0]["guidance"]
    assert filming.calls[0]["whole"]
    assert [hint.text for hint in guidance.hints] == [
        "0.3@0.25,0.5,#1f3a5f",
        "0@0.25,0.5,12:-30,0.5",
    ]
    assert (guidance.reference.amount, guidance.reference.name) == (0.5, "grey.jpg")
    version = client.get(version["links"]["self"]).json
    assert version is not None
    assert version["state"] == "ready"
    plain = client.post(film["links"]["versions"], json={}).json
    assert plain is not None
    assert (plain["id"] != version["id"], plain["hints"], plain["reference"]) == (True, [], None)
    assert (plain["words"], plain["words_amount"]) == (None, None)


def test_words_go_with_the_order(client: FlaskClient, filming: FakeFilming) -> None:
    film = upload(client)
    known = {"words": "a woman in a red coat", "words_amount": 0.5}
    version = client.post(film["links"]["versions"], json=known).json
    assert version is not None
    assert known.items() <= version.items()
    work_off_films(client)
    assert filming.calls[-1]["guidance"].words == Words("a woman in a red coat", 0.5)
    for wrong in ({"words": "x" * 1001}, {"words": "red coat", "words_amount": 3}):
        assert client.post(film["links"]["versions"], json=wrong).status_code == 422


def test_orders_without_words_are_called_as_before_there_were_any() -> None:
    assert "words" not in json.loads(Order().dumped())
    said = Order(guidance=FilmGuidance(words=Words("autumn", 0.5)))
    assert said.key != Order().key
    assert Order.loaded(said.dumped()) == said


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"time": 1.5}, "invalid-guidance", "The film lasts 1 s; a hint at 1.5 s is after"),
        ({"time": -1}, "invalid-setting", "hints.0.time"),
        ({"x": 1.5}, "invalid-setting", "hints.0.x"),
        ({"y": -0.1}, "invalid-setting", "hints.0.y"),
        ({"reach": 9}, "invalid-setting", "hints.0.reach"),
        ({"colour": "blurple"}, "invalid-guidance", "'blurple' is not a colour"),
        ({"colour": [12, 300]}, "invalid-setting", "hints.0.colour"),
        ({"hue": 3}, "invalid-setting", "hints.0.hue"),
    ],
)
def test_what_is_no_hint_is_refused(
    client: FlaskClient, changes: dict[str, Any], kind: str, words: str
) -> None:
    film = upload(client)
    answer = client.post(film["links"]["versions"], json={"hints": [{**HINT, **changes}]})
    assert words in problem(answer, 422, kind)
    assert client.get(film["links"]["self"]).json["versions"] == []  # type: ignore[index]


def test_two_hundred_hints_are_taken_and_not_one_more(client: FlaskClient) -> None:
    address = upload(client)["links"]["versions"]
    hints = [{**HINT, "x": number / 200} for number in range(201)]
    assert client.post(address, json={"hints": hints[:200]}).status_code == 202
    assert "200" in problem(client.post(address, json={"hints": hints}), 422, "invalid-setting")


def test_links_go_to_the_prediction_that_is_asked_for(client: FlaskClient) -> None:
    id = upload(client)["id"]
    film = client.get(f"/api/v1/films/{id}?working_size=128").json
    assert film is not None
    still = film["stills"][0]
    photo = client.get(f"/api/v1/photos/{still['photo']}?working_size=128").json
    assert photo is not None
    for name in ("preview", "image", "grey"):
        assert still["links"][name] == photo["links"][name]
    assert still["links"]["photo"] == photo["links"]["self"]
    assert film["links"]["page"].endswith("?working_size=128")


def test_a_reference_must_be_the_callers_own(client: FlaskClient) -> None:
    address = upload(client)["links"]["versions"]
    stranger = client.application.test_client()
    theirs = stranger.post("/api/v1/photos", **upload_form(jpeg(), "x.jpg")).json
    assert theirs is not None
    for id in (theirs["id"], "A" * 22, "../../etc/passwd"):
        assert problem(client.post(address, json={"reference": id}), 404, "not-found")
    answer = client.post(address, json={"reference_amount": 2})
    assert "reference_amount" in problem(answer, 422, "invalid-setting")


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
    known = {"hints", "reference", "reference_amount", "words", "words_amount"}
    ways = {"codec", "deinterlace", "whole"}
    assert set(schema["properties"]) == {*Settings().as_dict(), *ways, *known}
    hints = schema["properties"]["hints"]
    assert hints["maxItems"] == 200
    hint = document["components"]["schemas"][hints["items"]["$ref"].rpartition("/")[2]]
    assert hint["required"] == ["time", "x", "y", "colour"]
    file = document["paths"]["/api/v1/films/{id}/versions/{version}/file"]["get"]
    assert set(file["responses"]["200"]["content"]) == {
        "video/mp4",
        "video/quicktime",
        "video/x-matroska",
    }
    assert "206" in file["responses"]
    limits = client.get("/api/v1/parameters").json["limits"]  # type: ignore[index]
    assert (limits["max_film_seconds"], limits["max_film_mb"]) == (600, 1000)
