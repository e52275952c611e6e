"""Checkpoints: whole or not at all."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

from colorizer.errors import OutputError, WeightsCorrupt, WeightsMissing
from colorizer.training.checkpoint import Kind, load_checkpoint, save_checkpoint
from colorizer.training.export import export_weights


def test_round_trip_makes_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "run" / "last.pt"
    save_checkpoint(file, {"step": 3, "network": {"w": torch.arange(4.0)}, "best": float("inf")})
    state = load_checkpoint(file)
    assert state["step"] == 3
    assert state["best"] == float("inf")
    assert torch.equal(state["network"]["w"], torch.arange(4.0))
    assert os.listdir(file.parent) == ["last.pt"]


@pytest.mark.parametrize("error", [OSError(28, "disk full"), RuntimeError("writer failed")])
def test_a_failed_write_leaves_the_old_checkpoint_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    file = tmp_path / "last.pt"
    save_checkpoint(file, {"step": 1})

    def half(state: Any, target: BinaryIO) -> None:
        target.write(b"half of a checkpoint")
        raise error

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OutputError, match="could not be written"):
        save_checkpoint(file, {"step": 2})
    monkeypatch.undo()
    assert load_checkpoint(file)["step"] == 1
    assert os.listdir(tmp_path) == ["last.pt"]


def test_the_new_checkpoint_appears_only_when_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "last.pt"
    save_checkpoint(file, {"step": 1})
    seen = []
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        seen.append((load_checkpoint(source)["step"], load_checkpoint(file)["step"]))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    save_checkpoint(file, {"step": 2})
    assert seen == [(2, 1)]
    assert load_checkpoint(file)["step"] == 2


def test_a_path_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save_checkpoint(tmp_path / "file" / "last.pt", {})


class Dangerous:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("exit 1",))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", pickle.dumps(Dangerous()), "cut", {"other": 1}, [1, 2]],
    ids=["empty", "text", "code", "cut", "foreign", "list"],
)
def test_damaged_and_foreign_files_are_corrupt(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "last.pt"
    if content == "cut":
        save_checkpoint(file, {"step": 1, "network": {"w": torch.zeros(5000)}})
        content = file.read_bytes()[:9000]
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    with pytest.raises(WeightsCorrupt, match=r"last\.pt"):
        load_checkpoint(file)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="no checkpoint"):
        load_checkpoint(tmp_path / "last.pt")


@pytest.mark.parametrize("kind", ["run", "refiner", "words"])
def test_the_state_of_another_training_is_told(tmp_path: Path, kind: Kind) -> None:
    states: dict[Kind, dict[str, Any]] = {
        "run": dict.fromkeys(("config", "network", "average", "optimizer", "prior", "step")),
        "refiner": dict.fromkeys(
            ("refiner", "average", "optimizer", "judge", "judge_optimizer", "step", "seconds")
        ),
        "words": dict.fromkeys(("facts", "network", "optimizer", "epoch")),
    }
    for other, state in states.items():
        save_checkpoint(tmp_path / "last.pt", state)
        if other == kind:
            assert load_checkpoint(tmp_path / "last.pt", kind=kind).keys() >= state.keys()
            continue
        with pytest.raises(WeightsCorrupt, match="another kind"):
            load_checkpoint(tmp_path / "last.pt", kind=kind)
        if kind == "run":
            with pytest.raises(WeightsCorrupt, match="another kind"):
                export_weights(tmp_path / "last.pt", tmp_path / "a.safetensors")
