"""The training loop: micro-steps, clip, step, validate, checkpoint."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from torch import nn
from tqdm import tqdm

from ..errors import InvalidSetting, OutputError, TrainingDiverged
from .augment import make_batch
from .config import TrainConfig
from .data import Stream
from .log import LOG, append_row, forget_rows
from .run import Run
from .runtime import Runtime
from .samples import save_samples

LOG_FIELDS = (
    "epoch", "step", "seconds", "lr", "train_loss", "loss", "ce", "l2",
    "psnr_grey", "psnr_t1", "psnr_t038", "auc_grey", "auc_t1", "auc_t038",
    "chroma_t1", "chroma_t038",
)  # fmt: skip


def _crossed(every: float, before: float, now: float) -> bool:
    return every > 0 and int(now / every) > int(before / every)


def train(
    config: TrainConfig,
    resume: str | Path | None = None,
    progress: bool = True,
    stream: Stream | None = None,
) -> Path:
    """Train as ``config`` says.

    Args:
        config: the run.
        resume: a checkpoint to continue from.
        progress: show a progress bar.
        stream: the photographs, if they have been opened already (with this ``config``).

    Returns:
        The folder with ``best.pt``, ``last.pt``, ``log.csv`` and sample pictures.

    Raises:
        InvalidSetting: if nothing would be learned.
        TrainingDataError: if there is nothing to train on.
        DeviceUnavailable: if the device or an engine is missing.
        TrainingDiverged: if the loss or the weights are no longer finite.
    """
    runtime = Runtime.start(config)
    try:
        run = Run(config, runtime, stream)
        if resume:
            run.resume(Path(resume))
            if runtime.main:
                forget_rows(run.folder / LOG, after=run.step)
        _loop(run, progress and runtime.main)
        return run.folder
    finally:
        runtime.stop()


def _loop(run: Run, progress: bool) -> None:
    config, runtime, stream = run.config, run.runtime, run.stream
    total = int(config.epochs * stream.batches_per_epoch)
    if total < config.accumulate:
        raise InvalidSetting(
            f"Nothing would be learned: the run has {total} batches, and {config.accumulate} make "
            "a step. Raise epochs, or lower batch or accumulate."
        )
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The folder {run.folder} cannot be made: {reason}.") from error
    run.training_mode()
    run.prepare()
    bar = tqdm(total=total, initial=run.step, disable=not progress, unit="step", smoothing=0.05)
    stopped = run.step >= total or run.progress >= 1
    clock = time.monotonic()

    while not stopped:
        epoch, start = divmod(run.step, stream.batches_per_epoch)
        for squares in stream.batches(epoch, start):
            generator = runtime.generator(config.seed, epoch, run.step)
            batch = make_batch(squares, config, generator, run.progress)
            with run.autocast():
                logits = run.logits(batch.lightness, run.trained)
            losses = run.criterion(logits, batch.target, batch.target_lightness)
            (losses.total / config.accumulate).backward()

            before = run.epoch
            run.step += 1
            if run.step % config.accumulate == 0:
                factor = run.schedule.factor(run.epoch, run.progress)
                for group in run.optimizer.param_groups:
                    group["lr"] = group["base"] * factor
                if config.clip:
                    nn.utils.clip_grad_norm_(run.network.parameters(), config.clip)
                run.optimizer.step()
                run.optimizer.zero_grad(set_to_none=True)
                if run.average is not None:
                    run.average.update_parameters(run.network)

            now = time.monotonic()
            run.seconds, clock = run.seconds + now - clock, now
            if config.minutes > 0:  # the clock steers the run: all processes go by one
                run.seconds = runtime.agreed(run.seconds)
            value = losses.total.item() if run.step % 10 == 0 or runtime.device.type == "cpu" else 0
            if not math.isfinite(value):
                raise TrainingDiverged(
                    f"The loss is {value} at step {run.step}. Lower the learning rate and resume "
                    "from the last checkpoint."
                )
            if value:
                run.train_loss = 0.98 * run.train_loss + 0.02 * value if run.train_loss else value
                rate = run.optimizer.param_groups[0]["lr"]
                bar.set_postfix(loss=f"{run.train_loss:.3f}", lr=f"{rate:.1e}")
            bar.update()
            ended = run.step >= total or run.progress >= 1

            if ended or _crossed(config.validate_every, before, run.epoch):
                stopped = _validate_and_log(run, bar)
                clock = time.monotonic()  # validation does not count as training time
            if ended or stopped or _crossed(config.checkpoint_every, before, run.epoch):
                run.save("last.pt")
            if runtime.main and (ended or _crossed(config.sample_every, before, run.epoch)):
                save_samples(run)
            run.training_mode()
            stopped = stopped or ended
            if stopped:
                break
    bar.close()


def _validate_and_log(run: Run, bar: Any) -> bool:
    """Validate, log, keep the best; returns whether to stop early. Every process does the same.

    BatchNorm statistics differ a little between processes, and so do their losses: process 0's
    decides for all.
    """
    row: dict[str, Any] = run.validate()
    row["loss"] = run.runtime.agreed(row["loss"])
    run.schedule.validated(row["loss"])
    if row["loss"] < run.best:
        run.best, run.unimproved = row["loss"], 0
        run.save("best.pt")
    else:
        run.unimproved += 1
    row |= {
        "epoch": run.epoch,
        "step": run.step,
        "seconds": run.seconds,
        "lr": f"{run.optimizer.param_groups[0]['lr']:.3e}",
        "train_loss": run.train_loss,
    }
    if run.runtime.main:
        known = {name: row[name] for name in LOG_FIELDS if name in row}
        append_row(run.folder / LOG, LOG_FIELDS, known, digits=5)
        bar.write(
            f"epoch {run.epoch:.2f}  loss {row['loss']:.4f}  "
            f"PSNR {row['psnr_t1']:.2f} (grey {row['psnr_grey']:.2f})  "
            f"AuC {row['auc_t1']:.2f} (grey {row['auc_grey']:.2f})  "
            f"skipped {run.stream.skipped}"
        )
    return run.config.early_stop > 0 and run.unimproved >= run.config.early_stop
