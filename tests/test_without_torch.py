"""What works without torch, and what says that it is needed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from .conftest import ROOT, Run

#: importing it fails, as where it is not installed
BLOCKED = "import sys; sys.modules['torch'] = sys.modules['torchvision'] = None\n"
CAMERA = str(ROOT / "samples" / "camera.jpg")


def test_it_is_not_a_requirement_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not [text for text in project["dependencies"] if text.startswith("torch")]
    extras = project["optional-dependencies"]
    assert [text.partition(">")[0] for text in extras["torch"]] == ["torch", "torchvision"]
    assert all("colorizer[torch]" in extras[name] for name in ("train", "lpips"))


def blocked(python: Run, code: str) -> str:
    """The last line that a program prints where torch cannot be imported."""
    result = python("-c", BLOCKED + code, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def test_the_command_line_colours(python: Run) -> None:
    code = f"""
from PIL import Image
from colorizer.cli import main
hint = ["--hint", "0.4,0.5,#1f3a5f"]
main(["colorize", {CAMERA!r}, "-o", "out.png", *hint], standalone_mode=False)
print(Image.open("out.png").mode)
"""
    assert blocked(python, code) == "RGB"


def test_the_web_application_colours(python: Run) -> None:
    """Upload, prediction, points, download; the doctor finds no fault."""
    code = f"""
import pathlib, time
from app import create_app
from app.config import Config
from app.service import Service
from app.watch.doctor import examine
config = Config.load(data_dir=pathlib.Path("data").absolute())
service = Service(config)
service.start_worker()
client = create_app(service=service).test_client()
with open({CAMERA!r}, "rb") as file:
    answer = client.post("/api/v1/photos", data={{"file": file}})
assert answer.status_code == 201, answer.text
photo = "/api/v1/photos/" + answer.json["id"]
deadline = time.monotonic() + 60
while client.get(photo).json["state"] not in ("ready", "failed"):
    assert time.monotonic() < deadline
    time.sleep(0.05)
for part in ("", "/uncertainty", "/image?format=png", "/preview?hint=0.4,0.5,navy"):
    with client.get(photo + part) as answer:
        assert answer.status_code == 200, answer.text
print(client.get(photo).json["state"], [f.name for f in examine(config) if f.state == "broken"])
service.close()
"""
    assert blocked(python, code) == "ready []"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--device", "cuda"), "The device cuda"),
        (("--engine", "torch"), "The engine torch"),
        (("--model", "old.pth"), "A checkpoint of PyTorch"),
    ],
)
def test_what_needs_it_says_so(
    python: Run, tmp_path: Path, arguments: tuple[str, ...], what: str
) -> None:
    (tmp_path / "old.pth").write_bytes(b"\x80\x02")
    assert what in refusal(python, "colorize", CAMERA, "-o", "out.png", *arguments)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--photos", ROOT / "samples"),
        ("train-refiner", "--photos", CAMERA, "--validation", CAMERA, "-o", "out"),
        ("train-words", "--photos", CAMERA, "--captions", CAMERA, "-o", "out"),
        ("prior", CAMERA, "-o", "out.npy"),
        ("export", CAMERA, "-o", "out"),
        ("evaluate", CAMERA),
    ],
)
def test_commands_that_need_it_say_so(python: Run, command: tuple[str | Path, ...]) -> None:
    assert "needs torch" in refusal(python, *map(str, command))


def test_other_networks_need_it(python: Run) -> None:
    code = """
from colorizer.errors import PackageMissing
from colorizer.networks import tensor_shapes
for name in ("eccv16-vgg16", "refiner", "siggraph17"):
    try:
        tensor_shapes(name, {})
    except PackageMissing as error:
        print(error)
"""
    assert blocked(python, code).startswith("The network siggraph17 needs torch")


def test_the_measures_without_it_are_left(python: Run) -> None:
    code = f"""
from colorizer.cli import main
main(["evaluate", {CAMERA!r}, "--no-vgg"], standalone_mode=False)
"""
    assert "default" in python("-c", BLOCKED + code).stdout


def test_what_is_installed_is_told(python: Run) -> None:
    code = """
from unittest.mock import patch
from colorizer.cli import main
with patch("colorizer.engines.devices.may_have_cuda", lambda: True):
    main(["info", "--json"], standalone_mode=False)
"""
    facts = json.loads(python("-c", BLOCKED + code).stdout)
    assert [device["name"] for device in facts["devices"]] == ["cpu"]


def refusal(python: Run, *arguments: str) -> str:
    """What a command that fails says, with the way to install torch."""
    code = f"{BLOCKED}from colorizer.cli import main\nmain({[*arguments]!r}, prog_name='colorizer')"
    result = python("-c", code, check=False)
    assert result.returncode == 1, result.stderr
    assert "pip install 'colorizer[torch]'" in result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr
