"""Films: upload, moments to choose settings by, coloured versions as jobs."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_openapi3.types import ResponseDict

from app.context import service
from app.storage.orders import FILM_TYPES
from app.web.delivery import send
from app.web.recent import remember
from app.web.security import owner

from . import representations
from .documents import NO_SESSION, body, checked, file_of, form_with_file, new_blueprint
from .film_schemas import Film, FilmUpload, VersionOut, VersionPath, VersionSettings
from .schemas import PathId, PredictionSettings

blueprint = new_blueprint("films", "Films: upload, choose settings on stills, colour, download.")

_PARTS: ResponseDict = {
    "206": {
        "description": "The part of the file that was asked for.",
        "content": {"application/octet-stream": {}},
    },
    "304": {"description": "The file with this ETag is still right."},
}


@blueprint.post(
    "/films",
    responses={"201": Film},
    openapi_extensions=body("multipart/form-data", FilmUpload),
    security=NO_SESSION,
)
def upload() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Upload a film.

    It is kept as it is. Ten moments of it become photographs, whose predictions are queued: their
    previews show what settings do.
    """
    person = owner()
    file = form_with_file(FilmUpload).file
    view = service.films.upload(person, file.stream, file.filename or "")
    remember("film", view.record.id)
    location = url_for("films.read", id=view.record.id)
    return representations.film(view), 201, {"Location": location}


@blueprint.get("/films/<id>", responses={"200": Film})
def read(path: PathId, query: PredictionSettings) -> dict[str, Any]:
    """A film, its stills, and its coloured versions with how far each is.

    The state of a still is that of the prediction which the model and the working size name.
    """
    settings = query.settings()
    view = service.films.view(owner(create=False), path.id, settings)
    return representations.film(view, settings)


@blueprint.delete("/films/<id>", responses={"204": None})
def delete(path: PathId) -> tuple[str, int]:
    """Delete a film, its stills and all versions, at once."""
    service.films.delete(owner(create=False), path.id)
    return "", 204


@blueprint.get(
    "/films/<id>/original", responses={"200": file_of("application/octet-stream"), **_PARTS}
)
def original(path: PathId) -> Response:
    """The file as it was uploaded, whole or in parts (Range)."""
    response = send(service.films.original(owner(create=False), path.id), attachment=True)
    response.mimetype = "application/octet-stream"
    return response


@blueprint.post(
    "/films/<id>/versions",
    responses={"200": VersionOut, "202": VersionOut},
    openapi_extensions=body("application/json", VersionSettings),
)
def colour(path: PathId) -> tuple[dict[str, Any], int]:
    """Colour the film with these settings: a job.

    200 if such a version is there already, else 202. One that failed is tried again. The palette of
    a reference is taken now: its photograph may be deleted afterwards.
    """
    person = owner(create=False)
    asked = checked(VersionSettings, request.get_data() or b"{}")
    version = service.films.ask(person, path.id, asked.order(), asked.guide())
    answer = representations.version(path.id, version)
    return answer, 200 if version.state == "ready" else 202


@blueprint.get("/films/<id>/versions/<version>", responses={"200": VersionOut})
def progress(path: VersionPath) -> dict[str, Any]:
    """How far a version is."""
    version = service.films.version(owner(create=False), path.id, path.version)
    return representations.version(path.id, version)


@blueprint.delete("/films/<id>/versions/<version>", responses={"204": None})
def remove(path: VersionPath) -> tuple[str, int]:
    """Cancel a version that is being made, or remove one that is finished."""
    service.films.remove(owner(create=False), path.id, path.version)
    return "", 204


@blueprint.get(
    "/films/<id>/versions/<version>/file",
    responses={"200": file_of(*sorted({kind for kind, _ in FILM_TYPES.values()})), **_PARTS},
)
def file(path: VersionPath) -> Response:
    """The coloured film, whole or in parts (Range). 409 with Retry-After until it is finished."""
    return send(service.films.file(owner(create=False), path.id, path.version))
