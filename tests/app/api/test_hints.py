"""Hints and a reference, over HTTP."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from PIL import Image

from colorizer import provenance_of

from .test_api import jpeg, problem, upload


def pixels(client: FlaskClient, address: str, **query: Any) -> np.ndarray[Any, Any]:
    response = client.get(address, query_string=query)
    assert response.status_code == 200, response.text
    with Image.open(io.BytesIO(response.data)) as image:
        return np.asarray(image.convert("RGB"), np.int16)


@pytest.fixture
def photo(client: FlaskClient) -> dict[str, Any]:
    return upload(client, jpeg())


def test_a_hint_changes_the_picture_and_its_tag(client: FlaskClient, photo: dict[str, Any]) -> None:
    for link in ("preview", "image"):
        address = photo["links"][link]
        plain = client.get(address)
        hinted = client.get(address, query_string={"hint": ["0.5,0.5,#1f3a5f", "0.1,0.1,red"]})
        assert hinted.status_code == 200
        assert hinted.headers["ETag"] != plain.headers["ETag"]
        assert hinted.data != plain.data
        again = client.get(
            address,
            query_string={"hint": ["0.5,0.5,#1f3a5f", "0.1,0.1,red"]},
            headers={"If-None-Match": hinted.headers["ETag"]},
        )
        assert again.status_code == 304


def test_the_note_of_a_result_has_the_hints(client: FlaskClient, photo: dict[str, Any]) -> None:
    response = client.get(photo["links"]["image"], query_string={"hint": "0.5,0.5,navy,0.5"})
    note = provenance_of(io.BytesIO(response.data))
    assert note is not None
    assert note.settings["guidance"]["hints"] == [
        {"x": 0.5, "y": 0.5, "colour": "navy", "reach": 0.5}
    ]


def test_two_hundred_hints_are_taken_and_not_one_more(
    client: FlaskClient, photo: dict[str, Any]
) -> None:
    rng = np.random.default_rng(0)
    hints = [f"{x:.4f},{y:.4f},#1f3a5f" for x, y in rng.random((200, 2))]
    pixels(client, photo["links"]["preview"], hint=hints)
    refused = client.get(photo["links"]["preview"], query_string={"hint": [*hints, "0,0,red"]})
    assert "200" in problem(refused, 422, "invalid-setting")


@pytest.mark.parametrize(
    "hint",
    [
        "",
        "1.5,0.5,red",
        "-1,0,red",
        "nan,0,red",
        "0,0,blurple",
        "0,0",
        "0,0,red,9",
        "x" * 1_000_000,
    ],
    ids=range(8),
)
@pytest.mark.parametrize("link", ["preview", "image"])
def test_what_is_no_hint_is_refused(
    client: FlaskClient, photo: dict[str, Any], hint: str, link: str
) -> None:
    answer = client.get(photo["links"][link], query_string={"hint": hint})
    assert len(problem(answer, 422, "invalid-guidance")) < 300


def test_a_reference_gives_its_palette(client: FlaskClient, photo: dict[str, Any]) -> None:
    other = upload(client, jpeg())
    address = photo["links"]["preview"]
    asked = {"reference": other["id"], "reference_amount": 0.5}
    response = client.get(address, query_string=asked)
    assert response.status_code == 200
    assert response.headers["ETag"] != client.get(address).headers["ETag"]
    answer = client.get(address, query_string={"reference_amount": 2})
    assert "reference_amount" in problem(answer, 422, "invalid-setting")


def test_a_reference_must_be_the_callers_own(
    client: FlaskClient, photo: dict[str, Any], shared_app: OpenAPI
) -> None:
    theirs = upload(shared_app.test_client(), jpeg())
    for id in (theirs["id"], "A" * 22, "../../etc/passwd", "x" * 5000):
        asked = {"reference": id}
        for link in ("preview", "image"):
            assert problem(client.get(photo["links"][link], query_string=asked), 404, "not-found")


def test_they_are_documented(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    for path in ("image", "preview"):
        parameters = document["paths"][f"/api/v1/photos/{{id}}/{path}"]["get"]["parameters"]
        named = {parameter["name"]: parameter for parameter in parameters}
        assert named["hint"]["schema"]["maxItems"] == 200
        assert {"reference", "reference_amount"} <= named.keys()
