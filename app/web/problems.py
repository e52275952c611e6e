"""Errors on their way out: problem details (RFC 9457) under /api, a page everywhere else."""

from __future__ import annotations

import json
import logging

import werkzeug.exceptions
from flask import Flask, Response, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from colorizer.errors import ColorizerError

from ..errors import (
    Forbidden,
    NotFound,
    PasswordNeeded,
    Problem,
    StorageFull,
    StorageUnavailable,
    Unauthorized,
    UploadTooLarge,
    problem_of,
)
from ..storage.disk import is_away, is_full
from .security import FORM_OVERHEAD, host_of, is_api
from .sessions import missing_cookie

log = logging.getLogger(__name__)

_ADVICE = {
    401: "Programs send their access token with every request; people start on the first page.",
    403: "Please go back, load the page anew and try once more.",
    404: "Photographs are deleted after a while, and only the browser that uploaded one sees it.",
    405: "Please start again on the first page.",
    408: "Please try again; over a slow connection, upload fewer files at a time.",
    409: "Please wait a few seconds and load the page anew.",
    413: "Please make the picture smaller, or upload fewer files at a time.",
    415: "Please save the picture as JPEG, PNG or TIFF and try again.",
    422: "Please go back, change what is said above and try again.",
    429: "Please wait a minute and try again.",
    500: "Please try again; if it happens again, tell whoever looks after this server.",
    503: "Please wait a minute and try again.",
    507: "Please tell whoever looks after this server.",
}


def init_app(app: Flask) -> None:
    """Answer every error, foreseen or not, from here."""
    app.register_error_handler(Exception, respond)


def respond(error: Exception) -> Response:
    """The response for an error; what nobody foresaw is logged and stays inside."""
    headers: dict[str, str] = {}
    if is_full(error):  # while a request was being received, say
        error = StorageFull()
    elif is_away(error):
        log.error("%s %s: the storage is away", request.method, request.path, exc_info=error)
        error = StorageUnavailable()
    match error:
        case CSRFError():
            expired = "This form has expired; load the page anew."
            problem = problem_of(Forbidden(missing_cookie(is_program=False) or expired))
        case RequestEntityTooLarge():
            problem = problem_of(UploadTooLarge(_too_large()))
        case werkzeug.exceptions.NotFound():
            problem = problem_of(NotFound())
        case HTTPException() if not isinstance(error, InternalServerError):
            headers = {
                name: value
                for name, value in error.get_headers()
                if name not in {"Content-Type", "Content-Length"}
            }
            problem = Problem(
                "about:blank", error.name, error.description or error.name, error.code or 500
            )
        case _:
            problem = problem_of(error)
    if problem.status >= 500:
        foreseen = isinstance(error, ColorizerError) or _is_of_the_end(error)
        level = logging.INFO if foreseen else logging.ERROR
        kind = type(error).__name__
        log.log(level, "%s %s: %s", request.method, request.path, kind, exc_info=not foreseen)
    retry_after = getattr(error, "retry_after", None)
    if isinstance(retry_after, int):
        headers["Retry-After"] = str(retry_after)
    if isinstance(error, Unauthorized):
        scheme = "Basic" if isinstance(error, PasswordNeeded) else "Bearer"
        headers["WWW-Authenticate"] = f'{scheme} realm="colorizer"'
    as_json = is_api() or _wants_json() or not _has_addresses()
    response = _json(problem) if as_json else _page(problem)
    response.headers.update(headers)
    return response


def _is_of_the_end(error: Exception) -> bool:
    """Whether Python has refused a thread because the process ends; nobody waits for the answer."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)


def _has_addresses() -> bool:
    """Whether there are any, for links: a request with an impossible Host has none."""
    return request_ctx.url_adapter is not None


def _wants_json() -> bool:
    """Whether a script of our pages asks, which shows what is said where a person looks."""
    kinds = request.accept_mimetypes
    return kinds.best_match(["text/html", "application/json"]) == "application/json"


def _json(problem: Problem) -> Response:
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
    }
    text = json.dumps(body, ensure_ascii=True)
    return Response(text, problem.status, mimetype="application/problem+json")


def _page(problem: Problem) -> Response:
    html = render_template(
        "error.html",
        status=problem.status,
        title=problem.title,
        detail=problem.detail,
        advice=_ADVICE.get(problem.status, ""),
        back=_back(),
    )
    return make_response(html, problem.status)


def _back() -> str | None:
    """The page of this site that a person came from, if it is not the one that failed."""
    came_from = request.referrer
    if came_from is None or came_from == request.url:
        return None
    ours = came_from.startswith(("http://", "https://")) and host_of(came_from) == request.host
    return came_from if ours else None


def _too_large() -> str:
    if (request.content_length or 0) <= (request.max_content_length or 0):
        return "This form has more fields, or longer ones, than are taken here."
    limit = max((request.max_content_length or 0) - FORM_OVERHEAD, FORM_OVERHEAD) // 1_000_000
    return f"This request is larger than {limit} MB, which is the most that is taken here."
