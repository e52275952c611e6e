"""The server's settings."""

import re
import runpy
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import Config
from colorizer.errors import InvalidSetting

from ..conftest import ROOT


def test_the_defaults_serve_this_machine_only() -> None:
    config = Config.load()
    assert (config.host, config.port, config.queue_url) == ("127.0.0.1", 8000, "")
    assert config.embedded_worker
    assert config.secret_key is None
    assert config.data_dir.name == "server"


def test_the_environment_is_read_and_arguments_count_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZER_PORT", "9000")
    monkeypatch.setenv("COLORIZER_EMBEDDED_WORKER", "false")
    monkeypatch.setenv("COLORIZER_DATA_DIR", "/somewhere")
    assert Config.load().port == 9000
    assert not Config.load().embedded_worker
    assert Config.load(port=9001, host=None).port == 9001
    assert Config.load().data_dir == Path("/somewhere")


@pytest.mark.parametrize("text", ["one,two", " one , two ,", '["one", "two"]'])
def test_tokens_are_a_list_by_commas_or_in_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COLORIZER_API_TOKENS", text)
    assert Config.load().api_tokens == (SecretStr("one"), SecretStr("two"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("THREADS", "many"),
        ("QUEUE_URL", "http://queue"),
        ("LOG_LEVEL", "loud"),
        ("STORAGE_URL", "ftp://x/y"),
        ("STORAGE_URL", "s3:///no-bucket"),
        ("SECRET_KEY", "short"),
        ("API_TOKENS", "[broken"),
        ("API_TOKENS", '["one", ""]'),
        ("RATE_LIMIT", "600/min"),
        ("RATE_LIMIT", "-1/minute"),
        ("UPLOAD_RATE_LIMIT", "many"),
        ("TIME_TO_LIVE_HOURS", "inf"),
        ("TIME_TO_LIVE_HOURS", "1e8"),
        ("MAX_FILM_SECONDS", "inf"),
        ("MAX_DATA_GB", "inf"),
        ("QUEUE_URL", "redis://[bad"),
        ("QUEUE_URL", "redis://127.0.0.1:99999/0"),
        ("QUEUE_URL", "redis://h?port=99999"),
        ("QUEUE_URL", "redis://h/abc"),
        ("QUEUE_URL", "redis://h?foo=bar"),
        ("QUEUE_URL", "unix://"),
        ("API_TOKENS", "{}"),
        ("API_TOKENS", '{"one": 1}'),
        ("DATA_DIR", "~nobodyx/x"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"COLORIZER_{name}", value)
    with pytest.raises(InvalidSetting, match=f"^COLORIZER_{name}: ") as caught:
        Config.load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("COLORIZER_PROT", "COLORIZER_PORT"),
        ("COLORIZER_MAX_UPLOADS_MB", "COLORIZER_MAX_UPLOAD_MB"),
        ("COLORIZER_WEIGHT_DIR", "COLORIZER_WEIGHTS_DIR"),
        ("colorizer_offlin", "COLORIZER_OFFLINE"),
    ],
)
def test_a_misspelt_variable_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, near: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(InvalidSetting, match=f"^{name} is not a setting.* {near}\\.$"):
        Config.load()


def test_variables_that_others_read_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name that the repository writes anywhere but in a test of wrong names."""
    written = set()
    for pattern in (
        "app/**/*.py",
        "colorizer/**/*.py",
        "deploy/*",
        "*.yaml",
        "Dockerfile",
        "docs/*.md",
    ):
        for path in ROOT.glob(pattern):
            written |= set(re.findall(r"COLORIZER_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8")))
    assert {"COLORIZER_OFFLINE", "COLORIZER_WORKERS", "COLORIZER_WEIGHTS_DIR"} <= written
    names = {field.upper() for field in Config.model_fields}
    for name in written - {f"COLORIZER_{field}" for field in names}:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("COLORIZER_SHARED", "/somewhere")
    Config.load()


def test_secrets_are_not_shown() -> None:
    config = Config.load(secret_key="k" * 32, api_tokens=["hidden-token"])
    assert "kkkk" not in repr(config)
    assert "hidden-token" not in repr(config)


def test_the_table_has_every_setting_with_its_default() -> None:
    table = runpy.run_path(str(ROOT / "scripts" / "configuration_table.py"))["table"]()
    rows = [line for line in table.splitlines() if line.startswith("| `COLORIZER_")]
    assert len(rows) == len(Config.model_fields)
    for name, field in Config.model_fields.items():
        (row,) = [row for row in rows if row.startswith(f"| `COLORIZER_{name.upper()}` |")]
        assert field.description is not None
        assert field.description in row


def test_an_object_store_needs_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZER_STORAGE_URL", "s3://photographs/here")
    with pytest.raises(InvalidSetting, match=r"^COLORIZER_STORAGE_URL: photo.*COLORIZER_QUEUE_URL"):
        Config.load()
    monkeypatch.setenv("COLORIZER_QUEUE_URL", "redis://queue")
    assert Config.load().storage_url == "s3://photographs/here"


def test_a_file_url_is_a_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZER_DATA_DIR", "/somewhere")
    monkeypatch.setenv("COLORIZER_STORAGE_URL", "file:///mnt/old%20photographs")
    config = Config.load()
    assert (config.data_dir, config.storage_url) == (Path("/mnt/old photographs"), "")


def test_what_is_left_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Config.load()
    for name in ("HOST", "DATA_DIR", "PORT", "RATE_LIMIT", "PASSWORD", "API_TOKENS"):
        monkeypatch.setenv(f"COLORIZER_{name}", "")
    assert Config.load() == usual
    assert Config.load().host == "127.0.0.1"
    with pytest.raises(InvalidSetting, match=r"^COLORIZER_HOST: "):
        Config.load(host="")


def test_a_data_folder_may_be_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Config.load(data_dir="~/colours").data_dir == tmp_path / "colours"
