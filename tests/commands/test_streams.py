"""``-`` for standard input and output, and mistyped words."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from colorizer.cli import main

from ..conftest import ROOT
from ..fake_colorizer import FakeColorizer
from ..photo.pictures import smooth
from ..pictures import picture


def colorize(*arguments: object, input: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["colorize", *map(str, arguments)], input=input)


def opened(data: bytes) -> tuple[str | None, str]:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.format, image.mode


@pytest.mark.parametrize(
    ("name", "options", "format"),
    [
        ("a.jpg", [], "JPEG"),
        ("a.tif", [], "PNG"),
        ("a.tif", ["--format", "tiff"], "TIFF"),
        ("a.png", ["--format", "webp", "--lossless"], "WEBP"),
    ],
)
def test_from_stdin_to_stdout(
    tmp_path: Path, fake: FakeColorizer, name: str, options: list[str], format: str
) -> None:
    data = picture(tmp_path / name).read_bytes()
    result = colorize("-", "-o", "-", *options, input=data)
    assert result.exit_code == 0
    assert opened(result.stdout_bytes) == (format, "RGB")
    assert result.stderr == "1 colorized: -\n"


def test_one_end_may_be_a_file(tmp_path: Path, fake: FakeColorizer) -> None:
    source = picture(tmp_path / "a.jpg")
    result = colorize(source, "-o", "-")
    assert opened(result.stdout_bytes) == ("JPEG", "RGB")
    result = colorize("-", "-o", tmp_path / "b.tif", "--json", input=source.read_bytes())
    assert result.exit_code == 0
    assert '"input": "-"' in result.stdout
    assert opened((tmp_path / "b.tif").read_bytes()) == ("TIFF", "RGB")


def test_what_cannot_be_read_writes_nothing(fake: FakeColorizer) -> None:
    for data in (b"", b"not a picture"):
        result = colorize("-", "-o", "-", input=data)
        assert result.exit_code == 1
        assert result.stdout_bytes == b""
        assert result.stderr.startswith("-: standard input is ")


def test_warnings_do_not_get_into_the_picture(fake: FakeColorizer) -> None:
    buffer = io.BytesIO()
    Image.fromarray(smooth()).save(buffer, "PNG")
    result = colorize("-", "-o", "-", input=buffer.getvalue())
    assert opened(result.stdout_bytes) == ("PNG", "RGB")
    assert "is a colour photograph" in result.stderr
    result = colorize("-", "-o", "-", "--colour", "keep", input=buffer.getvalue())
    assert result.stdout_bytes == buffer.getvalue()
    result = colorize("-", "-o", "-", "--colour", "skip", input=buffer.getvalue())
    assert result.stdout_bytes == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "a.png", "-o", "x.png"], "one photograph only"),
        (["a.png", "b.png", "-o", "-"], "one photograph only"),
        (["in", "-o", "-"], "takes one photograph"),
        (["-", "-o", "in"], "needs a file's name"),
        (["-", "-o", "folder"], "needs a file's name"),
        (["-", "-o", "x.jp2"], "cannot be written"),
        (["a.png", "-o", "-", "--json"], "would both write to standard output"),
        (["-", "-o", "-", "--cluster", "ray"], "is a stream"),
        (["a.png", "-o", "-", "--format", "jpeg", "--lossless"], "JPEG always loses"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake: FakeColorizer,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = picture(Path("a.png")).read_bytes()
    picture(Path("b.png"))
    Path("in").mkdir()
    result = colorize(*arguments, input=data)
    assert result.exit_code == 2
    assert message in result.stderr
    assert fake.settings == []


def test_a_file_that_is_called_so_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeColorizer
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path("a.png")).rename("-")
    assert colorize("./-", "-o", "b.png", input=b"").exit_code == 0
    assert Path("b.png").is_file()


PIPE = """
import sys
from colorizer.pipeline import Colorizer
from tests.fake_colorizer import FakeColorizer
from colorizer.cli import main
Colorizer.load = lambda model, device, engine: FakeColorizer()
main(sys.argv[1:])
"""


def test_a_real_pipe(tmp_path: Path) -> None:
    data = picture(tmp_path / "a.png", 64, 48).read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", PIPE, "colorize", "-", "-o", "-"],
        input=data, capture_output=True, timeout=60, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with Image.open(io.BytesIO(result.stdout)) as image:
        assert np.asarray(image).shape == (48, 64, 3)
    assert result.stderr == b"1 colorized: -\n"


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["colorise"], "colorize"),
        (["wieghts"], "weights"),
        (["colorize", "a.png", "-o", "b.png", "--format", "jpg"], "jpeg"),
        (["colorize", "a.png", "-o", "b.png", "--colour", "kep"], "keep"),
        (["colorize", "a.png", "-o", "b.png", "--preset", "vivd"], "vivid"),
        (["colorize", "a.png", "-o", "b.png", "--engine", "openvin"], "openvino"),
        (["colorize", "a.png", "-o", "b.png", "--saturaton", "1"], "--saturation"),
        (["colorize", "a.png", "-o", "b.png", "--model", "eccv16-vgg"], "eccv16-vgg16"),
    ],
)
def test_a_mistyped_word_gets_a_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path("a.png"))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Did you mean" in result.stderr
    assert meant in result.stderr.partition("Did you mean")[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("options", [("-o", "-"), ("-o", "b.png", "--json")])
def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path, options: tuple[str, ...]) -> None:
    source = picture(tmp_path / "a.png")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "colorizer", "colorize", source, *options],
            cwd=tmp_path, env=environment, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode != 0
    assert "Error: There is no room left." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_result_that_does_not_arrive_is_not_told_as_done(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "colorizer", "colorize", str(source), "-o", "-"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert b"colorized" not in done.stderr
    assert b"no room left" in done.stderr
