"""What each process of the distributed test runs: ``python two_processes.py PHOTOS RUN BATCH``.

Every process is told another story by its clock and its validation: all must follow the first
one's, or they wait for each other for ever.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from colorizer.training import loop
from colorizer.training.augment import to_lab_batch
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime
from tests.training import tiny


def no_augmentation(squares: Tensor, *_: Any) -> Any:
    return to_lab_batch(squares.permute(0, 3, 1, 2).float() / 255)


def validate(run: Run) -> dict[str, float]:
    row = dict.fromkeys(loop.LOG_FIELDS, 0.0)
    return row | {"loss": 9.0 - run.epoch if run.runtime.main else 9.0 + run.epoch}


def main(photos: Path, folder: Path, batch: int) -> None:
    tiny.register()
    rank = Runtime.start(tiny.config(photos, folder)).rank
    runs: list[Run] = []

    def remembered(*arguments: Any) -> Run:
        runs.append(Run(*arguments))
        return runs[-1]

    patched: Any = loop
    patched.time = SimpleNamespace(monotonic=lambda: time.monotonic() * (1e9 if rank else 1e-3))
    patched.make_batch = no_augmentation
    patched.Run = remembered
    run_class: Any = Run
    run_class.validate = validate
    config = tiny.config(
        photos, folder, batch=batch, accumulate=2, freeze_encoder=1.0, epochs=4.0, ema=0.5,
        network_options={"norm": False}, validate_every=1.0, early_stop=1, minutes=1000.0,
        plateau_patience=0,
    )  # fmt: skip
    # by the first process's clock the minutes never end: the epochs end the run
    loop.train(config, progress=False)
    run = runs[0]
    torch.save({"step": run.step, **run.network.state_dict()}, folder / f"rank{rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
