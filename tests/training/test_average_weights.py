"""scripts/average_weights.py: networks that were trained from one another, averaged."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
import torch

from colorizer.training.checkpoint import load_checkpoint, save_checkpoint

from ..conftest import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "average_weights.py"))


def checkpoint(file: Path, value: float, size: int = 3) -> Path:
    network = {"layer.weight": torch.full((size,), float(value)), "seen": torch.tensor(int(value))}
    state = {"network": network, "average": None, "optimizer": {"state": 1}, "step": 7}
    save_checkpoint(file, state)
    return file


def average(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["average_weights.py", *map(str, arguments)])
    code: int = SCRIPT["main"]()
    return code


def test_shares_are_brought_to_a_sum_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = checkpoint(tmp_path / "one.pt", 1), checkpoint(tmp_path / "two.pt", 5)
    out = tmp_path / "out.pt"
    assert average(monkeypatch, out, f"{one}=3", f"{two}=1") == 0
    state = load_checkpoint(out)
    assert torch.allclose(state["network"]["layer.weight"], torch.full((3,), 2.0))
    assert state["network"]["seen"] == 1  # counters are those of the first
    assert state["step"] == 7
    assert state["average"] is None  # so that the network itself is exported
    assert load_checkpoint(one)["network"]["layer.weight"][0] == 1


def test_other_networks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = checkpoint(tmp_path / "one.pt", 1), checkpoint(tmp_path / "two.pt", 5, size=4)
    with pytest.raises(SystemExit, match="not of the same kind"):
        average(monkeypatch, tmp_path / "out.pt", f"{one}=1", f"{two}=1")
    assert not (tmp_path / "out.pt").exists()


@pytest.mark.parametrize("part", ["one.pt", "one.pt=0", "one.pt=-1", "=1x"])
def test_shares_must_be_numbers_above_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        average(monkeypatch, tmp_path / "out.pt", part)
    assert caught.value.code == 2
