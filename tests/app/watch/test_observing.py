"""Logs and metrics: ids, no names of files, and a dashboard whose metrics exist."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.config import Config
from app.errors import DataFolderUnusable, StorageFull
from app.storage.folder import Storage
from app.watch.logs import _formatter

from ...conftest import ROOT, Run
from ..api.test_api import jpeg, upload_form


def test_a_sane_request_id_is_kept_and_another_replaced(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "abc-1.2_3"})
    assert answer.headers["X-Request-ID"] == "abc-1.2_3"
    for bad in ("a b", "x" * 65, "ä", ""):
        made = client.get("/nothing", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{16}", made)


def test_no_file_name_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    name = "grandma-secret.jpg"
    assert client.post("/api/v1/photos", **upload_form(jpeg(), name=name)).status_code == 201
    assert "request" in [record.message for record in caplog.records]
    assert "grandma" not in caplog.text


def test_a_line_is_json_with_level_and_time() -> None:
    record = logging.LogRecord("app.x", logging.INFO, "", 0, "photo %s", ("one",), None)
    line = json.loads(_formatter(True).format(record))
    assert (line["event"], line["level"], line["logger"]) == ("photo one", "info", "app.x")
    assert line["timestamp"].endswith("Z")
    assert "photo one" in _formatter(False).format(record)


def test_the_dashboard_asks_for_metrics_that_exist(client: FlaskClient) -> None:
    client.get("/about")
    text = client.get("/metrics").text
    known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    known |= {f"{name}{end}" for name in known for end in ("_bucket", "_sum", "_count")}
    dashboard = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(asked) >= 8
    for query in asked:
        names = set(re.findall(r"\b(?:colorizer|process)_\w+", query))
        assert names, query
        assert names <= known, names - known


def test_requests_are_counted_by_route(client: FlaskClient) -> None:
    client.get("/photographs/" + "x" * 22)
    text = client.get("/metrics").text
    assert 'route="/photographs/<id>"' in text
    assert "x" * 22 not in text


def test_a_full_quota_is_a_plain_sentence(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "data", most=1000)
    storage.check_quota(900)
    (tmp_path / "data" / "photos" / "x").write_bytes(bytes(800))
    storage.usage.add(800)
    with pytest.raises(StorageFull, match="at most 1e-06 GB"):
        storage.check_quota(900)


def test_a_folder_of_somebody_else_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("os.geteuid", lambda: 10001)
    owner = tmp_path.stat().st_uid
    with pytest.raises(DataFolderUnusable) as caught:
        Storage(tmp_path / "data")
    assert f"belongs to user id {owner}" in str(caught.value)
    assert f"chown -R 10001 {tmp_path / 'data'}" in str(caught.value)


def test_the_log_format_is_a_setting() -> None:
    assert Config.load(log_format="json").log_format == "json"


def test_a_damaged_upload_is_no_error_of_the_server(python: Run) -> None:
    """Found by the soak test: tifffile logs an error for each damaged tag."""
    code = (
        "import io, tifffile, numpy\n"
        "from app.config import Config; from app.watch.logs import log_to_stderr\n"
        "from colorizer.photo import read\n"
        "log_to_stderr(Config())\n"
        "file = io.BytesIO(); tifffile.imwrite(file, numpy.zeros((9, 9), 'u1'))\n"
        "data = file.getvalue()\n"
        "place = data.index(bytes([0x31, 1]))\n"  # the tag Software, of a type that is none
        "read(data[: place + 2] + bytes([99]) + data[place + 3 :])\n"
    )
    assert python("-c", code).stderr == ""
