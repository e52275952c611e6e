"""Records of the service as the API's models, with links."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import url_for

from app.service import BatchView, View
from colorizer.settings import PARAMETERS, Settings

from . import schemas

_PICTURES = ("image", "preview", "uncertainty", "colours", "words")
_ID = "-id-"
_WITHOUT_SETTINGS = ("grey", "original")


def photo(view: View, settings: Settings | None = None) -> dict[str, Any]:
    """A photograph as JSON; its links go to the prediction that ``settings`` name."""
    return _photo(view, _links(settings))


def _links(settings: Settings | None) -> dict[str, str]:
    """The links of any photograph, with ``_ID`` where its id belongs."""
    chosen = (settings or Settings()).changes()
    predict = {name: chosen[name] for name in chosen if PARAMETERS[name].stage == "predict"}
    return {
        "self": url_for("photos.read", id=_ID, **predict),
        "predictions": url_for("photos.predict", id=_ID),
        "page": url_for("pages.photograph", id=_ID, **chosen),
        **{name: url_for(f"pictures.{name}", id=_ID, **chosen) for name in _PICTURES},
        **{name: url_for(f"pictures.{name}", id=_ID) for name in _WITHOUT_SETTINGS},
    }


def _photo(view: View, links: dict[str, str]) -> dict[str, Any]:
    record = view.record
    links = {name: link.replace(_ID, record.id, 1) for name, link in links.items()}
    return schemas.Photo(
        id=record.id,
        name=record.name,
        format=record.format,
        width=record.width,
        height=record.height,
        page=record.page,
        pages=record.pages,
        bit_depth=view.bit_depth,
        warnings=list(view.warnings),
        bytes=record.bytes,
        created=record.created,
        expires=record.expires,
        batch=record.batch,
        state=view.state,
        position=view.position,
        problem=schemas.Problem(**asdict(view.problem)) if view.problem else None,
        links=schemas.PhotoLinks(**links),
    ).model_dump(mode="json")


def batch(view: BatchView, settings: Settings | None = None) -> dict[str, Any]:
    """A batch as JSON, with all its photographs."""
    links = schemas.BatchLinks(
        self=url_for("batches.read", id=view.id),
        photos=url_for("photos.upload"),
        zip=url_for("batches.archive", id=view.id),
        page=url_for("pages.batch", id=view.id),
    )
    document = schemas.Batch(
        id=view.id,
        created=view.created,
        expires=view.expires,
        counts={str(state): count for state, count in view.counts.items()},
        photos=[],
        links=links,
    ).model_dump(mode="json")
    photo_links = _links(settings)  # making addresses is what takes the time
    return document | {"photos": [_photo(member, photo_links) for member in view.photos]}
