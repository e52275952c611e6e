"""The API's document says what the API does, and repeats the library's parameters exactly."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.service import Output
from colorizer.settings import PARAMETERS

from ..doors import NewApp


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def query(document: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    parameters = document["paths"][path]["get"]["parameters"]
    return {p["name"]: p for p in parameters if p["in"] == "query"}


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Colorizer"


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_of_the_library(document: dict[str, Any], name: str) -> None:
    parameter = PARAMETERS[name]
    documented = query(document, "/api/v1/photos/{id}/image")[name]
    schema = documented["schema"]
    assert schema["default"] == parameter.default
    assert schema.get("minimum") == parameter.minimum
    assert schema.get("maximum") == parameter.maximum
    assert (
        schema["type"] == {"float": "number", "int": "integer", "choice": "string"}[parameter.kind]
    )
    assert parameter.help in documented["description"]
    assert not documented["required"]


def test_only_what_counts_is_asked(document: dict[str, Any]) -> None:
    predict = {name for name, p in PARAMETERS.items() if p.stage == "predict"}
    assert set(query(document, "/api/v1/photos/{id}")) == predict
    words = {"words", "words_amount"}
    guided = set(PARAMETERS) | words | {"hint", "reference", "reference_amount"}
    assert set(query(document, "/api/v1/photos/{id}/preview")) == guided
    output = set(Output.__dataclass_fields__)
    assert set(query(document, "/api/v1/photos/{id}/image")) == guided | output
    assert set(query(document, "/api/v1/batches/{id}/zip")) == set(PARAMETERS) | words | output


def test_every_operation_may_end_in_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            assert operation["operationId"]
            for status, answer in operation["responses"].items():
                assert answer["description"] is not None
                if status.startswith(("4", "5")):
                    assert list(answer["content"]) == ["application/problem+json"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(target := node.get("$ref"), str):
                assert target.startswith("#/components/schemas/")
                assert target.rpartition("/")[2] in document["components"]["schemas"]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def test_its_paths_begin_where_the_proxy_says(new_app: NewApp) -> None:
    client = new_app(trusted_proxies=1).test_client()
    path, headers = "/api/v1/openapi.json", {"X-Forwarded-Prefix": "/colours"}
    for given, url in ((headers, "/colours"), ({}, "/"), (headers, "/colours")):
        document = client.get(path, headers=given).json
        assert document is not None
        assert document["servers"] == [{"url": url}]
        cookie = document["components"]["securitySchemes"]["session"]["name"]
        assert cookie == client.application.config["SESSION_COOKIE_NAME"]


def test_the_page_to_try_it_needs_no_inline_script(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.text.count("<script") == page.text.count("<script src=")
    assert "style=" not in page.text
    for part in page.text.split('"'):
        if part.startswith("/"):
            assert client.get(part).status_code == 200, part
