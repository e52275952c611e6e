"""Pictures on their way out, for pages and API alike: private, and not sent twice.

A browser keeps what it was sent but asks each time whether it is still right (``no-cache``); a
picture's ETag answers that without rendering anything.
"""

from __future__ import annotations

from flask import Response, request, send_file

from ..service import Blob, Offer, ResultFile
from ..storage.disk import gone


def send(offer: Offer[Blob | ResultFile], *, attachment: bool = False) -> Response:
    """The file, or 304 if the asker has it already; ``attachment`` says: keep, do not show.

    Files on the disk may be asked for in parts.

    Raises:
        NotFound: if it was deleted meanwhile.
    """
    if offer.etag in request.if_none_match.as_set(include_weak=True):
        return _private(Response(status=304), offer.etag)
    made = offer.make()
    if isinstance(made, Blob):
        response = _private(Response(made.data, mimetype=made.mimetype), offer.etag)
        response.make_conditional(request.environ)
        return response
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        request.environ.pop("HTTP_RANGE", None)  # RFC 9110, 14.2: the whole, then
    with gone():
        response = send_file(
            made.path,
            mimetype=made.mimetype,
            as_attachment=attachment,
            download_name=made.name,
            etag=offer.etag,
            conditional=True,
        )
    return _private(response, offer.etag)


def _private(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
