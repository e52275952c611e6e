"""How the application is put together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.context import CONFIG, SERVICE
from app.resources import folder
from app.service import Service
from tests.conftest import Run

from .doors import NewApp


def test_the_service_may_be_given(new_app: NewApp) -> None:
    app = new_app()
    service = app.extensions[SERVICE]
    assert create_app(service=service).extensions[CONFIG] is service.config


def test_the_configuration_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORIZER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLORIZER_MAX_BATCH", "3")
    app = create_app()
    service: Service = app.extensions[SERVICE]
    try:
        answer = app.test_client().get("/api/v1/parameters")
        assert answer.json is not None
        assert answer.json["limits"]["max_batch"] == 3
    finally:
        service.close()


def test_two_applications_in_one_process_do_not_mix(new_app: NewApp) -> None:
    one, two = new_app(max_batch=1).test_client(), new_app(max_batch=2).test_client()
    limits = [c.get("/api/v1/parameters").json["limits"]["max_batch"] for c in (one, two)]  # type: ignore[index]
    assert limits == [1, 2]


def test_the_secret_key_is_made_once_and_private(tmp_path: Path, new_app: NewApp) -> None:
    app = new_app(data_dir=tmp_path / "data")
    key = tmp_path / "data" / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) >= 32
    again = new_app(data_dir=tmp_path / "data")
    assert app.secret_key == again.secret_key
    given = new_app(data_dir=tmp_path / "other", secret_key="0123456789abcdef")
    assert given.secret_key == "0123456789abcdef"


def test_alive_ready_and_metrics(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "alive\n"
    ready = client.get("/readyz")
    assert ready.json is not None
    assert ready.status_code == (200 if ready.json["status"] == "ready" else 503)
    assert ready.json["checks"]
    assert all(set(check) == {"ok", "detail"} for check in ready.json["checks"].values())
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert metrics.mimetype == "text/plain"
    assert "# TYPE" in metrics.text


def test_not_ready_is_said(new_app: NewApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app()
    checks = {"disk": (False, "Only 3 MB are free."), "queue": (True, "0 waiting")}
    monkeypatch.setattr(app.extensions[SERVICE], "health", lambda: checks)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["disk"] == {"ok": False, "detail": "Only 3 MB are free."}


def test_behind_a_proxy_only_as_many_hops_are_believed_as_are_trusted(new_app: NewApp) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "photos.example"}
    for hops, secure in ((0, False), (1, True)):
        answer = new_app(trusted_proxies=hops).test_client().get("/", headers=headers)
        cookie = answer.headers["Set-Cookie"]
        assert ("Secure" in cookie) is secure


def test_resources_are_in_the_source_tree_or_in_the_package() -> None:
    for name in ("templates", "static", "samples"):
        assert folder(name).is_dir()


def test_importing_the_package_imports_no_framework(python: Run) -> None:
    code = "import sys, app; print(sorted({'flask', 'torch', 'huey'} & set(sys.modules)))"
    assert python("-c", code).stdout.strip() == "[]"
    assert sys.version_info >= (3, 11)
