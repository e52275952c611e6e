"""What a browser uploaded lately, kept in its session: the start page leads back to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from flask import session

from ..context import service
from ..errors import NotFound
from ..storage.records import PhotoRecord
from ..work.offers import View

Kind = Literal["photograph", "batch", "film"]

#: kind -> endpoint of its page
PAGES: Mapping[Kind, str] = {
    "photograph": "pages.photograph",
    "batch": "pages.batch",
    "film": "film_pages.film",
}

#: how many are kept: the session is a cookie, and cookies are small
MOST = 8
#: of the latest moves
MOST_MOVED = 16


@dataclass(frozen=True)
class Recent:
    """A photograph, a batch or a film that is still there.

    Attributes:
        endpoint: of its page, which takes its ``id``.
        name: what it is called.
        cover: the photograph that stands for it, once there is something to see of it.
    """

    endpoint: str
    id: str
    name: str
    cover: View | None


def remember(kind: Kind, id: str) -> None:
    """Put something new first. Programs, which have no session, remember for themselves."""
    if "owner" in session:
        others = [entry for entry in session.get("recent", []) if entry != [kind, id]]
        session["recent"] = [[kind, id], *others][:MOST]


def note_move(old: str, new: str, degrees: int) -> None:
    """A photograph has another id now, and was turned so far: addresses of the old one go there."""
    if "owner" in session:
        session["moved"] = [[old, new, degrees], *session.get("moved", [])][:MOST_MOVED]


def moved(id: str) -> tuple[str, int] | None:
    """The id that a photograph has now, and the degrees clockwise by which it was turned since."""
    turns, found = 0, None
    for old, new, degrees in reversed(session.get("moved", [])):
        if old == (found or id):
            found, turns = new, (turns + degrees) % 360
    return None if found is None else (found, turns)


def listed(owner: str) -> list[Recent]:
    """What is still there of it, the newest first."""
    found = []
    for kind, id in session.get("recent", []):
        with suppress(NotFound):
            found.append(_LOOKS[kind](owner, id))
    return found


def photographs(owner: str) -> list[PhotoRecord]:
    """The photographs among it, alone or in a batch, without those that failed."""
    found: list[View] = []
    for kind, id in session.get("recent", []):
        with suppress(NotFound):
            if kind == "photograph":
                found.append(service.photos.view(owner, id))
            elif kind == "batch":
                found += service.batches.view(owner, id).photos
    return [view.record for view in found if view.state != "failed"]


def film_of(owner: str, still: str) -> str | None:
    """The film among it that a photograph is a moment of."""
    for kind, id in session.get("recent", []):
        with suppress(NotFound):
            if kind == "film":
                stills = service.films.view(owner, id).record.stills
                if any(photo == still for _, photo in stills):
                    return str(id)
    return None


def _photograph(owner: str, id: str) -> Recent:
    view = service.photos.view(owner, id)
    return Recent(PAGES["photograph"], id, view.record.name, view if view.has_preview else None)


def _batch(owner: str, id: str) -> Recent:
    photos = service.batches.view(owner, id).photos
    if not photos:
        raise NotFound  # everything in it was refused or deleted
    name = f"{len(photos)} photograph{'' if len(photos) == 1 else 's'}"
    return Recent(PAGES["batch"], id, name, next((p for p in photos if p.has_preview), None))


def _film(owner: str, id: str) -> Recent:
    view = service.films.view(owner, id)
    stills = [still for _, still in view.stills]
    cover = stills[len(stills) // 3] if stills else None
    return Recent(PAGES["film"], id, view.record.name, cover)


_LOOKS: Mapping[str, Callable[[str, str], Recent]] = {
    "photograph": _photograph,
    "batch": _batch,
    "film": _film,
}
