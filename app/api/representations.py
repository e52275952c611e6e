"""Records of the service as the API's models, with links."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import url_for

from app.service import BatchView, FilmView, View
from app.storage.orders import Steps, Version
from colorizer.settings import PARAMETERS, Settings

from . import film_schemas, schemas

_PICTURES = ("image", "preview", "uncertainty", "colours", "words")
_ID = "-id-"
_WITHOUT_SETTINGS = ("grey", "original")


def photo(view: View, settings: Settings | None = None) -> dict[str, Any]:
    """A photograph as JSON; its links go to the prediction that ``settings`` name."""
    return _photo(view, _links(settings))


def _links(settings: Settings | None) -> dict[str, str]:
    """The links of any photograph, with ``_ID`` where its id belongs."""
    chosen, predict = _queries(settings)
    return {
        "self": url_for("photos.read", id=_ID, **predict),
        "predictions": url_for("photos.predict", id=_ID),
        "page": url_for("pages.photograph", id=_ID, **chosen),
        **{name: url_for(f"pictures.{name}", id=_ID, **chosen) for name in _PICTURES},
        **{name: url_for(f"pictures.{name}", id=_ID) for name in _WITHOUT_SETTINGS},
    }


def _queries(settings: Settings | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What settings are in an address, and in that of what depends on the prediction alone."""
    chosen = (settings or Settings()).changes()
    return chosen, {name: chosen[name] for name in chosen if PARAMETERS[name].stage == "predict"}


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
        turn=record.turn,
        negative=record.negative,
        bit_depth=view.bit_depth,
        warnings=list(view.warnings),
        mount=view.mount,
        bytes=record.bytes,
        created=record.created,
        expires=record.expires,
        batch=record.batch,
        state=view.state,
        position=view.position,
        problem=schemas.Problem(**asdict(view.problem)) if view.problem else None,
        kept=view.kept,
        links=schemas.PhotoLinks(**links),
    ).model_dump(mode="json")


def batch(view: BatchView, settings: Settings | None = None) -> dict[str, Any]:
    """A batch as JSON, with all its photographs; links as those of :func:`photo`."""
    chosen, predict = _queries(settings)
    links = schemas.BatchLinks(
        self=url_for("batches.read", id=view.id, **predict),
        photos=url_for("photos.upload"),
        zip=url_for("batches.archive", id=view.id, **chosen),
        page=url_for("pages.batch", id=view.id, **chosen),
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


def film(view: FilmView, settings: Settings | None = None) -> dict[str, Any]:
    """A film as JSON, with its stills and versions; links as those of :func:`photo`."""
    record, photo_links = view.record, _links(settings)
    chosen, predict = _queries(settings)
    links = film_schemas.FilmLinks(
        self=url_for("films.read", id=record.id, **predict),
        versions=url_for("films.colour", id=record.id),
        original=url_for("films.original", id=record.id),
        page=url_for("film_pages.film", id=record.id, **chosen),
    )
    document = film_schemas.Film(
        id=record.id,
        name=record.name,
        codec=record.codec,
        width=record.width,
        height=record.height,
        seconds=record.seconds,
        rate=record.rate,
        frames=record.frames,
        interlaced=record.interlaced,
        audio=record.audio,
        bytes=record.bytes,
        created=record.created,
        expires=record.expires,
        stills=[_still(seconds, still, photo_links) for seconds, still in view.stills],
        versions=[],
        links=links,
    ).model_dump(mode="json")
    return document | {"versions": [version(record.id, each) for each in view.versions]}


def _still(seconds: float, view: View, photo_links: dict[str, str]) -> film_schemas.StillOut:
    id = view.record.id
    links = film_schemas.StillLinks(
        photo=photo_links["self"].replace(_ID, id, 1),
        **{name: photo_links[name].replace(_ID, id, 1) for name in ("preview", "grey", "image")},
    )
    return film_schemas.StillOut(time=max(seconds, 0), photo=id, state=view.state, links=links)


def version(film: str, view: Version) -> dict[str, Any]:
    """A coloured version of a film as JSON."""
    steps, finished, guide = view.steps or Steps(), view.finished, view.order.guide
    place: dict[str, Any] = {"id": film, "version": view.key}
    return film_schemas.VersionOut(
        id=view.key,
        settings=view.order.settings.changes(),
        codec=view.order.codec,
        deinterlace=view.order.deinterlace,
        whole=view.order.whole,
        hints=[film_schemas.HintAtTime.of(hint) for hint in guide.hints],
        reference=guide.reference or None,
        reference_amount=guide.reference_amount if guide.reference else None,
        words=guide.words.text if guide.words else None,
        words_amount=guide.words.amount if guide.words else None,
        asked=view.asked,
        state=view.state,
        position=view.position,
        frames=finished.frames if finished else steps.frames,
        total=finished.frames if finished else steps.total,
        frames_per_second=steps.rate,
        seconds_left=steps.seconds_left,
        bytes=finished.bytes if finished else None,
        warnings=list(finished.warnings) if finished else [],
        problem=schemas.Problem(**asdict(view.problem)) if view.problem else None,
        links=film_schemas.VersionLinks(
            self=url_for("films.progress", **place), file=url_for("films.file", **place)
        ),
    ).model_dump(mode="json")
