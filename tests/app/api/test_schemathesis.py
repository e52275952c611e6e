"""Schemathesis asks every operation whatever its schema allows, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask_openapi3.models.operation import Operation
from flask_openapi3.openapi import OpenAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api import batches, catalogue, films, photos, pictures
from colorizer.settings import DEFAULT_MODEL

from ..doors import NewApp
from .test_api import upload
from .test_films import upload as upload_film

TOKEN = {"Authorization": "Bearer a-token-for-schemathesis"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def may_be_wrong(operation: Operation) -> bool:
    """Whether an operation takes anything but a path."""
    places = {parameter.param_in.value for parameter in operation.parameters or []}
    return operation.requestBody is not None or "query" in places


CASES = [
    (path, method, mode)
    for part in (photos, pictures, batches, films, catalogue)
    for path, item in part.blueprint.paths.items()
    for method in ("get", "post", "delete")
    for mode in GenerationMode
    if (operation := getattr(item, method)) is not None
    if mode is GenerationMode.POSITIVE or may_be_wrong(operation)
]


@dataclass(frozen=True)
class Api:
    """An API's schema, and the ids of what somebody has there."""

    schema: schemathesis.BaseSchema
    photo: str
    batch: str
    film: str
    version: str

    def known(self, path: str) -> dict[str, str]:
        """What of it an address asks for."""
        if "/films/" not in path:
            return {"id": self.batch if "/batches/" in path else self.photo}
        place = {"id": self.film}
        return place | {"version": self.version} if "{version}" in path else place


@pytest.fixture(scope="module")
def api(new_app: NewApp) -> Api:
    app = new_app(api_tokens=[TOKEN["Authorization"].split()[1]])
    client = app.test_client()
    batch = client.post("/api/v1/batches", headers=TOKEN).json["id"]  # type: ignore[index]
    photo = upload(client, batch=batch, headers=TOKEN)["id"]
    film = upload_film(client, headers=TOKEN)
    order = client.post(film["links"]["versions"], json={}, headers=TOKEN)
    assert order.json is not None
    generation = GenerationConfig(deterministic=True, with_security_parameters=False)
    config = SchemathesisConfig(
        seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=generation))
    )
    address = "/api/v1/openapi.json"
    schema = schemathesis.openapi.from_wsgi(address, whole(app), config=config)
    return Api(schema, photo, batch, film["id"], order.json["id"])


def whole(app: OpenAPI) -> Any:
    """The application, with every response read and closed before it is looked at."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = app(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            getattr(body, "close", lambda: None)()

    return answer


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_every_operation_does_what_it_says(
    api: Api, path: str, method: str, mode: GenerationMode
) -> None:
    known = api.known(path) if "{id}" in path and method != "delete" else None
    operation = api.schema[path][method]
    query = None
    if mode is GenerationMode.POSITIVE and operation.query.get("model") is not None:
        query = {"model": DEFAULT_MODEL}  # the schema allows any name; most are not here

    @given(case=operation.as_strategy(mode, path_parameters=known, query=query))
    @settings(max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=TOKEN, checks=CHECKS)

    ask()
