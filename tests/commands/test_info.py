"""``colorizer info``."""

from __future__ import annotations

import json
import platform

import pytest
import torch
from click.testing import CliRunner

import colorizer
from colorizer.cli import main
from colorizer.engines.devices import cpu_threads
from colorizer.photo import WRITABLE_FORMATS
from colorizer.weights import CATALOGUE


def test_json_has_versions_devices_formats_and_weights() -> None:
    result = CliRunner().invoke(main, ["info", "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["version"] == colorizer.__version__
    assert facts["python"] == platform.python_version()
    assert facts["libraries"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert facts["devices"][0]["name"] == "cpu"
    assert facts["devices"][0]["threads"] == cpu_threads()
    assert facts["devices"][0]["engine"] == "openvino"
    assert "JPEG" in facts["formats"]["readable"]
    assert facts["formats"]["writable"] == list(WRITABLE_FORMATS)
    assert {row["name"] for row in facts["weights"]["known"]} >= set(CATALOGUE)
    assert facts["weights"]["folders"]


def test_the_text_says_the_same() -> None:
    result = CliRunner().invoke(main, ["info"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"colorizer {colorizer.__version__}, Python ")
    for word in ("torch", "cpu", "threads", "engine openvino", "JPEG", "eccv16-vgg16"):
        assert word in result.stdout


def test_cuda_devices_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Card:
        name = "Some Card"
        total_memory = 8_000_000_000

    monkeypatch.setattr("colorizer.engines.devices.may_have_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: Card())
    devices = json.loads(CliRunner().invoke(main, ["info", "--json"]).stdout)["devices"]
    assert devices[1:] == [
        {"name": f"cuda:{i}", "card": "Some Card", "memory_bytes": 8_000_000_000, "engine": "torch"}
        for i in (0, 1)
    ]


def test_without_the_extra_heic_is_not_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.commands.info.find_spec", lambda name: None)
    readable = json.loads(CliRunner().invoke(main, ["info", "--json"]).stdout)["formats"][
        "readable"
    ]
    assert "HEIC" not in readable
    assert "AVIF" in readable
