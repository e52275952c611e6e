"""Two processes on one machine (gloo, CPU) do what one process does with batches twice as large."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from colorizer.training import loop
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.loop import LOG_FIELDS
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime

from . import two_processes
from .conftest import MakeConfig

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("two_processes.py")


def run_two(photos: Path, folder: Path, batch: int) -> None:
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, *torchrun, str(SCRIPT), str(photos), str(folder), str(batch)]
    log = folder / "output.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert process.wait(timeout=250) == 0, log.read_text()[-3000:]
        finally:  # processes that wait for each other must not outlive the test
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def run_one(photos: Path, folder: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in this process; what the script changes is put back afterwards."""
    for owner, name in ((loop, "time"), (loop, "make_batch"), (loop, "Run"), (Run, "validate")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    two_processes.main(photos, folder, batch)


def test_two_processes_train_as_one(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_two(photos, tmp_path / "two", 2)
    run_one(photos, tmp_path / "one", 4, monkeypatch)
    first, second, alone = (
        torch.load(tmp_path / name, weights_only=True)
        for name in ("two/rank0.pt", "two/rank1.pt", "one/rank0.pt")
    )
    assert first.pop("step") == second.pop("step") == alone.pop("step") == 8
    for key, value in first.items():
        assert torch.equal(value, second[key]), key
        # encoder (thawed after one epoch) and decoder, gradients accumulated over two micro-steps
        torch.testing.assert_close(value, alone[key], rtol=1e-3, atol=1e-4)
    kept = load_checkpoint(tmp_path / "two" / "last.pt")
    assert all(torch.equal(kept["network"][key], value) for key, value in first.items())
    lines = (tmp_path / "two" / "log.csv").read_text().splitlines()
    assert lines[0] == ",".join(LOG_FIELDS)
    assert len(lines) == 1 + 4  # written by one process only


def test_random_numbers_differ_between_processes_and_steps(make_config: MakeConfig) -> None:
    cpu = torch.device("cpu")
    places = [(rank, epoch, step) for rank in (0, 1) for epoch in (0, 1) for step in (0, 1)]
    numbers = [
        Runtime(cpu, rank, 2).generator(3, epoch, step).initial_seed()
        for rank, epoch, step in places
    ]
    assert len(set(numbers)) == len(places)
    again = [Runtime(cpu, r, 2).generator(3, e, s).initial_seed() for r, e, s in places]
    assert again == numbers


def test_one_process_agrees_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "broadcast", None)  # would fail if called
    assert Runtime(torch.device("cpu")).agreed(0.25) == 0.25
