"""Every error becomes the right status: problem details under /api, a page elsewhere."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.errors import (
    Forbidden,
    NotFound,
    NotReady,
    QueueFull,
    StorageFull,
    Unauthorized,
    UploadTooLarge,
)
from app.service import Service
from colorizer.errors import (
    CorruptImage,
    CorruptPrediction,
    ImageTooLarge,
    InvalidSetting,
    OutputError,
    UnknownModel,
    UnsupportedImage,
    WeightsMissing,
)

ID = "A" * 22


class Broken:
    """A service of which every question ends in the same error."""

    secret_key = "0123456789abcdef"

    def __init__(self, folder: Path) -> None:
        self.config = Config.load(data_dir=folder)
        self.error: Exception = NotFound()

    def observe(self, *args: Any) -> None:
        """Counting goes on, whatever is broken."""

    def __getattr__(self, name: str) -> Any:
        if name in ("photos", "batches", "films"):
            return self

        def fail(*args: Any, **options: Any) -> Any:
            raise self.error

        return fail


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    return Broken(tmp_path)


@pytest.fixture
def client(broken: Broken) -> FlaskClient:
    client = create_app(service=cast(Service, broken)).test_client()
    with client.session_transaction() as session:
        session["owner"] = "somebody"
    return client


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (CorruptImage("x."), 422, "corrupt-image"),
        (UnsupportedImage("x."), 415, "unsupported-image"),
        (ImageTooLarge("x."), 413, "image-too-large"),
        (UploadTooLarge("x."), 413, "upload-too-large"),
        (InvalidSetting("x."), 422, "invalid-setting"),
        (OutputError("x."), 422, "output-error"),
        (WeightsMissing("x."), 503, "weights-missing"),
        (NotFound("x."), 404, "not-found"),
        (NotReady("x.", 2), 409, "not-ready"),
        (QueueFull("x.", 7), 503, "queue-full"),
        (StorageFull("x."), 507, "storage-full"),
        (Unauthorized("x."), 401, "unauthorized"),
        (Forbidden("x."), 403, "forbidden"),
    ],
)
def test_typed_errors(
    client: FlaskClient, broken: Broken, error: Exception, status: int, kind: str
) -> None:
    broken.error = error
    path = f"/api/v1/photos/{ID}"
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert set(answer.json) == {"type", "title", "status", "detail", "instance"}
    assert answer.json["type"] == f"urn:colorizer:problem:{kind}"
    assert answer.json["status"] == status
    assert answer.json["detail"] == "x."
    assert answer.json["instance"] == path
    retry = getattr(error, "retry_after", None)
    assert answer.headers.get("Retry-After") == (str(retry) if retry else None)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)

    page = client.get(f"/photographs/{ID}")
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert "x." in page.text

    script = client.get(f"/photographs/{ID}/preview.jpg", headers={"Accept": "application/json"})
    assert script.mimetype == "application/problem+json"
    assert script.json is not None
    assert script.json["detail"] == "x."


@pytest.mark.parametrize("error", [UnknownModel("x."), CorruptPrediction("x.")])
def test_the_others_are_errors_too(client: FlaskClient, broken: Broken, error: Exception) -> None:
    broken.error = error
    answer = client.get(f"/api/v1/photos/{ID}")
    assert answer.status_code in {404, 422, 500, 503}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", [f"/api/v1/photos/{ID}", f"/photographs/{ID}"])
def test_what_nobody_foresaw_is_logged_and_stays_inside(
    client: FlaskClient, broken: Broken, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = RuntimeError("password=secret in /srv/data")
    with caplog.at_level(logging.ERROR):
        answer = client.get(path)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "/srv" not in answer.text
    assert "password=secret" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/v1/photos", 405),
        ("GET", "/nothing", 404),
        ("PUT", "/photographs", 405),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../pyproject.toml", 404),
        ("GET", "/static/%2e%2e/pyproject.toml", 404),
    ],
)
def test_errors_of_http(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    wanted = "application/problem+json" if path.startswith("/api") else "text/html"
    assert answer.mimetype == wanted
    if status == 405:
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("host", ["a..b", ".x", "y" * 64])
@pytest.mark.parametrize("path", ["/", "/nope", "/healthz", "/static/css/base.css"])
def test_a_host_that_cannot_be_is_a_bad_request(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, host: str, path: str
) -> None:
    answer = client.get(path, headers={"Host": host, "Accept": "text/html"})
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_thread_that_python_refuses_at_the_end_is_no_error(
    client: FlaskClient, broken: Broken, caplog: pytest.LogCaptureFixture
) -> None:
    broken.error = RuntimeError("cannot schedule new futures after interpreter shutdown")
    with caplog.at_level(logging.ERROR):
        assert client.get(f"/api/v1/photos/{ID}").status_code == 500
    assert not caplog.records


def test_the_detail_may_hold_anything(client: FlaskClient, broken: Broken) -> None:
    broken.error = InvalidSetting('<script>alert("x")</script>\r\nX-Evil: 1 \u202e')
    assert client.get(f"/api/v1/photos/{ID}").status_code == 422
    page = client.get(f"/photographs/{ID}")
    assert "<script>alert" not in page.text
    assert "X-Evil" not in page.headers
