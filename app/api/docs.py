"""The OpenAPI document, and a page to try the API on.

The page's program comes with flask-openapi3-swagger, but its own page needs inline script, which
the Content-Security-Policy forbids; so there is one here that does without.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask_openapi3.models.info import Info
from flask_openapi3.models.license import License
from flask_openapi3.openapi import OpenAPI

import colorizer

from .documents import PREFIX

INFO = Info(
    title="Colorizer",
    version=colorizer.__version__,
    summary="Colours grayscale photographs; their luminance stays untouched.",
    license=License(name="BSD-3-Clause", identifier="BSD-3-Clause"),
)


def security_schemes(cookie: str) -> dict[str, Any]:
    """How a program may say who it is; ``cookie`` is the name of the session's."""
    return {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie},
    }


_ASSETS = Path(str(files("flask_openapi3_swagger"))) / "templates" / "swagger"

blueprint = Blueprint(
    "docs", __name__, url_prefix="/api", static_folder=_ASSETS, static_url_path="/docs/assets"
)


@blueprint.get("/docs")
def page() -> str:
    """The page to try the API on."""
    return render_template("api-docs.html")


@blueprint.get(f"{PREFIX.removeprefix('/api')}/openapi.json")
def document() -> Response:
    """The OpenAPI document, whose paths start where the proxies in front say."""
    servers = [{"url": request.script_root or "/"}]
    return jsonify({**cast(OpenAPI, current_app).api_doc, "servers": servers})
