"""The API from upload to download."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from app.context import SERVICE
from colorizer.settings import PARAMETERS, PRESETS

from ..doors import NewApp


def picture(width: int = 64, height: int = 48) -> Image.Image:
    ramp = np.linspace(20, 230, width * height).reshape(height, width)
    return Image.fromarray(ramp.astype(np.uint8))


def encoded(format: str, width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    picture(width, height).save(file, format)
    return file.getvalue()


def jpeg() -> bytes:
    return encoded("JPEG")


def upload_form(data: bytes, name: str = "scan.jpg", **fields: str) -> dict[str, Any]:
    """Arguments of a client's ``post`` that upload ``data``; nothing is left open."""
    values = {"file": FileStorage(io.BytesIO(data), name), **fields}
    boundary, body = encode_multipart(values)
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def upload(
    client: FlaskClient,
    data: bytes | None = None,
    name: str = "scan.jpg",
    *,
    batch: str | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Upload a photograph, which must be taken, and return what the API says of it."""
    fields = {} if batch is None else {"batch": batch}
    form = upload_form(jpeg() if data is None else data, name, **fields)
    answer = client.post("/api/v1/photos", headers=headers, **form)
    assert answer.status_code == 201, answer.text
    assert isinstance(answer.json, dict)
    assert answer.headers["Location"] == answer.json["links"]["self"]
    return answer.json


def problem(answer: Any, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == f"urn:colorizer:problem:{kind}"
    detail: str = answer.json["detail"]
    return detail


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_photograph_from_upload_to_deletion(client: FlaskClient) -> None:
    photo = upload(client, name="Großmutter 1923.jpg")
    assert (photo["width"], photo["height"], photo["format"]) == (64, 48, "JPEG")
    assert photo["name"] == "Großmutter 1923.jpg"
    assert photo["bytes"] == len(jpeg())
    links = photo["links"]
    state = client.get(links["self"]).json
    assert state is not None
    assert state["state"] == "ready"
    assert state["problem"] is None
    for name, mode in (("preview", "RGB"), ("grey", "L"), ("uncertainty", "RGBA")):
        answer = client.get(links[name])
        assert answer.status_code == 200
        assert opened(answer.data).mode == mode
        assert answer.mimetype == f"image/{opened(answer.data).format}".lower()
    assert client.get(links["original"]).data == jpeg()
    assert client.get(links["page"]).status_code == 200
    assert client.delete(links["self"]).status_code == 204
    for link in ("self", "image", "preview", "grey", "original", "page"):
        assert client.get(links[link]).status_code == 404
    problem(client.delete(links["self"]), 404, "not-found")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "tiff"])
def test_results_in_every_format(client: FlaskClient, format: str) -> None:
    link = upload(client)["links"]["image"]
    answer = client.get(link, query_string={"format": format, "quality": 80})
    assert answer.status_code == 200
    assert answer.mimetype == f"image/{format}"
    assert opened(answer.data).size == (64, 48)
    assert str(opened(answer.data).format).lower() == format
    side = client.get(link, query_string={"format": format, "side_by_side": True})
    assert opened(side.data).width > 128


def test_settings_count(client: FlaskClient) -> None:
    links = upload(client)["links"]
    pictures = {
        client.get(links["preview"], query_string={"saturation": value}).data for value in (0, 1)
    }
    assert len(pictures) == 2


@pytest.mark.parametrize("what", ["image", "preview"])
@pytest.mark.parametrize(
    "query",
    ["temperature=2", "temperature=nan", "temperature=inf", "temperature=", "working_size=1.5",
     "working_size=64", "model=", "model=/etc/passwd", "model=../x", "unknown=1", "saturation=x",
     "warmth=-31"],
)  # fmt: skip
def test_wrong_settings(client: FlaskClient, what: str, query: str) -> None:
    link = upload(client)["links"][what]
    detail = problem(client.get(f"{link}?{query}"), 422, "invalid-setting")
    assert query.partition("=")[0] in detail


@pytest.mark.parametrize(
    "query", ["format=gif", "quality=0", "quality=101", "bit_depth=12", "format=jpeg&bit_depth=16"]
)
def test_wrong_outputs(client: FlaskClient, query: str) -> None:
    link = upload(client)["links"]["image"]
    problem(client.get(f"{link}?{query}"), 422, "invalid-setting")


@pytest.mark.parametrize("what", ["image", "preview"])
def test_what_is_known_is_not_made_again(
    new_app: NewApp, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app()
    client = app.test_client()
    link = upload(client)["links"][what]
    first = client.get(link)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    pictures = app.extensions[SERVICE].photos._pictures
    for method in ("result", "preview"):
        monkeypatch.setattr(pictures, method, lambda *a, **k: pytest.fail("rendered again"))
    again = client.get(link, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == etag
    monkeypatch.undo()
    other = client.get(link, query_string={"warmth": 10}, headers={"If-None-Match": etag})
    assert other.status_code == 200


def test_head_and_ranges(client: FlaskClient) -> None:
    link = upload(client)["links"]["image"]
    whole = client.get(link)
    head = client.head(link)
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(whole.data))
    part = client.get(link, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.data == whole.data[10:20]
    beyond = client.get(link, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416


def test_before_the_colours_are_there(new_app: NewApp) -> None:
    client = new_app(inline=False).test_client()
    photo = upload(client)
    assert photo["state"] == "queued"
    assert photo["position"] == 1
    for what in ("image", "preview", "grey", "uncertainty", "colours"):
        answer = client.get(
            photo["links"][what], query_string={"x": 0, "y": 0} if what == "colours" else {}
        )
        problem(answer, 409, "not-ready")
        assert int(answer.headers["Retry-After"]) >= 1
    assert client.get(photo["links"]["original"]).status_code == 200


def test_another_prediction(client: FlaskClient) -> None:
    photo = upload(client)
    wanted = {"working_size": 128}
    missing = client.get(photo["links"]["self"], query_string=wanted).json
    assert missing is not None
    assert missing["state"] == "missing"
    answer = client.post(photo["links"]["predictions"], json=wanted)
    assert answer.status_code in {200, 202}
    assert answer.json is not None
    assert "working_size=128" in answer.json["links"]["image"]
    ready = client.get(answer.json["links"]["self"]).json
    assert ready is not None
    assert ready["state"] == "ready"
    assert client.post(photo["links"]["predictions"], json=wanted).status_code == 200
    assert client.get(answer.json["links"]["preview"]).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"[", b"[]", b"1", b'"x"', b"null", b'{"working_size": 1}', b'{"model": "/etc/passwd"}',
     b'{"temperature": 1}', b"[" * 100_000, b'{"working_size": ' + b"9" * 5000 + b"}",
     b'{"model": "\\ud800"}', b"\xff\xfe"],
)  # fmt: skip
def test_wrong_bodies(client: FlaskClient, body: bytes) -> None:
    link = upload(client)["links"]["predictions"]
    answer = client.post(link, data=body, content_type="application/json")
    problem(answer, 422, "invalid-setting")


def test_likely_colours(client: FlaskClient) -> None:
    link = upload(client)["links"]["colours"]
    answer = client.get(link, query_string={"x": 0.5, "y": 1, "count": 4})
    assert answer.status_code == 200
    assert answer.json is not None
    colours = answer.json["colours"]
    assert len(colours) == 4
    probabilities = [colour["probability"] for colour in colours]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= p <= 1 for p in probabilities)
    for wrong in (
        {},
        {"x": 0.5},
        {"x": 2, "y": 0},
        {"x": "nan", "y": 0},
        {"x": 0, "y": 0, "count": 0},
    ):
        problem(client.get(link, query_string=wrong), 422, "invalid-setting")


def test_a_batch(client: FlaskClient) -> None:
    created = client.post("/api/v1/batches")
    assert created.status_code == 201
    assert created.json is not None
    assert created.headers["Location"] == created.json["links"]["self"]
    id, links = created.json["id"], created.json["links"]
    for _ in range(2):
        assert upload(client, batch=id)["batch"] == id
    batch = client.get(links["self"]).json
    assert batch is not None
    assert [photo["state"] for photo in batch["photos"]] == ["ready", "ready"]
    assert batch["counts"]["ready"] == 2
    archive = client.get(links["zip"], query_string={"format": "jpeg"})
    assert archive.mimetype == "application/zip"
    assert "attachment" in archive.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(archive.data)) as file:
        assert file.testzip() is None
        assert len(set(file.namelist())) == 2
    more = client.post(links["self"] + "/predictions", json={"working_size": 128})
    assert more.status_code in {200, 202}
    assert client.get(links["page"]).status_code == 200
    assert client.delete(links["self"]).status_code == 204
    assert client.get(links["self"]).status_code == 404
    assert client.get(batch["photos"][0]["links"]["self"]).status_code == 404


def test_what_the_server_offers(client: FlaskClient) -> None:
    models = client.get("/api/v1/models").json
    assert models is not None
    assert models["default"] in models["models"]
    offered = client.get("/api/v1/parameters").json
    assert offered is not None
    assert [p["name"] for p in offered["parameters"]] == list(PARAMETERS)
    assert [p["name"] for p in offered["presets"]] == list(PRESETS)
    assert offered["formats"] == ["png", "jpeg", "webp", "tiff"]
    assert offered["limits"]["max_upload_mb"] == 50


@pytest.mark.parametrize("fields", [("file", "file"), ("file", "other")])
def test_two_files_are_refused_by_their_names(client: FlaskClient, fields: tuple[str, str]) -> None:
    data = MultiDict(
        [(fields[0], (io.BytesIO(jpeg()), "a.jpg")), (fields[1], (io.BytesIO(b"bad"), "b.jpg"))]
    )
    detail = problem(client.post("/api/v1/photos", data=data), 422, "invalid-setting")
    assert "2 (a.jpg, b.jpg)" in detail


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"file": (io.BytesIO(b"x"), "a.jpg")}},
        {"data": b"picture", "content_type": "image/jpeg"},
    ],
)
def test_a_batch_takes_no_files_itself(client: FlaskClient, sent: dict[str, Any]) -> None:
    detail = problem(client.post("/api/v1/batches", **sent), 422, "invalid-setting")
    assert "with the batch's id" in detail
    assert client.post("/api/v1/batches", json={}).status_code == 201


@pytest.mark.parametrize("size", [1_000_001, 10**24])
def test_a_body_that_nobody_reads_is_not_too_large_either(client: FlaskClient, size: int) -> None:
    answer = client.post("/api/v1/batches", environ_overrides={"CONTENT_LENGTH": str(size)})
    assert "1 MB" in problem(answer, 413, "upload-too-large")
    nowhere = client.post("/api/v1/nowhere", environ_overrides={"CONTENT_LENGTH": str(size)})
    assert nowhere.status_code == 404


def test_too_long_a_field_is_called_that(client: FlaskClient) -> None:
    boundary, body = encode_multipart({"colour": "x" * 900_000})
    kind = f"multipart/form-data; boundary={boundary}"
    answer = client.post("/api/v1/photos", data=body, content_type=kind)
    assert "longer ones" in problem(answer, 413, "upload-too-large")


@pytest.mark.parametrize("asked", ["items=0-1", "bytes=0-1,5-6", "nonsense"])
def test_ranges_that_are_not_served_are_not_heard(client: FlaskClient, asked: str) -> None:
    id = upload(client)["id"]
    whole = client.get(f"/api/v1/photos/{id}/original")
    answer = client.get(f"/api/v1/photos/{id}/original", headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, whole.data)
    past = {"Range": f"bytes={len(whole.data) + 1}-"}
    assert client.get(f"/api/v1/photos/{id}/original", headers=past).status_code == 416


def test_what_needs_no_session_says_so(client: FlaskClient) -> None:
    document: Any = client.get("/api/v1/openapi.json").json
    paths = document["paths"]
    open_to_all = {
        f"{method} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if {} in operation["security"]
    }
    assert open_to_all == {
        *("post /photos", "post /films", "post /batches"),
        *("get /models", "get /parameters", "get /words"),
    }
