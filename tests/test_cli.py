"""The group of commands: quick, lazy, and plain about what is wrong."""

from __future__ import annotations

import json
import logging
import time

import click
import pytest
from click.testing import CliRunner

import colorizer
from colorizer import cli
from colorizer.errors import (
    ColorizerError,
    DeviceUnavailable,
    InvalidSetting,
    UnknownModel,
    WeightsMissing,
)

from .conftest import Run

HEAVY = (
    "torch",
    "numpy",
    "numba",
    "cv2",
    "av",
    "PIL",
    "skimage",
    "imagecodecs",
    "tqdm",
    "requests",
    "matplotlib",
    "jinja2",
    "ray",
    "fsspec",
    "pyarrow",
)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy(python: Run, arguments: list[str]) -> None:
    code = (
        "import json, sys; from colorizer.cli import main\n"
        f"try: main({arguments!r}, prog_name='colorizer')\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    assert json.loads(python("-c", code).stdout.splitlines()[-1]) == []


def test_help_is_quick(python: Run) -> None:
    """0.3 s beyond what Python itself takes: other work on the machine slows both."""

    def seconds(*arguments: str) -> float:
        start = time.perf_counter()
        python(*arguments)
        return time.perf_counter() - start

    code = ("-c", "pass")
    help_ = ("-m", "colorizer", "--help")
    assert min(seconds(*help_) - seconds(*code) for _ in range(3)) < 0.3


@pytest.mark.parametrize("command", [*cli.COMMANDS])
def test_each_command_explains_itself_without_torch(python: Run, command: str) -> None:
    code = (
        "import sys; from colorizer.cli import main\n"
        f"try: main([{command!r}, '--help'], prog_name='colorizer')\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules)"
    )
    output = python("-c", code).stdout
    assert output.startswith(f"Usage: colorizer {command} ")
    assert output.endswith("False\n")


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(cli.main, ["--help"])
    assert result.exit_code == 0
    for name, summary in cli.COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert summary in result.stdout


def test_the_module_is_the_command(python: Run) -> None:
    assert python("-m", "colorizer", "--version").stdout == (
        f"colorizer, version {colorizer.__version__}\n"
    )


def test_an_unknown_command_is_misuse() -> None:
    result = CliRunner().invoke(cli.main, ["paint"])
    assert result.exit_code == 2
    assert "No such command 'paint'" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidSetting("No such thing."), 2),
        (UnknownModel("No such thing."), 2),
        (WeightsMissing("No such thing."), 1),
        (DeviceUnavailable("No such thing."), 1),
        (ColorizerError("No such thing."), 1),
    ],
)
def test_typed_errors_are_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: ColorizerError, code: int
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: failing)
    result = CliRunner().invoke(cli.main, ["failing"])
    assert result.exit_code == code
    assert result.stderr == "Error: No such thing.\n"
    assert result.stdout == ""


def test_ctrl_c_is_told_by_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def waiting() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: waiting)
    result = CliRunner().invoke(cli.main, ["waiting"])
    assert (result.exit_code, result.stderr, result.stdout) == (130, "Stopped.\n", "")


@pytest.mark.parametrize(
    ("flags", "shown"), [([], []), (["-v"], ["info"]), (["-vv"], ["info", "debug"])]
)
def test_verbose_shows_the_log_on_stderr(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], shown: list[str]
) -> None:
    @click.command()
    def chatty() -> None:
        log = logging.getLogger("colorizer.somewhere")
        log.info("info")
        log.debug("debug")

    before = logging.getLogger("colorizer").level
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: chatty)
    result = CliRunner().invoke(cli.main, [*flags, "chatty"])
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == shown
    assert logging.getLogger("colorizer").level == before
    assert logging.getLogger("colorizer").handlers == []
