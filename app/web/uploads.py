"""Files of the upload form: photographs, batches of them, and films."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from colorizer.errors import ColorizerError, UnsupportedFilm, UnsupportedImage

from ..context import service
from ..errors import UploadTooLarge, problem_of
from ..storage import names
from ..storage.records import Treatment
from . import recent
from .security import owner

_REFUSALS_SHOWN = 5  # what is said on the next page travels in a cookie


def take(
    file: FileStorage, treatment: Treatment, batch: str | None = None
) -> tuple[recent.Kind, str]:
    """Store a photograph or else, by its content, a film: which of them it is, and its id."""
    name, photos = file.filename or "", service.photos
    with service.counted():
        try:
            view = photos.upload(owner(), file.stream, name, batch=batch, treatment=treatment)
            return "photograph", view.record.id
        except (UnsupportedImage, UploadTooLarge) as error:
            if service.films.off is not None:
                raise
            file.stream.seek(0)
            try:
                return "film", service.films.upload(owner(), file.stream, name).record.id
            except UnsupportedFilm:
                raise error from None


def take_many(files: list[FileStorage], treatment: Treatment) -> Response | tuple[str, int]:
    """Store files as a batch, and go on to its page.

    What cannot be taken is said on the batch's page, or, if it is much or all, on its own.

    Films have pages of their own, which the start page leads to.
    """
    batch = service.batches.new(owner())
    refused: list[tuple[str, ColorizerError]] = []
    films = []
    for place, file in enumerate(files):
        try:
            kind, id = take(file, replace(treatment, place=place), batch.id)
        except ColorizerError as error:
            refused.append((names.clean(file.filename or ""), error))
            continue
        if kind == "film":
            recent.remember("film", id)
            films.append(id)
    if len(refused) + len(films) == len(files):
        service.batches.delete(owner(), batch.id)
    if len(refused) == len(files):
        statuses = {problem_of(error).status for _, error in refused}
        status = statuses.pop() if len(statuses) == 1 else 422
        return render_template("refused.html", refused=refused, onward=None), status
    if len(refused) + len(films) == len(files):
        onward = url_for("film_pages.film", id=films[0])
    else:
        recent.remember("batch", batch.id)
        onward = url_for("pages.batch", id=batch.id)
    if len(refused) > _REFUSALS_SHOWN:
        return render_template("refused.html", refused=refused, onward=onward), 200
    for name, reason in refused:
        flash(f"{name}: {reason}", "error")
    if films and not onward.endswith(films[0]):
        flash("The first page leads to the films.", "done")
    return redirect(onward, 303)
