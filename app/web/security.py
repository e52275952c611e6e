"""Who is asking, what they may ask, and what every response says about safety.

A program shows a bearer token; a browser has a signed session cookie with a random name in it. What
was uploaded under one of them is not there for anybody else. Forms carry a token of the session;
the API, which has no forms, refuses a browser's changes that come from another site.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from flask import Flask, Response, request, session
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from ..context import CONFIG, config, service
from ..errors import FilmsOff, Forbidden, NotFound, PasswordNeeded, Unauthorized
from . import limits  # noqa: F401 # its storage is named below
from .sessions import Sessions, cookie_name, missing_cookie

if TYPE_CHECKING:
    from ..config import Config

#: what a request may hold beside files, at most, in bytes
FORM_OVERHEAD = 1_000_000
#: name in the WSGI environment of the error with which a request is to be answered
REFUSED = "colorizer.refused"
_WRONG_ANSWERS = "10/minute"  # passwords and tokens that one client may try
_UPLOADS = {"pages.upload", "photos.upload"}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STATIC_LIFE = 365 * 24 * 3600  # seconds; the address of a changed file changes


def owner(*, create: bool = True) -> str:
    """Name of whoever is asking, under which the service keeps their photographs.

    Args:
        create: give a browser (or a program without a token) that is new here a session; without
            it a newcomer owns nothing, so there is nothing to find.

    Raises:
        Unauthorized: for a wrong token, or none where the API asks for one.
        NotFound: for a newcomer, if ``create`` is False.
    """
    token = _bearer_token()
    if token is not None:
        _check_token(token)
        return f"token:{hashlib.sha256(token).hexdigest()[:32]}"
    password_was_right = config.password is not None  # or _ask_for_password had raised
    if _tokens() and is_api() and not session and not password_was_right:
        raise Unauthorized("An access token is needed: send it as Authorization: Bearer ….")
    if create:
        session.permanent = True
        session.setdefault("owner", secrets.token_urlsafe(16))
        session.modified = True  # its life starts anew with every upload
    if "owner" not in session:
        raise NotFound(missing_cookie(is_program=is_api()))
    return f"session:{session['owner']}"


def is_api() -> bool:
    """Whether the request is for the API, which answers in JSON."""
    return request.path.startswith("/api/")


def init_app(app: Flask, config: Config) -> None:
    """Put the protections into the application, the cheapest refusal first."""
    app.session_interface = Sessions()
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_OVERHEAD,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=config.time_to_live_hours),
        SESSION_COOKIE_NAME=cookie_name(str(app.secret_key)),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer; _refuse_other_sites knows more
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.before_request(_refuse_what_did_not_arrive)
    app.before_request(_limit_body)
    limiter = Limiter(
        get_remote_address,
        default_limits=[_rate],
        default_limits_per_method=True,
        application_limits=[_WRONG_ANSWERS] if config.password else [],
        application_limits_deduct_when=_was_wrong,
        on_breach=_too_many,
        storage_uri="counters://",  # of .limits: one process answers all requests
    )
    limiter.request_filter(lambda: request.blueprint == "health")
    limiter.init_app(app)
    app.before_request(_ask_for_password)
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_large)
    app.before_request(_check_room)
    csrf = CSRFProtect(app)
    for blueprint in app.blueprints.values():
        if (blueprint.url_prefix or "").startswith("/api/"):
            csrf.exempt(blueprint)
    app.after_request(_harden)


def _check_token(token: bytes) -> None:
    if not any(hmac.compare_digest(token, known) for known in _tokens()):
        raise Unauthorized("This access token is not known here.")


def _ask_for_password() -> None:
    """With a password set, nobody sees more than styles and health without it or a token.

    Only addresses that the rate limit counts may say whether it was right.

    Raises:
        PasswordNeeded, Unauthorized: if there is none, or it is wrong.
    """
    endpoint = request.endpoint or ""
    if config.password is None or request.blueprint == "health":
        return
    if not endpoint or endpoint.endswith("static"):
        return
    token = _bearer_token()
    if token is not None:
        return _check_token(token)
    given = request.authorization
    if given is None or given.type != "basic":
        raise PasswordNeeded("This server asks for a password.")
    right = config.password.get_secret_value().encode()
    if not hmac.compare_digest((given.password or "").encode(), right):
        raise PasswordNeeded("This is not the password.")


def _was_wrong(response: Response) -> bool:
    """Whether somebody tried a password or token in vain (not: gave none)."""
    return response.status_code == 401 and "Authorization" in request.headers


def _tokens() -> list[bytes]:
    return [token.get_secret_value().encode() for token in config.api_tokens]


def _bearer_token() -> bytes | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip().encode("latin-1") if kind.lower() == "bearer" else None


def largest_body(app: Flask, method: str, path: str) -> int:
    """Bytes that the body of a request may have; ``path`` as WSGI has it."""
    try:
        text = path.encode("latin-1").decode(errors="replace")
        endpoint, _ = app.url_map.bind("").match(text, method)
    except HTTPException:
        endpoint = ""
    return _largest_body(app.extensions[CONFIG], endpoint)


def _largest_body(config: Config, endpoint: str | None) -> int:
    """A page's form may hold many photographs or a film, the API's upload one, all else none."""
    files = {
        "pages.upload": max(config.max_request_mb * 1_000_000, config.max_film_bytes),
        "photos.upload": config.max_upload_bytes,
        "films.upload": config.max_film_bytes,
    }
    return files.get(endpoint or "", 0) + FORM_OVERHEAD


def _refuse_what_did_not_arrive() -> None:
    """Answer for the server, which could or would not receive a request as a whole."""
    refused = request.environ.get(REFUSED)
    if refused is not None:
        raise refused


def _limit_body() -> None:
    request.max_content_length = _largest_body(config, request.endpoint)


def _refuse_large() -> None:
    """Refuse a body that is too large, also where nobody would read it."""
    most = request.max_content_length or 0
    if request.endpoint and (request.content_length or 0) > most:
        if request.endpoint == "films.upload" and service.films.off is not None:
            raise FilmsOff(service.films.off)  # it would be no better if it were smaller
        raise RequestEntityTooLarge


def _check_room() -> None:
    """Refuse photographs and films that have no room before anything is made of them."""
    if request.endpoint in _UPLOADS:
        service.check_room(request.content_length or 0)
    elif request.endpoint == "films.upload":
        service.films.check_room(request.content_length or 0)


def _rate() -> str:
    return config.rate_limit if request.method in _SAFE_METHODS else config.upload_rate_limit


def _too_many(limit: RequestLimit) -> NoReturn:
    seconds = max(math.ceil(limit.window.reset_time - time.time()), 1)
    raise TooManyRequests("Too many requests in a short time.", retry_after=seconds)


def _refuse_other_sites() -> None:
    """Refuse changes that a browser was made to ask for by a page of another site.

    Browsers say where a request comes from, in ``Sec-Fetch-Site`` or at least in ``Origin`` or, old
    ones, in ``Referer``; programs say nothing, and those with a token show what no other site
    knows. A page's form that came encrypted says one of the three.

    Raises:
        Forbidden: if it comes from another site.
    """
    if request.method in _SAFE_METHODS or _bearer_token() is not None:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    source = origin or request.headers.get("Referer")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    elif source is not None:
        allowed = host_of(source) == request.host
    else:
        allowed = is_api() or not request.is_secure
    if not allowed:
        raise Forbidden("This request comes from another site.")


def host_of(address: str) -> str:
    """The host, and port, of an address that a browser sent; empty if it has none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if (request.endpoint or "").endswith("static") and response.status_code < 400:
        if "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_LIFE}, immutable"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response
