"""An application for tests: a folder of its own, and a network that needs no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from werkzeug.test import TestResponse

from app import create_app
from app.config import Config
from app.service import Service

from .fakes import FakeNetwork

NewApp = Callable[..., OpenAPI]


class Client(FlaskClient):
    """Takes a response in whole, so that no file stays open behind it."""

    def open(self, *args: Any, buffered: bool = True, **options: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **options)


@contextmanager
def new_apps(folder: Path) -> Iterator[NewApp]:
    """Makes applications with the given settings; their services are closed at the end.

    ``inline=True`` predicts at once whatever is queued, without it everything waits; ``network``
    is asked.
    """
    services: list[Service] = []

    def new_app(
        *, inline: bool = True, network: FakeNetwork | None = None, **settings: Any
    ) -> OpenAPI:
        settings = {
            "data_dir": folder / f"app-{len(services)}" / "data",
            "min_free_disk_mb": 0,
            "rate_limit": "100000/minute",
            "upload_rate_limit": "100000/minute",
            **settings,
        }
        asked = network or FakeNetwork()
        service = Service(Config(**settings), load=lambda name: asked)
        services.append(service)
        if inline:
            predict = service._worker.predict
            service._queue.add = lambda wanted, priority: predict(wanted)  # type: ignore[method-assign]
        app = create_app(service=service)
        app.testing = True
        app.test_client_class = Client
        return app

    try:
        yield new_app
    finally:
        for service in services:
            service.close()
