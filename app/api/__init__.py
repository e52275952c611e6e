"""The JSON API under /api/v1, documented by itself at /api/docs."""

from __future__ import annotations

from flask_openapi3.openapi import OpenAPI

from . import batches, catalogue, docs, films, photos, pictures


def register(app: OpenAPI) -> None:
    """Add the API and its documentation to the application."""
    for part in (photos, pictures, batches, films, catalogue):
        app.register_api(part.blueprint)
    app.register_blueprint(docs.blueprint)
