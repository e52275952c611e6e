"""The password of the pages: asked for, compared, and not to be guessed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..doors import NewApp
from .test_security import bearer

RIGHT = ("anybody", "open sésame")


@pytest.fixture
def client(new_app: NewApp) -> FlaskClient:
    return new_app(password=RIGHT[1], api_tokens=("first-token",)).test_client()


def test_pages_and_api_ask_for_it(client: FlaskClient) -> None:
    for path in ("/", "/about", "/api/v1/models", "/api/docs"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert client.get(path, auth=RIGHT).status_code == 200


def test_a_token_opens_the_api_and_a_wrong_one_does_not(client: FlaskClient) -> None:
    assert client.get("/api/v1/models", headers=bearer("first-token")).status_code == 200
    assert client.get("/api/v1/models", headers=bearer("other")).status_code == 401


def test_health_and_styles_need_none(client: FlaskClient) -> None:
    for path in ("/healthz", "/metrics", "/static/css/base.css"):
        assert client.get(path).status_code == 200


def test_guessing_is_slowed_and_asking_is_not(client: FlaskClient) -> None:
    for _ in range(15):
        assert client.get("/").status_code == 401
    answers = [client.get("/", auth=("x", "wrong")).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    for path in ("/", "/about"):
        assert client.get(path, auth=RIGHT).status_code == 429
    assert client.get("/nothing", auth=RIGHT).status_code == 404
    assert client.get("/nothing", auth=("x", "wrong")).status_code == 404


def test_an_empty_variable_is_no_password(new_app: NewApp) -> None:
    assert new_app(password="").test_client().get("/").status_code == 200


def test_the_password_opens_the_api_beside_tokens(client: FlaskClient) -> None:
    for _ in range(12):  # and is never taken for a wrong one
        assert client.post("/api/v1/batches", auth=RIGHT).status_code == 201
    assert client.get("/", auth=RIGHT).status_code == 200
    assert client.post("/api/v1/batches").status_code == 401


def test_tokens_may_have_any_characters(new_app: NewApp) -> None:
    client = new_app(api_tokens=("tokén",)).test_client()
    sent = {"Authorization": "Bearer " + "tokén".encode().decode("latin-1")}
    assert client.post("/api/v1/batches", headers=sent).status_code == 201
