"""``colorizer doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.config import Config
from app.watch import doctor
from colorizer import weights
from colorizer.cli import main
from colorizer.settings import DEFAULT_MODEL

from ..words_model import write_words_model


@pytest.fixture(autouse=True)
def _without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = doctor.Finding("engine", "ok", "It runs.")
    monkeypatch.setattr(doctor, "_engine", lambda config: fine)


def test_all_well(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["doctor", "--json", "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == 0, result.output
    found = {row["name"]: row["state"] for row in json.loads(result.stdout)}
    assert set(found) == set(doctor._ADVICE)
    assert "broken" not in found.values()


def test_a_queue_that_is_away_is_broken_and_has_advice(tmp_path: Path) -> None:
    env = {"COLORIZER_QUEUE_URL": f"unix://{tmp_path}/nobody"}
    command = ["doctor", "--data-dir", str(tmp_path / "data")]
    result = CliRunner().invoke(main, command, env=env)
    assert result.exit_code == 1
    assert "BROKEN  queue" in result.stdout
    assert "COLORIZER_QUEUE_URL" in result.stdout


def test_the_doctor_says_why_redis_cannot_be_used_and_keeps_the_password(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nobody?password=nobody"
    config = Config.load(data_dir=tmp_path / "data", queue_url=url)
    queue = next(f for f in doctor.examine(config) if f.name == "queue")
    assert queue.state == "broken"
    assert "No such file" in queue.detail
    assert "nobody" not in queue.detail


def test_a_folder_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    findings = {f.name: f for f in doctor.examine(Config.load(data_dir=tmp_path / "data"))}
    assert findings["data folder"].state == "warning"
    assert "chmod 700" in findings["data folder"].advice


def test_a_folder_that_cannot_be_used_is_said_in_sentences(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    findings = {f.name: f for f in doctor.examine(Config.load(data_dir=tmp_path / "data"))}
    assert findings["data folder"].state == findings["storage"].state == "broken"
    assert "is not a folder" in findings["storage"].detail


def test_words_for_another_refiner_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_words_model(tmp_path)
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(tmp_path))
    config = Config.load(data_dir=tmp_path / "data")
    findings = {f.name: f for f in doctor.examine(config)}
    assert findings["words"].state == "warning"
    assert f"{file} was trained for a refiner that no model here has" in findings["words"].detail
    write_words_model(tmp_path, weights.load(DEFAULT_MODEL).features_id)
    findings = {f.name: f for f in doctor.examine(config)}
    assert findings["words"].state == "ok"
    assert f"{file} knows 4 things" in findings["words"].detail


def test_a_graphics_card_without_torch_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colorizer.optional.find_spec", lambda name: None)
    monkeypatch.setattr("colorizer.engines.devices.may_have_cuda", lambda: True)
    findings = {f.name: f for f in doctor.examine(Config.load(data_dir=tmp_path / "data"))}
    assert findings["device"].state == "warning"
    assert "colorizer[torch]" in findings["device"].advice
    cuda = Config.load(data_dir=tmp_path / "data", device="cuda")
    findings = {f.name: f for f in doctor.examine(cuda)}
    assert findings["device"].state == "broken"
    assert "needs torch" in findings["device"].detail
