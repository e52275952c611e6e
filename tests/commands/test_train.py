"""``colorizer train``: the options make the configuration; the loop is another's."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from colorizer.cli import main
from colorizer.commands.train import train
from colorizer.training import checkpoint, loop
from colorizer.training.config import TrainConfig


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[TrainConfig, Any]]:
    """What the loop was called with."""
    calls: list[tuple[TrainConfig, Any]] = []

    def fake(config: TrainConfig, resume: Any = None) -> Path:
        calls.append((config, resume))
        return Path(config.output)

    monkeypatch.setattr(loop, "train", fake)
    return calls


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_every_field_is_an_option_with_its_default() -> None:
    options = {p.name: p for p in train.params}
    for field in fields(TrainConfig):
        assert options[field.name].default == getattr(TrainConfig(), field.name)


def test_the_comments_of_the_fields_are_the_help() -> None:
    helps = {p.name: getattr(p, "help", None) for p in train.params}
    assert "short side" in (helps["resize"] or "")
    assert "gradient norm" in (helps["clip"] or "")


def test_without_photographs_there_is_nothing_to_train_on(runs: list[Any]) -> None:
    result = invoke()
    assert result.exit_code == 2
    assert "--photos" in result.stderr
    assert runs == []


def test_options_become_the_configuration(runs: list[Any]) -> None:
    result = invoke(
        "--photos", "one", "--photos", "two.tar", "--validation", "three",
        "--learning-rate", "1e-3", "--batch", "16", "--in-memory", "--no-bf16",
        "--network-options", '{"width": 64}', "--schedule", "cosine", "-o", "somewhere",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    expected = TrainConfig(
        photos=("one", "two.tar"), validation=("three",), learning_rate=1e-3, batch=16,
        in_memory=True, network_options={"width": 64}, schedule="cosine", output="somewhere",
    )  # fmt: skip
    assert runs == [(expected, None)]
    assert "somewhere" in result.stdout


def test_pairs_are_given_one_after_the_other(runs: list[Any]) -> None:
    steps = ["--crop-steps", "0.6", "224", "--crop-steps", "0.9", "256"]
    result = invoke("--photos", "a", "--crop", "160", *steps)
    assert result.exit_code == 0, result.output
    assert runs[0][0].crop_steps == ((0.6, 224), (0.9, 256))


def test_options_go_before_the_file(tmp_path: Path, runs: list[Any]) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"photos": ["a"], "batch": 8, "crop": 160, "bf16": True}))
    result = invoke("--config", file, "--batch", "4", "--no-bf16", "--epochs", "150")
    assert result.exit_code == 0, result.output
    assert runs == [(TrainConfig(photos=("a",), batch=4, crop=160), None)]


def test_an_option_that_equals_the_default_still_goes_before_the_file(
    tmp_path: Path, runs: list[Any]
) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"photos": ["a"], "batch": 8}))
    invoke("--config", file, "--batch", TrainConfig().batch)
    assert runs[0][0].batch == TrainConfig().batch


def test_resuming_takes_the_settings_of_the_checkpoint(tmp_path: Path, runs: list[Any]) -> None:
    saved = TrainConfig(photos=("a",), batch=8, network_options={"width": 64})
    file = tmp_path / "last.pt"
    checkpoint.save_checkpoint(file, {"config": saved.to_dict()})
    result = invoke("--resume", file)
    assert "another kind of training" in result.stderr
    parts = dict.fromkeys(("network", "average", "optimizer", "prior", "step"))
    checkpoint.save_checkpoint(file, {"config": saved.to_dict(), **parts})
    result = invoke("--resume", file, "--epochs", "200")
    assert result.exit_code == 0, result.output
    expected = TrainConfig.from_dict(saved.to_dict() | {"epochs": 200.0})
    assert runs == [(expected, file)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--crop", "100"], "multiples of 8"),
        (["--batch", "some"], "--batch"),
        (["--network-options", "{"], "not JSON"),
        (["--network-options", "[1]"], "not a JSON object"),
        (["--crop-steps", "0.5", "100"], "multiples of 8"),
        (["--crop-steps", "2", "64"], "crop_steps"),
        (["--schedule", "never"], "no schedule called 'never'"),
        (["--config", "missing.json"], "missing.json"),
    ],
)
def test_misuse(runs: list[Any], arguments: list[str], message: str) -> None:
    result = invoke("--photos", "a", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert runs == []


def test_a_file_with_unknown_settings_is_refused(tmp_path: Path, runs: list[Any]) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"pohtos": ["a"]}')
    result = invoke("--config", file)
    assert result.exit_code == 2
    assert "pohtos" in result.stderr
