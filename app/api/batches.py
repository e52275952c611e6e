"""Batches: many photographs, one set of settings, one archive."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from app.context import service
from app.web.recent import remember
from app.web.security import owner
from colorizer.errors import InvalidSetting

from . import representations
from .documents import NO_SESSION, body, checked, file_of, new_blueprint
from .schemas import ArchivedFile, Batch, PathId, PredictionSettings

_WITHOUT_FILES = {"", "application/json", "application/x-www-form-urlencoded"}

blueprint = new_blueprint("batches", "Many photographs, one archive.")


@blueprint.post("/batches", responses={"201": Batch}, security=NO_SESSION)
def create() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Begin a batch. Photographs join it when they are uploaded with its id.

    It takes no files itself.
    """
    if request.content_length and request.mimetype not in _WITHOUT_FILES:
        raise InvalidSetting(
            "A batch begins empty. Upload each photograph to photos, with the batch's id."
        )
    view = service.batches.new(owner())
    remember("batch", view.id)
    return representations.batch(view), 201, {"Location": url_for("batches.read", id=view.id)}


@blueprint.get("/batches/<id>", responses={"200": Batch})
def read(path: PathId, query: PredictionSettings) -> dict[str, Any]:
    """All photographs of a batch and how far each has come."""
    settings = query.settings()
    view = service.batches.view(owner(create=False), path.id, settings)
    return representations.batch(view, settings)


@blueprint.delete("/batches/<id>", responses={"204": None})
def delete(path: PathId) -> tuple[str, int]:
    """Delete a batch with all its photographs, at once."""
    service.batches.delete(owner(create=False), path.id)
    return "", 204


@blueprint.post(
    "/batches/<id>/predictions",
    responses={"200": Batch, "202": Batch},
    openapi_extensions=body("application/json", PredictionSettings),
)
def predict(path: PathId) -> tuple[dict[str, Any], int]:
    """Ask for the missing predictions of a whole batch, as many as the queue takes.

    200 if nothing is left to wait for, else 202.
    """
    person = owner(create=False)
    settings = checked(PredictionSettings, request.get_data() or b"{}").settings()
    view = service.batches.request(person, path.id, settings)
    waiting = {"missing", "queued", "working"} & {photo.state for photo in view.photos}
    return representations.batch(view, settings), 202 if waiting else 200


@blueprint.get("/batches/<id>/zip", responses={"200": file_of("application/zip")})
def archive(path: PathId, query: ArchivedFile) -> Response:
    """One archive with the finished pictures, rendered while it is sent.

    What could not be finished is listed in errors.txt inside.
    """
    person = owner(create=False)
    chunks = service.batches.zip(person, path.id, query.settings(), query.output(), query.said())
    response = Response(chunks, mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=colorized.zip"
    return response
