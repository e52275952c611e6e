"""The pictures of a photograph, and what the network holds possible at a point of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, url_for
from flask_openapi3.types import ResponseDict

from app.context import service
from app.storage.wishes import MIMETYPES
from app.web.delivery import send
from app.web.security import owner
from colorizer.guidance import Words

from .documents import file_of, new_blueprint
from .schemas import (
    Colour,
    Colours,
    Found,
    FoundPhrase,
    GuidedFile,
    GuidedPicture,
    PathId,
    PhraseSettings,
    PointSettings,
    SentenceSettings,
)
from .schemas import PredictionSettings as Settings

blueprint = new_blueprint("pictures", "Colours for a photograph, as pictures and as numbers.")

_KNOWN: ResponseDict = {"304": {"description": "The picture with this ETag is still right."}}


@blueprint.get(
    "/photos/<id>/image",
    responses={"200": file_of(*(kind for kind, _ in MIMETYPES.values())), **_KNOWN},
)
def image(path: PathId, query: GuidedFile) -> Response:
    """The finished picture at full size, rendered with these settings.

    409 with Retry-After as long as the prediction is not there.
    """
    who, settings, output = owner(create=False), query.settings(), query.output()
    return send(service.photos.result(who, path.id, settings, output, query.guide()))


@blueprint.get("/photos/<id>/preview", responses={"200": file_of("image/jpeg"), **_KNOWN})
def preview(path: PathId, query: GuidedPicture) -> Response:
    """A small picture in colour, rendered with these settings."""
    who = owner(create=False)
    return send(service.photos.preview(who, path.id, query.settings(), query.guide()))


@blueprint.get("/photos/<id>/grey", responses={"200": file_of("image/jpeg"), **_KNOWN})
def grey(path: PathId) -> Response:
    """The small picture without colours."""
    return send(service.photos.grey_preview(owner(create=False), path.id))


@blueprint.get("/photos/<id>/uncertainty", responses={"200": file_of("image/png"), **_KNOWN})
def uncertainty(path: PathId, query: Settings) -> Response:
    """Where the model was unsure: a picture to lay over the preview, transparent where sure."""
    return send(service.photos.uncertainty(owner(create=False), path.id, query.settings()))


@blueprint.get(
    "/photos/<id>/original", responses={"200": file_of("application/octet-stream"), **_KNOWN}
)
def original(path: PathId) -> Response:
    """The file as it was uploaded."""
    return send(service.photos.original(owner(create=False), path.id), attachment=True)


@blueprint.get("/photos/<id>/colours", responses={"200": Colours})
def colours(path: PathId, query: PointSettings) -> dict[str, Any]:
    """The likeliest colours at a point, with their probabilities."""
    found = service.photos.likely_colours(
        owner(create=False), path.id, query.settings(), query.x, query.y, query.count
    )
    items = [
        Colour(a=c.a, b=c.b, probability=c.probability, rgb="#{:02x}{:02x}{:02x}".format(*c.rgb))
        for c in found
    ]
    return Colours(colours=items).model_dump()


@blueprint.get("/photos/<id>/words", responses={"200": Found})
def words(path: PathId, query: SentenceSettings) -> dict[str, Any]:
    """What is understood of words about the photograph, and where each phrase acts."""
    said, who = Words(query.words), owner(create=False)
    places = service.photos.places(who, path.id, query.settings(), said)
    chosen = query.model_dump(exclude_defaults=True)
    items = [
        FoundPhrase(
            **asdict(place.phrase),
            found=place.is_there,
            surest=place.surest,
            share=place.share,
            place=url_for("pictures.found", id=path.id, **chosen, number=number),
        )
        for number, place in enumerate(places)
    ]
    return Found(
        understood=items, unknown=list(service.photos.understood(said).unknown)
    ).model_dump()


@blueprint.get("/photos/<id>/found", responses={"200": file_of("image/png"), **_KNOWN})
def found(path: PathId, query: PhraseSettings) -> Response:
    """Where a phrase acts: a picture to lay over the preview."""
    who, said = owner(create=False), Words(query.words)
    return send(service.photos.found(who, path.id, query.settings(), said, query.number))
