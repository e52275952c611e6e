"""Shared by the API's modules: validation, and the parts of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ValidationError

from app.storage import names
from colorizer.errors import InvalidSetting

Model = TypeVar("Model", bound=BaseModel)

PREFIX = "/api/v1"

#: of operations that need no session: they make one, or nobody owns what they tell
NO_SESSION: list[dict[str, list[str]]] = [{}]

_PROBLEM = {
    "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
}


def new_blueprint(name: str, description: str) -> APIBlueprint:
    """A part of the API: every operation may answer with a problem, and asks who is there."""
    return APIBlueprint(
        name,
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=description)],
        abp_responses={status: dict(_PROBLEM) for status in ("422", "4XX", "5XX")},
        abp_security=[{"token": []}, {"session": []}],
    )


def refuse(error: ValidationError) -> NoReturn:
    """Say in one sentence what is wrong with a query, form or body.

    Raises:
        InvalidSetting: always.
    """
    reasons = {
        f"{'.'.join(map(str, item['loc'])) or 'the request'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    }
    raise InvalidSetting("; ".join(sorted(reasons)) + ".") from error


def checked(model: type[Model], values: Mapping[str, Any] | bytes) -> Model:
    """The model of a form's fields or of a JSON text.

    Raises:
        InvalidSetting: if they do not fit.
    """
    try:
        if isinstance(values, bytes):
            return model.model_validate_json(values)
        return model.model_validate(values)
    except ValidationError as error:
        refuse(error)


def form_with_file(model: type[Model]) -> Model:
    """The model of a form with one file, its field ``file``.

    Raises:
        InvalidSetting: if it does not fit, or has more files.
    """
    files = [file for _, file in request.files.items(multi=True)]
    if len(files) > 1:
        called = ", ".join(names.clean(file.filename or "") for file in files)
        raise InvalidSetting(f"file: must be one file, not {len(files)} ({called}).")
    form = checked(model, {**request.form, **request.files})
    if "file" not in request.files:
        raise InvalidSetting("file: must be a file, not text.")
    return form


def body(mimetype: str, model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI extension that documents a request's body.

    Models within it must be part of some response: there the document has them.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {mimetype: {"schema": schema}}
    return {"requestBody": {"content": content, "required": True}}


def file_of(*mimetypes: str) -> dict[str, Any]:
    """The documentation of a response that is a file."""
    schema = {"type": "string", "format": "binary"}
    return {"content": {mimetype: {"schema": schema} for mimetype in mimetypes}}
