"""The pages of a film: moments of it to choose settings by, its coloured versions, the player.

As on a photograph's page the settings and what is known of the film live in the query string, with
the moment that is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from colorizer.errors import InvalidSetting
from colorizer.video.film import CODECS, Codec

from ..context import service
from ..errors import LenderNotReady
from ..service import FilmView
from ..storage.orders import FilmGuide, Order, Version
from ..work.films import moment
from ..work.offers import View
from . import forms, recent
from .delivery import send
from .pages import form_parts, with_lender, without_gone_lender
from .security import owner

blueprint = Blueprint("film_pages", __name__)

#: short and long names of what films are written as
CODEC_LABELS: dict[Codec, tuple[str, str]] = {
    "h264": ("H.264", "H.264 in MP4, plays everywhere"),
    "h265": ("H.265", "H.265 in MP4, smaller"),
    "prores": ("ProRes", "ProRes 422 HQ, for editing"),
    "ffv1": ("FFV1", "FFV1 in Matroska, without loss"),
}


@dataclass(frozen=True)
class Shown:
    """A version, in words.

    Attributes:
        looks: what its settings are, and what was known of the film.
        query: both as they stand in an address.
    """

    version: Version
    format: str
    looks: str
    query: dict[str, Any]


@dataclass(frozen=True)
class Moment:
    """A moment of the film.

    Attributes:
        seconds: from its beginning.
        view: the photograph that it is.
        guide: what is known of it, as it stands in an address.
        places: how many have a colour of somebody's.
    """

    seconds: float
    view: View
    guide: dict[str, str | list[str]]
    places: int


@blueprint.get("/films/<id>")
def film(id: str) -> str:
    """A film: one moment before and after, the controls, the versions. Asks for missing colours."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    view = service.films.view(who, id, settings)
    guide = without_gone_lender(who, forms.film_guide_from(request.args))
    moments = [_moment(seconds, still, guide) for seconds, still in view.stills]
    number = _chosen(view, request.args)
    chosen = moments[number - 1] if moments else None
    if chosen is not None and chosen.view.state == "missing":
        chosen = replace(chosen, view=service.photos.request(who, chosen.view.record.id, settings))
    return render_template(
        "film.html",
        view=view,
        moments=moments,
        number=number,
        chosen=chosen,
        references=with_lender(who, recent.photographs(who), guide.reference),
        default_amount=FilmGuide.reference_amount,
        versions=_shown(view),
        playing=_playing(view, request.args.get("version")),
        codecs=[(codec, CODEC_LABELS[codec][1]) for codec in CODECS],
        latest=view.versions[-1].order if view.versions else None,
        films_off=service.films.off,
        moment=moment,
        about=about,
        clock=_clock,
        place={**_place(), "still": number},
        as_it_is={**_place(), **forms.query_of_all(settings, guide)},
        **form_parts(settings, guide),
    )


@blueprint.get("/films/<id>/versions")
def versions(id: str) -> str:
    """The list of versions alone, for the page's script."""
    view = service.films.view(owner(create=False), id)
    return render_template(
        "_versions.html",
        view=view,
        versions=_shown(view),
        as_it_is={},
        form=forms.ActionForm(),
        moment=moment,
        about=about,
    )


@blueprint.post("/films/<id>/colour")
def colour(id: str) -> BaseResponse:
    """Ask for a version with what stands in the address."""
    settings, guide = forms.settings_from(request.args), forms.film_guide_from(request.args)
    order = Order(
        settings,
        _codec(request.form),
        deinterlace="deinterlace" in request.form,
        whole="whole" in request.form,
    )
    try:
        version = service.films.ask(owner(create=False), id, order, guide)
    except LenderNotReady as error:
        flash(f"{error} Try again in a moment.", "error")
    else:
        if version.state == "ready":
            flash("The film has been coloured so already.", "done")
        else:
            flash("The order is taken. The film is coloured in the background.", "done")
    return _see(id, **_place(), **forms.query_of_all(settings, guide))


@blueprint.post("/films/<id>/versions/<version>/remove")
def remove(id: str, version: str) -> BaseResponse:
    """Stop a version that is being made, or remove one."""
    service.films.remove(owner(create=False), id, version)
    flash("That version of the film has been removed.", "done")
    settings, guide = forms.settings_from(request.args), forms.film_guide_from(request.args)
    return _see(id, **_place(), **forms.query_of_all(settings, guide))


def _place() -> dict[str, Any]:
    """What the address of a film's page says besides: the moment, and places that are off."""
    return {"still": request.args.get("still"), "off": request.args.getlist("off")}


@blueprint.get("/films/<id>/versions/<version>/play")
def play(id: str, version: str) -> Response:
    """A finished version, for the player."""
    return send(service.films.file(owner(create=False), id, version))


@blueprint.get("/films/<id>/versions/<version>/download")
def download(id: str, version: str) -> Response:
    """A finished version, as an attachment."""
    return send(service.films.file(owner(create=False), id, version), attachment=True)


@blueprint.get("/films/<id>/original")
def original(id: str) -> Response:
    """The film as it was uploaded, as an attachment."""
    return send(service.films.original(owner(create=False), id), attachment=True)


@blueprint.post("/films/<id>/delete")
def delete(id: str) -> BaseResponse:
    """Delete a film and all that was made of it, at once."""
    service.films.delete(owner(create=False), id)
    flash("The film and everything made from it have been deleted.", "done")
    return redirect(url_for("pages.start"), 303)


def _chosen(view: FilmView, values: MultiDict[str, str]) -> int:
    """The number of the moment to look at, from 1: not the first, which is often a title."""
    count = len(view.stills)
    number = forms.whole_from(values, "still", count // 3 + 1)
    return min(max(number, 1), max(count, 1))


def _moment(seconds: float, view: View, guide: FilmGuide) -> Moment:
    known = guide.at(seconds)
    return Moment(max(seconds, 0), view, forms.query_of_guide(known), len(known.hints))


def _looks(order: Order) -> str:
    parts = [forms.in_words(order.settings)]
    places = len(order.guidance.hints)
    if places:
        parts.append("one place touched up" if places == 1 else f"{places} places touched up")
    if order.guidance.reference is not None:
        parts.append(f"colours of {order.guidance.reference.name}")
    if order.guidance.words is not None:
        parts.append(f"“{order.guidance.words.text}”")
    text = ", ".join(filter(None, parts)) or "usual colours"
    return text[0].upper() + text[1:]


def _shown(view: FilmView) -> list[Shown]:
    """The versions, the newest first."""
    return [
        Shown(
            version,
            CODEC_LABELS[version.order.codec][0],
            _looks(version.order),
            forms.query_of_all(version.order.settings, version.order.guide),
        )
        for version in reversed(view.versions)
    ]


def _playing(view: FilmView, key: str | None) -> Version | None:
    """The version to show: the one asked for, or the newest that can be played."""
    playable = [version for version in view.versions if version.is_playable]
    asked = [version for version in playable if version.key == key]
    return next(iter(asked or playable[::-1]), None)


def about(seconds: float) -> str:
    """How long something may yet take, roughly: ``"15 s"``, ``"4 min"``."""
    step = 5 if seconds < 90 else 60
    return moment(max(round(seconds / step), 1) * step)


def _clock(seconds: float, length: float | None) -> str:
    """``"0:03.2"`` of a film that lasts less than a minute, else ``"1:05"``, ``"1:02:05"``."""
    if length is not None and length < 60:
        return f"0:{max(seconds, 0):04.1f}"
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _codec(values: MultiDict[str, str]) -> Codec:
    given = values.get("codec", Order.codec)
    for codec in CODECS:
        if codec == given:
            return codec
    raise InvalidSetting(f"codec must be one of {', '.join(CODECS)}, not {given!r}.")


def _see(id: str, **values: Any) -> BaseResponse:
    return redirect(url_for("film_pages.film", id=id, **values), 303)
