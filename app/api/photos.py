"""Photographs: upload, look, ask for a prediction, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request, url_for

from app.context import service
from app.service import Treatment
from app.web.recent import remember
from app.web.security import owner

from . import representations
from .documents import NO_SESSION, body, checked, form_with_file, new_blueprint
from .schemas import PathId, Photo, PredictionSettings, Upload, Uploaded

blueprint = new_blueprint("photos", "Photographs: upload, look, ask for colours, delete.")


@blueprint.post(
    "/photos",
    responses={"201": Uploaded},
    openapi_extensions=body("multipart/form-data", Upload),
    security=NO_SESSION,
)
def upload() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Upload a photograph.

    It is kept as it is, and the prediction of the default model is queued. A program without a
    token gets a session cookie, which it must send with all that follows. With ``page`` "all" each
    page becomes a photograph, and the answer is their batch: the one that was named, or a new one.
    """
    person = owner()
    form = form_with_file(Upload)
    name = form.file.filename or ""
    stream, batch = form.file.stream, form.batch or None
    treatment = Treatment(
        salvage=form.salvage,
        colour=form.colour,
        place=form.place,
        turn=form.turn,
        negative=form.negative,
        whole=form.whole,
    )
    if form.page == "all":
        pages = service.batches.upload_all(person, stream, name, batch=batch, treatment=treatment)
        if batch is None:
            remember("batch", pages.id)
        location = url_for("batches.read", id=pages.id)
        return representations.batch(pages), 201, {"Location": location}
    treatment = replace(treatment, page=form.page)
    view = service.photos.upload(person, stream, name, batch=batch, treatment=treatment)
    if view.record.batch is None:
        remember("photograph", view.record.id)
    location = url_for("photos.read", id=view.record.id)
    return representations.photo(view), 201, {"Location": location}


@blueprint.get("/photos/<id>", responses={"200": Photo})
def read(path: PathId, query: PredictionSettings) -> dict[str, Any]:
    """How far a photograph has come.

    The state is that of the prediction which the model and the working size name.
    """
    settings = query.settings()
    view = service.photos.view(owner(create=False), path.id, settings)
    return representations.photo(view, settings)


@blueprint.delete("/photos/<id>", responses={"204": None})
def delete(path: PathId) -> tuple[str, int]:
    """Delete a photograph and all that was made of it, at once."""
    service.photos.delete(owner(create=False), path.id)
    return "", 204


@blueprint.post(
    "/photos/<id>/predictions",
    responses={"200": Photo, "202": Photo},
    openapi_extensions=body("application/json", PredictionSettings),
)
def predict(path: PathId) -> tuple[dict[str, Any], int]:
    """Ask for a prediction by another model or at another working size, or again after a failure.

    200 if it is there already, 202 if it is now waiting.
    """
    person = owner(create=False)
    settings = checked(PredictionSettings, request.get_data() or b"{}").settings()
    view = service.photos.request(person, path.id, settings)
    return representations.photo(view, settings), 200 if view.state == "ready" else 202
