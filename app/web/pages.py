"""The pages: HTML for people, thin over the service, complete without JavaScript.

The settings of a photograph live in the page's query string, so what is on the screen can be
bookmarked, and every control has a form or a link behind it. Errors are raised as they are; the
application's error handlers put them on a page.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

import colorizer
from colorizer.errors import (
    InvalidGuidance,
    WeightsError,
)
from colorizer.guidance import MOST_CHARACTERS, WORDS_AMOUNTS, Hint, Words
from colorizer.photo import READABLE_SUFFIXES
from colorizer.settings import Settings
from colorizer.words import Understanding

from ..context import config, service
from ..errors import LENDER_GONE, NotFound
from ..storage.orders import FilmGuide
from ..storage.records import PhotoRecord
from ..storage.wishes import UNGUIDED, Guide
from ..work.films import moment
from ..work.offers import View
from . import forms, recent, uploads
from .delivery import send
from .model_card import model_card
from .security import owner

blueprint = Blueprint("pages", __name__)

#: names that films often end in; the content decides what is taken, here and below
FILM_SUFFIXES = (
    *(".3gp", ".avi", ".dv", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
    *(".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
)
#: what a file picker offers
ACCEPT = ",".join(["image/*", *sorted(READABLE_SUFFIXES)])
ACCEPT_FILMS = ",".join([ACCEPT, "video/*", *FILM_SUFFIXES])
_ZIP_NAME = "colorized-photographs.zip"

AnyGuide = TypeVar("AnyGuide", Guide, FilmGuide)


@blueprint.app_context_processor
def _everywhere() -> dict[str, Any]:
    """What every template may need: the version and the limits."""
    return {"version": colorizer.__version__, "config": config}


@blueprint.get("/")
def start() -> str:
    """The start page; it makes the session that the uploads of its script need."""
    return _start_page()


def _start_page(problem: str | None = None) -> str:
    return render_template(
        "start.html",
        form=forms.UploadForm(),
        recent=recent.listed(owner()),
        most_recent=recent.MOST,
        samples=service.photos.samples(),
        accept=ACCEPT_FILMS if service.films.off is None else ACCEPT,
        takes_films=service.films.off is None,
        film_suffixes=FILM_SUFFIXES,
        photo_suffixes=sorted(READABLE_SUFFIXES),
        longest_film=moment(config.max_film_seconds),
        takes_heic=find_spec("pillow_heif") is not None,
        problem=problem,
    )


@blueprint.post("/photographs")
def upload() -> BaseResponse | tuple[str, int]:
    """One photograph or film, or many photographs as a batch, from the form."""
    every = (file for _, file in request.files.items(multi=True))  # whatever the field is called
    files = [file for file in every if file.filename]
    if not files:
        return _start_page("No photograph was chosen. Choose one or more, then press Upload."), 400
    treatment = forms.treatment_from(request.form)
    if len(files) == 1:
        kind, id = uploads.take(files[0], treatment)
        recent.remember(kind, id)
        return _see(recent.PAGES[kind], id=id)
    return uploads.take_many(files, treatment)


@blueprint.post("/samples/<name>")
def try_sample(name: str) -> BaseResponse:
    """Take one of the sample photographs as if it had been uploaded."""
    return _see_new(service.photos.upload_sample(owner(), name))


@blueprint.get("/photographs/<id>")
def photograph(id: str) -> str | BaseResponse:
    """A photograph: before and after, the controls, the download. Asks for missing colours."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    try:
        view = service.photos.view(who, id, settings)
    except NotFound:
        if (now := recent.moved(id)) is None:
            raise
        return redirect(url_for("pages.photograph", id=now[0], **_turned_query(now[1])))
    if view.state == "missing":
        view = service.photos.request(who, id, settings)
    guide = without_gone_lender(who, forms.guide_from(request.args))
    others = service.batches.others(who, id) or recent.photographs(who)
    others = with_lender(who, [photo for photo in others if photo.id != id], guide.reference)
    return render_template(
        "photograph.html",
        view=view,
        output=forms.output_from(request.args, forms.likely_format(view.record.format)),
        others=others,
        film=recent.film_of(who, id) if view.record.still else None,
        default_amount=Guide.reference_amount,
        shown=forms.whole_from(request.args, "shown", 0),
        **form_parts(settings, guide),
    )


@blueprint.post("/photographs/<id>/pages")
def other_page(id: str) -> BaseResponse:
    """Another page of the same file, as a photograph of its own."""
    page = forms.whole_from(request.form, "page", 1)
    return _see_new(service.batches.upload_page(owner(create=False), id, page))


@blueprint.post("/photographs/<id>/pages/all")
def all_pages(id: str) -> BaseResponse:
    """All pages of the same file, each as a photograph of its own."""
    batch = service.batches.upload_pages(owner(create=False), id)
    recent.remember("batch", batch.id)
    return _see("pages.batch", id=batch.id)


@blueprint.post("/photographs/<id>/salvage")
def salvage(id: str) -> BaseResponse:
    """The part that can be read, of a file that is cut off."""
    return _see_moved(id, service.photos.upload_anew(owner(create=False), id, salvage=True))


@blueprint.post("/photographs/<id>/repaint")
def repaint(id: str) -> BaseResponse:
    """Colour a colour photograph that was left out, or keeps its own colours."""
    return _see_moved(id, service.photos.upload_anew(owner(create=False), id, colour="repaint"))


@blueprint.post("/photographs/<id>/whole")
def whole(id: str) -> BaseResponse:
    """Colour the mount as a part of the picture, or leave it as it is."""
    return _treated(id, "whole")


@blueprint.post("/photographs/<id>/negative")
def negative(id: str) -> BaseResponse:
    """Take a photograph for a negative, or no longer; settings and hints go with it."""
    return _treated(id, "negative")


@blueprint.post("/photographs/<id>/turn")
def turn(id: str) -> BaseResponse:
    """Turn a photograph that lies on its side; settings and hints go with it."""
    degrees = forms.whole_from(request.form, "degrees", 90)
    query = _query(degrees)
    return _see_moved(id, service.photos.turn(owner(create=False), id, degrees), degrees, **query)


@blueprint.post("/photographs/<id>/again")
def again(id: str) -> BaseResponse:
    """Ask once more for colours that failed."""
    query, settings = _query(), forms.settings_from(request.args)
    service.photos.request(owner(create=False), id, settings)
    return _see("pages.photograph", id=id, **query)


@blueprint.get("/photographs/<id>/preview.jpg")
def preview(id: str) -> Response:
    """The coloured preview with the query's settings."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    return send(service.photos.preview(who, id, settings, forms.guide_from(request.args)))


@blueprint.get("/photographs/<id>/grey.jpg")
def grey(id: str) -> Response:
    """The preview as it was scanned."""
    return send(service.photos.grey_preview(owner(create=False), id))


@blueprint.get("/photographs/<id>/uncertainty.png")
def uncertainty(id: str) -> Response:
    """The overlay that shows where the model was unsure, of the preview's size."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    return send(service.photos.uncertainty(who, id, settings))


@blueprint.get("/photographs/<id>/found.png")
def found(id: str) -> Response:
    """The overlay that shows where a phrase acts, of the preview's size."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    words, number = forms.words_from(request.args), forms.whole_from(request.args, "number", 0)
    if words is None:
        raise InvalidGuidance("There are no words to look for.")
    return send(service.photos.found(who, id, settings, words, number))


@blueprint.get("/photographs/<id>/download")
def download(id: str) -> Response:
    """The finished photograph at full size, as an attachment."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    output, guide = forms.output_from(request.args), forms.guide_from(request.args)
    return send(service.photos.result(who, id, settings, output, guide), attachment=True)


@blueprint.post("/photographs/<id>/delete")
def delete(id: str) -> BaseResponse:
    """Delete a photograph and all that was made of it, at once; its batch, if any, is next."""
    who = owner(create=False)
    batch = service.photos.view(who, id).record.batch
    service.photos.delete(who, id)
    flash("The photograph and everything made from it have been deleted.", "done")
    if batch is None:
        return _see("pages.start")
    changes = forms.query_of(forms.settings_from(request.args))
    words = forms.query_of_words(forms.words_from(request.args))
    return _see("pages.batch", id=batch, **changes, **words)


@blueprint.get("/batches/<id>")
def batch(id: str) -> str:
    """Many photographs: each one's progress, settings for all, one download."""
    who, settings = owner(create=False), forms.settings_from(request.args)
    view = service.batches.view(who, id, settings)
    if view.counts.get("missing"):
        view = service.batches.request(who, id, settings)
    return render_template(
        "batch.html",
        view=view,
        output=forms.output_from(request.args),
        **form_parts(settings, Guide(words=forms.words_from(request.args))),
    )


@blueprint.route("/batches/<id>/download.zip", methods=["GET", "POST"])
def download_batch(id: str) -> Response:
    """All finished photographs of a batch at full size, streamed.

    By POST also what was chosen for single ones, which is too long for an address.
    """
    who, values = owner(create=False), request.values
    settings, output = forms.settings_from(values), forms.output_from(values)
    own = forms.own_from(request.form.getlist("own"))
    chunks = service.batches.zip(who, id, settings, output, forms.words_from(values), own)
    response = Response(chunks, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=_ZIP_NAME)
    return response


@blueprint.post("/batches/<id>/delete")
def delete_batch(id: str) -> BaseResponse:
    """Delete a batch and all its photographs, at once."""
    service.batches.delete(owner(create=False), id)
    flash("The photographs and everything made from them have been deleted.", "done")
    return _see("pages.start")


@blueprint.get("/about")
def about() -> str:
    """The model card, the version, the licences."""
    return render_template(
        "about.html",
        model_card=model_card(),
        models=service.models(),
        samples=service.photos.samples(),
    )


def form_parts(settings: Settings, guide: Guide | FilmGuide = UNGUIDED) -> dict[str, Any]:
    """What the settings form and the forms with buttons need."""
    return {
        "guide": forms.query_of_guide(guide),
        "guide_words": forms.query_of_words(guide.words),
        "without": forms.guides_without(guide),
        "understood": _understood(guide.words),
        "words_limits": (MOST_CHARACTERS, *WORDS_AMOUNTS, Words.amount),
        "settings": settings,
        "changes": forms.query_of(settings),
        "groups": forms.controls(settings, service.models()),
        "presets": forms.presets(settings),
        "formats": forms.format_choices(),
        "form": forms.ActionForm(),
    }


def without_gone_lender(who: str, guide: AnyGuide) -> AnyGuide:
    """The guide without a reference that is gone, which the page says then."""
    if guide.reference:
        try:
            service.photos.view(who, guide.reference)
        except NotFound:
            flash(f"{LENDER_GONE} They are left off.", "error")
            return replace(guide, reference="")
    return guide


def with_lender(who: str, photos: list[PhotoRecord], chosen: str) -> list[PhotoRecord]:
    """Photographs whose colours can be taken, with the one that is, wherever it comes from."""
    if chosen and chosen not in {photo.id for photo in photos}:
        return [*photos, service.photos.view(who, chosen).record]
    return photos


def _understood(words: Words | None) -> Understanding | None:
    """What words come to; a page is also shown where nobody can say."""
    if words is None:
        return None
    with suppress(WeightsError):
        return service.photos.understood(words)
    return None


def _treated(id: str, what: str) -> BaseResponse:
    """A photograph with or without part of its treatment, as the form says by 1 or 0."""
    is_wanted, query = forms.whole_from(request.form, what, 1) == 1, _query()
    view = service.photos.upload_anew(owner(create=False), id, **{what: is_wanted})
    return _see_moved(id, view, **query)


def _query(degrees: int = 0) -> dict[str, Any]:
    """Settings, guide and what is switched off, as they stand in the address of a photograph.

    Args:
        degrees: by which it was turned, and its hints are.
    """
    settings, guide = forms.settings_from(request.args), forms.guide_from(request.args)
    turned = _turned_query(degrees)
    hints = {name: turned[name] for name in ("hint", "off") if turned.get(name)}
    return forms.query_of_all(settings, guide) | hints


def _turned_query(degrees: int) -> dict[str, Any]:
    """The query of this request; the hints in it go round with the photograph."""
    found = {name: request.args.getlist(name) for name in request.args}
    for name in {"hint", "off"} & found.keys():
        hints = (Hint.parse(text) for text in found[name] if text.strip())
        found[name] = [hint.turned(degrees).text for hint in hints]
    return found


def _see_moved(old: str, view: View, degrees: int = 0, **values: Any) -> BaseResponse:
    """On to the new page of a photograph, to which the addresses of the old one lead as well."""
    recent.note_move(old, view.record.id, degrees)
    return _see_new(view, **values)


def _see_new(view: View, **values: Any) -> BaseResponse:
    """On to the page of a new photograph, which the start page will lead back to."""
    recent.remember("photograph", view.record.id)
    return _see("pages.photograph", id=view.record.id, **values)


def _see(endpoint: str, **values: Any) -> BaseResponse:
    """Send the browser on, after a form."""
    return redirect(url_for(endpoint, **values), 303)
