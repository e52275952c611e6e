"""Each request: an id that its log lines carry, one line at its end, and a place in the metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from ..context import service

#: what a proxy or a program may call its request; anything else is replaced
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADER = "X-Request-ID"

logger = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Watch the requests of the application; to be called before what may refuse them."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(_HEADER, "")
    g.request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[_HEADER] = g.request_id
    seconds = time.perf_counter() - g.began
    route = "unknown" if request.url_rule is None else request.url_rule.rule
    method = request.method if request.url_rule is not None else "any"
    service.observe(route, method, response.status_code, seconds)
    level = logging.DEBUG if request.blueprint == "health" else logging.INFO
    facts = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "seconds": round(seconds, 4),
    }
    logger.log(level, "request", extra=facts)
    return response
