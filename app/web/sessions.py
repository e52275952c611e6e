"""The session: a signed cookie of this instance's own, and what to say to who does not keep it.

Browsers keep cookies by host and path, not by port: two instances on one host would overwrite each
other's, so the name is made of the secret key, and the path is that of a proxy's prefix.
"""

from __future__ import annotations

import hashlib

from flask import Flask, current_app, request
from flask.sessions import SecureCookieSessionInterface

_NO_COOKIE = (
    "Your browser sent no cookie, by which this server knows whose photographs are whose. Allow "
    "cookies for this site, load the page anew and try again."
)
_NO_COOKIE_OF_A_PROGRAM = (
    "There is nothing here without the session cookie that came with the upload, or a token."
)


def cookie_name(secret_key: str) -> str:
    """The name of an instance's session cookie."""
    return f"colorizer-{hashlib.sha256(f'cookie {secret_key}'.encode()).hexdigest()[:8]}"


def missing_cookie(*, is_program: bool) -> str | None:
    """What to say if no session cookie came with the request; None if one did."""
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return None
    return _NO_COOKIE_OF_A_PROGRAM if is_program else _NO_COOKIE


class Sessions(SecureCookieSessionInterface):
    """Cookies that only travel encrypted when the page did, and only to this instance."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_path(self, app: Flask) -> str:
        return request.script_root or "/"
