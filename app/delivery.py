"""Pictures on their way out, for pages and API alike: private, and not sent twice.

A browser keeps what it was sent but asks each time whether it is still right (``no-cache``); a
picture's ETag answers that without rendering anything.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request, send_file

from .disk import gone
from .service import Blob, ResultFile


def unless_known(etag: str, make: Callable[[], Response]) -> Response:
    """304 if the asker has the picture called ``etag`` already, or else what ``make`` makes."""
    if etag in request.if_none_match.as_set(include_weak=True):
        return _private(Response(status=304), etag)
    return make()


def send_blob(blob: Blob) -> Response:
    """A small picture in memory."""
    response = _private(Response(blob.data, mimetype=blob.mimetype), blob.etag)
    response.make_conditional(request.environ)
    return response


def send_result(result: ResultFile, *, attachment: bool = False) -> Response:
    """A file, whole or the parts that are asked for; ``attachment`` says: keep, do not show.

    Raises:
        NotFound: if it was deleted meanwhile.
    """
    with gone():
        response = send_file(
            result.path,
            mimetype=result.mimetype,
            as_attachment=attachment,
            download_name=result.name,
            etag=result.etag,
            conditional=True,
        )
    return _private(response, result.etag)


def _private(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
