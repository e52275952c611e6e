"""Records of the service as the API's models, with links."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import url_for

from app.service import BatchView, View
from colorizer.settings import PARAMETERS, Settings

from . import schemas

_PICTURES = ("image", "preview", "uncertainty", "colours")
_WITHOUT_SETTINGS = ("grey", "original")


def photo(view: View, settings: Settings | None = None) -> dict[str, Any]:
    """A photograph as JSON; its links go to the prediction that ``settings`` name."""
    record = view.record
    chosen = (settings or Settings()).changes()
    predict = {name: chosen[name] for name in chosen if PARAMETERS[name].stage == "predict"}
    links = {
        "self": url_for("photos.read", id=record.id, **predict),
        "predictions": url_for("photos.predict", id=record.id),
        "page": url_for("pages.photograph", id=record.id, **chosen),
        **{name: url_for(f"pictures.{name}", id=record.id, **chosen) for name in _PICTURES},
        **{name: url_for(f"pictures.{name}", id=record.id) for name in _WITHOUT_SETTINGS},
    }
    return schemas.Photo(
        id=record.id,
        name=record.name,
        format=record.format,
        width=record.width,
        height=record.height,
        bit_depth=view.bit_depth,
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
    return document | {"photos": [photo(member, settings) for member in view.photos]}
