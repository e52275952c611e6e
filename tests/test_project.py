"""The project as a whole: what the wheel holds, and that the parts agree with each other."""

from __future__ import annotations

import ast
import os
import re
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import colorizer

from .conftest import ROOT, Run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed: no network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--no-index", "--wheel-dir", folder, ROOT),
        ],
        check=True,
        capture_output=True,
        timeout=240,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_the_whole_library_and_its_weights(unpacked: Path) -> None:
    assert below(unpacked / "colorizer") == below(ROOT / "colorizer") | {
        f"_data/weights/{name}" for name in below(ROOT / "weights")
    }


def test_the_wheel_has_the_web_application_and_its_files(unpacked: Path) -> None:
    folders = ("samples", "static", "templates")
    data = {f"_data/{folder}/{name}" for folder in folders for name in below(ROOT / folder)}
    assert below(unpacked / "app") == below(ROOT / "app") | data


def test_the_wheel_has_nothing_else(unpacked: Path) -> None:
    about = f"colorizer-{colorizer.__version__}.dist-info"
    assert {path.name for path in unpacked.iterdir()} == {"app", "colorizer", about}
    assert below(unpacked / about) >= {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"}


def test_the_library_works_from_the_wheel_alone(unpacked: Path, python: Run) -> None:
    code = (
        "import colorizer, pathlib; from colorizer.weights import shipped_folder, statuses\n"
        "print(pathlib.Path(colorizer.__file__).parents[1]); print(shipped_folder())\n"
        "print(sorted(s.name for s in statuses()))"
    )
    home, shipped, names = python("-c", code, path=unpacked).stdout.splitlines()
    assert Path(home) == unpacked
    assert Path(shipped) == unpacked / "colorizer" / "_data" / "weights"
    assert "eccv16-vgg16" in names
    assert "colorize" in python("-m", "colorizer", "--help", path=unpacked).stdout
    assert "--port" in python("-m", "colorizer", "serve", "--help", path=unpacked).stdout


def test_the_license_is_the_one_stated() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "BSD-3-Clause"
    assert text.startswith("BSD 3-Clause License")
    assert "Colorizer maintainers" in text


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []


def test_every_import_is_declared() -> None:
    """What the library imports is a dependency, an extra, its own or Python's."""
    declared = {
        re.split(r"[^\w.-]", requirement)[0].lower().replace("-", "_")
        for requirement in (
            *PROJECT["dependencies"],
            *PROJECT["optional-dependencies"]["heic"],
            *PROJECT["optional-dependencies"]["lpips"],
            *PROJECT["optional-dependencies"]["ray"],
            *PROJECT["optional-dependencies"]["redis"],
            *PROJECT["optional-dependencies"]["s3"],
            *PROJECT["optional-dependencies"]["train"],
        )
    }
    called = {
        "markdown_it": "markdown_it_py", "PIL": "pillow", "skimage": "scikit_image",
        "cv2": "opencv_python_headless", "zipstream": "zipstream_ng",
    }  # fmt: skip
    imported = {
        name.partition(".")[0]
        for package in ("app", "colorizer")
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        for name in _modules(node)
    }
    foreign = imported - set(sys.stdlib_module_names) - {"app", "colorizer"}
    assert {called.get(name, name).lower() for name in foreign} <= declared
    assert {"flask", "gunicorn", "torch", "torchvision", "scikit_image"} <= declared


def test_the_version_has_an_entry_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {colorizer.__version__}" in changelog


def test_the_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


def test_samples_are_small_grey_and_accounted_for() -> None:
    table = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")
    files = sorted((ROOT / "samples").glob("*.jpg"))
    assert 4 <= len(files) <= 6
    assert set(re.findall(r"\| `(.+?\.jpg)` \|", table)) == {file.name for file in files}
    for file in files:
        assert file.stat().st_size <= 60_000
        with Image.open(file) as image:
            assert image.mode == "L"
            assert max(image.size) <= 512


def test_the_samples_are_what_the_script_makes(tmp_path: Path) -> None:
    """Byte for byte depends on the JPEG library; the pictures do not."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import make_samples as m\n"
        "m.FOLDER = pathlib.Path(sys.argv[2]); m.main()"
    )
    subprocess.run(
        [sys.executable, "-c", code, ROOT / "scripts", tmp_path], check=True, capture_output=True
    )
    made = {file.name for file in tmp_path.glob("*.jpg")}
    assert made == {file.name for file in (ROOT / "samples").glob("*.jpg")}
    for name in made:
        with Image.open(tmp_path / name) as new, Image.open(ROOT / "samples" / name) as kept:
            assert new.size == kept.size
            assert abs(sum(new.resize((8, 8)).tobytes()) - sum(kept.resize((8, 8)).tobytes())) < 64
