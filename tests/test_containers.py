"""The compose file and the Dockerfile: hardened everywhere, and about settings that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Config

from .conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def by_the_specification(*files: Path) -> subprocess.CompletedProcess[str]:
    """Validate with check-jsonschema, which brings the schema of compose files with it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, *files], capture_output=True, text=True, check=False)


def test_the_compose_file_is_one() -> None:
    run = by_the_specification(ROOT / "compose.yaml")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("cap_drop: [ALL]", "cap_drops: [ALL]"),
        ("restart: unless-stopped", "restart: [always]"),
    ],
)
def test_a_wrong_compose_file_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert right in text
    file = tmp_path / "compose.yaml"
    file.write_text(text.replace(right, wrong), "utf-8")
    run = by_the_specification(file)
    assert run.returncode == 1
    assert wrong.partition(":")[0] in run.stdout


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_is_locked_down(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert not service["user"].startswith("0")


def test_only_the_web_application_starts_by_itself() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "profiles" not in service] == ["web"]
    assert services["web"]["volumes"] == ["data:/data"]
    assert all(port.startswith("${COLORIZER_BIND:-127.0.0.1}") for port in services["web"]["ports"])


def test_the_variables_are_settings() -> None:
    files = ["compose.yaml", "Dockerfile", "deploy/scale.env", "deploy/gpu.env"]
    text = "".join((ROOT / name).read_text("utf-8") for name in files)
    known = {f"COLORIZER_{name.upper()}" for name in Config.model_fields}
    known |= {"COLORIZER_OFFLINE", "COLORIZER_BIND", "COLORIZER_WORKERS"}
    known |= {"COLORIZER_IMAGE", "COLORIZER_GPU_IMAGE"}
    assert set(re.findall(r"COLORIZER_[A-Z_]+", text)) <= known


def test_every_setting_reaches_the_containers() -> None:
    inside = {"HOST", "PORT", "DATA_DIR"}  # the image's own
    names = {name.upper() for name in Config.model_fields} - inside
    expected = {f"COLORIZER_{name}": f"${{COLORIZER_{name}:-}}" for name in names}
    for name in ("web", "worker", "worker-gpu"):
        assert COMPOSE["services"][name]["environment"] == expected


def test_the_image_is_small_but_for_the_graphics_card() -> None:
    services = COMPOSE["services"]
    small, large = (services[name]["build"]["args"] for name in ("web", "worker-gpu"))
    assert "EXTRAS" not in small
    assert "train" in large["EXTRAS"].split(",")
    assert (
        services["web"]["image"] == services["worker"]["image"] != services["worker-gpu"]["image"]
    )
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    extras = re.search(r"^ARG EXTRAS=(.*)$", dockerfile, re.MULTILINE)
    assert extras
    assert not {"torch", "train", "lpips"} & set(extras[1].split(","))


def test_the_image_gets_what_the_wheel_needs() -> None:
    kept = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for name in ("app", "colorizer", "samples", "static", "templates", "weights", "LICENSE"):
        assert f"!{name}" in kept
