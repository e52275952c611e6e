"""A run that was interrupted and resumed ends bit for bit like one that was not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.loop import train
from colorizer.training.run import Run

from .conftest import MakeConfig


class Interrupted(Exception):
    pass


def differences(a: Any, b: Any, path: str = "") -> list[str]:
    """Where two nested states differ, by bits; measured seconds aside."""
    if isinstance(a, torch.Tensor):
        return [] if a.dtype == b.dtype and torch.equal(a, b) else [path]
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return [f"{path}: keys"]
        return [d for k in a if k != "seconds" for d in differences(a[k], b[k], f"{path}.{k}")]
    if isinstance(a, list | tuple):
        if len(a) != len(b):
            return [f"{path}: length"]
        pairs = zip(a, b, strict=True)
        return [d for i, (x, y) in enumerate(pairs) for d in differences(x, y, f"{path}[{i}]")]
    return [] if a == b else [path]


def interrupt(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Pull the plug right after the checkpoint of ``step``."""
    real = Run.save

    def save(run: Run, name: str) -> None:
        real(run, name)
        if run.step == step and name == "last.pt":
            raise Interrupted

    monkeypatch.setattr(Run, "save", save)


@pytest.mark.parametrize("in_memory", [True, False], ids=["memory", "streaming"])
@pytest.mark.parametrize(
    ("stop", "changes"),
    [
        (2, {}),
        (3, {"ema": 0.9, "schedule": "plateau+restarts", "restart_period": 0.7}),
        (2, {"accumulate": 2, "schedule": "cosine", "warmup": 0.5}),
        (3, {"accumulate": 2, "ema": 0.5}),
        (1, {"freeze_encoder": 1.0, "smallest_scale": 0.7, "crop": 32, "input_noise": 3.0}),
        (3, {"freeze_encoder": 1.0, "ema": 0.9, "accumulate": 2, "input_contrast": 0.2}),
        (3, {"freeze_until": 0.5, "degrade": 0.5, "balance": 0.5, "crop": 32,
             "crop_steps": ((0.4, 48), (0.7, 64))}),
    ],
    ids=["plain", "ema", "accumulate", "mid-accumulation", "frozen", "thawed-mid-accumulation",
         "steps"],
)  # fmt: skip
def test_resuming_is_exact(
    make_config: MakeConfig,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    in_memory: bool,
    stop: int,
    changes: dict[str, Any],
) -> None:
    config = make_config(
        in_memory=in_memory, checkpoint_every=0.5, validate_every=1.0, plateau_patience=0, **changes
    )
    folder = train(config, progress=False)
    whole = {name: load_checkpoint(folder / name) for name in ("last.pt", "best.pt")}
    shutil.rmtree(folder)

    with monkeypatch.context() as patch:
        interrupt(patch, stop)
        with pytest.raises(Interrupted):
            train(config, progress=False)
    checkpoint = shutil.copy(folder / "last.pt", tmp_path / "interrupted.pt")
    assert load_checkpoint(Path(checkpoint))["step"] == stop
    torch.manual_seed(1234)  # nothing may depend on global random numbers
    train(config, checkpoint, progress=False)

    assert whole["last.pt"]["step"] == 4
    for name, state in whole.items():
        assert differences(state, load_checkpoint(folder / name)) == []


def test_differences_are_seen() -> None:
    a = {"x": [torch.zeros(2), 1.0], "seconds": 1}
    assert differences(a, {"x": [torch.zeros(2), 1.0], "seconds": 2}) == []
    assert differences(a, {"x": [torch.tensor([0.0, 1e-40]), 2.0], "seconds": 1}) != []


def test_seeds_differ(make_config: MakeConfig) -> None:
    one, two = (
        load_checkpoint(train(make_config(seed=seed), progress=False) / "last.pt")
        for seed in (0, 1)
    )
    assert differences(one["network"], two["network"])


def test_the_settings_given_on_resuming_apply(make_config: MakeConfig) -> None:
    folder = train(make_config(), progress=False)
    before = load_checkpoint(folder / "last.pt")
    config = make_config(epochs=3.0, learning_rate=0.0005, encoder_learning_rate=0.0)
    after = load_checkpoint(train(config, folder / "last.pt", progress=False) / "last.pt")
    assert after["step"] == 6
    rates = [group["lr"] for group in after["optimizer"]["param_groups"]]
    assert rates == [0.0005, 0.0]
    encoder = "encoder.1.weight"
    assert torch.equal(before["network"][encoder], after["network"][encoder])


def test_a_finished_run_is_left_as_it_is(make_config: MakeConfig) -> None:
    config = make_config()
    folder = train(config, progress=False)
    before = (folder / "last.pt").read_bytes()
    train(config, folder / "last.pt", progress=False)
    assert (folder / "last.pt").read_bytes() == before


def test_the_log_of_a_run_that_was_killed_has_each_row_once(make_config: MakeConfig) -> None:
    def steps() -> list[str]:
        return [line.split(",")[1] for line in log.read_text().splitlines()]

    folder = train(make_config(validate_every=0.5), progress=False)
    log = folder / "log.csv"
    state = shutil.copy(folder / "last.pt", folder.with_name("end.pt"))
    with log.open("a", newline="") as stream:
        stream.write("2.5,5,1\r\n3.0,")  # of a run that went on, and was killed as it wrote
    train(make_config(validate_every=0.5, epochs=3.0), state, progress=False)
    assert steps() == ["step", "1", "2", "3", "4", "5", "6"]
    train(make_config(validate_every=0.5, epochs=3.0), state, progress=False)
    assert steps() == ["step", "1", "2", "3", "4", "5", "6"]
    train(make_config(validate_every=0.5), progress=False)  # another run adds to it
    assert steps() == ["step", "1", "2", "3", "4", "5", "6", "1", "2", "3", "4"]


def test_counts_of_skipped_photographs_go_on(make_config: MakeConfig, tmp_path: Path) -> None:
    photos = Path(make_config().photos[0])
    mixed = tmp_path / "mixed"
    shutil.copytree(photos, mixed)
    (mixed / "zz.jpg").write_bytes(b"broken")

    def skipped(in_memory: bool, epochs: float, resume: Path | None) -> int:
        config = make_config(
            photos=(str(mixed),), in_memory=in_memory, epochs=epochs, batch=3,
            output=str(tmp_path / f"run{in_memory}"),
        )  # fmt: skip
        state = load_checkpoint(train(config, resume, progress=False) / "last.pt")
        return int(state["skipped"])

    assert skipped(True, 1.0, None) == 1
    assert skipped(True, 2.0, tmp_path / "runTrue" / "last.pt") == 1
    assert skipped(False, 1.0, None) == 1
    assert skipped(False, 2.0, tmp_path / "runFalse" / "last.pt") == 2  # once an epoch
