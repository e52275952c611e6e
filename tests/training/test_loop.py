"""The loop: it learns, validates, stops, freezes, logs, and leaves what it promises."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from colorizer.errors import (
    DeviceUnavailable,
    InvalidSetting,
    OutputError,
    TrainingDataError,
    TrainingDiverged,
    WeightsCorrupt,
)
from colorizer.training import loop
from colorizer.training import run as run_module
from colorizer.training import validate as validate_module
from colorizer.training.augment import make_batch, to_lab_batch
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.config import TrainConfig
from colorizer.training.data import Stream
from colorizer.training.loop import LOG_FIELDS, train
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime

from . import tiny
from .conftest import MakeConfig


def log(folder: Path) -> list[dict[str, float]]:
    with (folder / "log.csv").open(encoding="utf-8") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == LOG_FIELDS
        return [{k: float(v) for k, v in row.items()} for row in reader]


@pytest.mark.parametrize("network", ["tiny", "no-encoder"])
def test_it_learns_colours_that_follow_from_lightness(
    make_config: MakeConfig, network: str
) -> None:
    config = make_config(
        network=network, epochs=40.0, validate_every=10.0, lambda_l2=10.0, schedule="cosine"
    )
    rows = log(train(config, progress=False))
    assert [row["step"] for row in rows] == [20, 40, 60, 80]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    assert rows[-1]["psnr_t1"] > rows[-1]["psnr_grey"] + 2
    assert rows[-1]["auc_t1"] > rows[-1]["auc_grey"] + 5
    assert all(np.isfinite(list(row.values())).all() for row in rows)


def test_what_a_run_leaves(make_config: MakeConfig, photos: Path) -> None:
    config = make_config(
        validate_every=1.0, sample_every=1.0, checkpoint_every=1.0, validation=(str(photos),),
        validation_limit=5, accumulate=2,
    )  # fmt: skip
    folder = train(config, progress=False)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    pictures = {f"samples/{epoch:07.2f}.jpg" for epoch in (1, 2)}
    assert names == {"best.pt", "last.pt", "log.csv"} | pictures
    with Image.open(folder / "samples" / "0001.00.jpg") as sample:
        assert sample.size == (4 * 64, 2 * 64)  # grey, T = 0.38, T = 1, truth; two photographs
        pixels = np.asarray(sample).astype(int)
    assert np.ptp(pixels[:, :56], axis=-1).max() < 8  # grey
    truth = np.concatenate([tiny.picture(0), tiny.picture(3)])
    assert np.abs(pixels[:, 192:] - truth).mean() < 6
    state = load_checkpoint(folder / "last.pt")
    assert TrainConfig.from_dict(state["config"]) == config
    assert state["step"] == 4
    assert state["prior"].shape == (313,)
    assert state["prior"].sum().item() == pytest.approx(1)
    assert [row["epoch"] for row in log(folder)] == [1, 2]
    best = load_checkpoint(folder / "best.pt")["best"]
    assert best == pytest.approx(min(row["loss"] for row in log(folder)), abs=1e-4)


def test_no_sample_pictures_if_none_are_wanted(make_config: MakeConfig) -> None:
    folder = train(make_config(sample_photos=0, epochs=1.0), progress=False)
    assert not (folder / "samples").exists()
    assert (folder / "last.pt").is_file()


@pytest.mark.parametrize("compiled", [False, True])
def test_crops_and_thaw_in_one_run(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    """The way of the GPU recipe; compiled by a backend that needs no compiler."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    sides: list[int] = []
    real = make_batch

    def spy(*arguments: Any) -> Any:
        batch = real(*arguments)
        sides.append(batch.lightness.shape[2])
        return batch

    monkeypatch.setattr(loop, "make_batch", spy)
    config = make_config(
        crop=32, crop_steps=((0.5, 48), (0.8, 64)), epochs=5.0, freeze_until=0.4, ema=0.5,
        degrade=0.5, balance=0.5, compile=compiled, schedule="cosine",
    )  # fmt: skip
    before = tiny.initial(config)
    folder = train(config, progress=False)
    assert sides == [32] * 5 + [48] * 3 + [64] * 2
    state = load_checkpoint(folder / "last.pt")["network"]
    assert not tiny.same(before, state, "encoder.1.")
    assert np.isfinite(list(log(folder)[-1].values())).all()


def test_several_processes_train_the_compiled_network(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", lambda network, **_: ("compiled", network))
    monkeypatch.setattr(
        run_module, "DistributedDataParallel", lambda network, **_: ("shared", network)
    )
    run = Run(make_config(compile=True), Runtime(torch.device("cpu"), 0, 2))
    assert run.trained == ("shared", ("compiled", run.network))


def test_photographs_that_are_open_are_not_opened_again(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    stream = Stream.open(config, torch.device("cpu"), 0, 1)
    monkeypatch.setattr(Stream, "open", None)  # would fail if called
    assert load_checkpoint(train(config, None, False, stream) / "last.pt")["step"] == 4


def test_learning_rates_are_separate(make_config: MakeConfig) -> None:
    config = make_config(encoder_learning_rate=0.0)
    before = tiny.initial(config)
    state = load_checkpoint(train(config, progress=False) / "last.pt")
    assert tiny.same(before, state["network"], "encoder.1.")
    assert not tiny.same(before, state["network"], "decoder.")


def spy_on_gradients(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """All gradients, as one vector, at each step of the optimiser."""
    seen: list[Tensor] = []
    real = torch.optim.Adam.step

    def step(self: torch.optim.Adam, *arguments: Any) -> Any:
        gradients = [p.grad for g in self.param_groups for p in g["params"] if p.grad is not None]
        seen.append(torch.cat([g.flatten() for g in gradients]).clone())
        return real(self, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    return seen


def test_accumulation_is_the_mean_over_micro_steps(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two micro-steps of 4 equal one of 8 where nothing depends on the batch's company."""

    def no_augmentation(squares: Tensor, *_: Any) -> Any:
        return to_lab_batch(squares.permute(0, 3, 1, 2).float() / 255)

    monkeypatch.setattr(loop, "make_batch", no_augmentation)
    seen = spy_on_gradients(monkeypatch)
    options: dict[str, Any] = {"network_options": {"norm": False}, "clip": 0.0, "epochs": 3.0}
    for accumulate, batch in ((2, 4), (1, 8)):
        train(make_config(accumulate=accumulate, batch=batch, **options), progress=False)
    assert len(seen) == 6
    for one, two in zip(seen[:3], seen[3:], strict=True):
        assert one.abs().max() > 0.01
        torch.testing.assert_close(one, two, rtol=0.01, atol=1e-3)


def test_clipping_limits_the_step(make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = spy_on_gradients(monkeypatch)
    train(make_config(clip=0.01, epochs=1.0), progress=False)
    assert [float(g.norm()) for g in seen] == pytest.approx([0.01, 0.01], rel=1e-3)
    train(make_config(clip=0.0, epochs=1.0), progress=False)
    assert min(float(g.norm()) for g in seen[2:]) > 0.02


def constant_validation(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    remaining = iter(losses)
    row = dict.fromkeys(LOG_FIELDS, 0.0)
    monkeypatch.setattr(Run, "validate", lambda self: row | {"loss": next(remaining)})


def test_early_stop_after_so_many_validations_without_improvement(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    constant_validation(monkeypatch, [5.0, 4.0, 4.5, 3.0, 3.0, 3.5, 9.0, 1.0])
    config = make_config(epochs=50.0, validate_every=1.0, early_stop=3)
    folder = train(config, progress=False)
    assert [row["loss"] for row in log(folder)] == [5, 4, 4.5, 3, 3, 3.5, 9]
    assert load_checkpoint(folder / "last.pt")["step"] == 14
    assert load_checkpoint(folder / "best.pt")["step"] == 8


def test_plateaus_lower_the_rate(make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    constant_validation(monkeypatch, [1.0] * 6)
    config = make_config(epochs=6.0, validate_every=1.0, plateau_patience=1)
    rates = [row["lr"] for row in log(train(config, progress=False))]
    assert rates == pytest.approx([1e-2, 1e-2, 1e-2, 1e-3, 1e-3, 1e-4])


def test_minutes_end_a_run(make_config: MakeConfig) -> None:
    folder = train(make_config(epochs=1000.0, minutes=0.3 / 60), progress=False)
    state = load_checkpoint(folder / "last.pt")
    assert 1 <= state["step"] < 2000
    assert 0.3 <= state["seconds"] < 30
    assert len(log(folder)) == 1  # the end is validated too


def test_bf16_keeps_losses_and_colours_in_float32(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[torch.dtype, bool]] = []
    real = validate_module.validate

    def spy(logits_of: Any, *arguments: Any) -> dict[str, float]:
        def wrapped(lightness: Tensor) -> Tensor:
            logits: Tensor = logits_of(lightness)
            seen.append((logits.dtype, torch.is_autocast_enabled("cpu")))
            return logits

        return real(wrapped, *arguments)

    monkeypatch.setattr("colorizer.training.run.validate", spy)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": True})
    rows = log(train(make_config(bf16=True), progress=False))
    assert set(seen) == {(torch.bfloat16, False)}
    assert np.isfinite(list(rows[-1].values())).all()


def test_bf16_is_left_where_the_processor_has_none(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx2": True, "amx_bf16": False})
    config = make_config(bf16=True)
    run = Run(config, Runtime.start(config))
    assert not run.bf16
    with run.autocast():
        assert not torch.is_autocast_enabled("cpu")
    assert "float32" in caplog.text


def test_streaming_with_worker_processes(make_config: MakeConfig) -> None:
    folder = train(make_config(in_memory=False, workers=1, epochs=1.0), progress=False)
    assert load_checkpoint(folder / "last.pt")["step"] == 2


def test_prior_from_a_file(make_config: MakeConfig, tmp_path: Path) -> None:
    file = tmp_path / "prior.npy"
    values = np.random.default_rng(0).random(313)
    np.save(file, values * 7)
    state = load_checkpoint(train(make_config(prior=str(file)), progress=False) / "last.pt")
    np.testing.assert_allclose(state["prior"], values / values.sum())
    for bad in (np.zeros(313), np.ones(300), np.full(313, -1.0)):
        np.save(file, bad)
        with pytest.raises(TrainingDataError, match="313 shares"):
            train(make_config(prior=str(file)), progress=False)
    with pytest.raises(TrainingDataError, match="cannot be read"):
        train(make_config(prior=str(tmp_path / "none.npy")), progress=False)


def test_settings_that_cannot_run_are_typed_errors(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidSetting, match="no VGG16 encoder"):
        train(make_config(network="no-encoder", vgg16="x.npz"), progress=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for device in ("cuda", "foo", "mps"):
        with pytest.raises(DeviceUnavailable):
            train(make_config(device=device), progress=False)
    with pytest.raises(InvalidSetting, match="Nothing would be learned"):
        train(make_config(accumulate=1000), progress=False)
    with pytest.raises(InvalidSetting, match="above 0"):
        train(make_config(network="eccv16-vgg16", network_options={"width": 0}), progress=False)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        train(make_config(output=str(tmp_path / "file" / "run")), progress=False)
    folder = train(make_config(epochs=0.5), progress=False)
    with pytest.raises(WeightsCorrupt, match="do not fit"):
        train(make_config(network_options={"width": 4}), folder / "last.pt", progress=False)


def test_a_run_that_diverges_ends_and_keeps_what_was_whole(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(epochs=4.0, checkpoint_every=1.0, validate_every=9.0)
    real = make_batch
    calls: list[int] = []

    def lightness_that_breaks(*arguments: Any) -> Any:
        calls.append(1)
        batch = real(*arguments)
        if len(calls) == 4:
            batch.lightness.fill_(float("inf"))
        return batch

    monkeypatch.setattr(loop, "make_batch", lightness_that_breaks)
    with pytest.raises(TrainingDiverged, match="step 4"):
        train(config, progress=False)
    state = load_checkpoint(Path(config.output) / "last.pt")
    assert state["step"] == 2
    assert all(t.isfinite().all() for t in state["network"].values())


def test_weights_that_are_not_finite_are_never_saved(make_config: MakeConfig) -> None:
    config = make_config(epochs=1.0)
    folder = train(config, progress=False)
    before = (folder / "last.pt").read_bytes()
    run = Run(config, Runtime.start(config))
    with torch.no_grad():
        next(run.network.decoder.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(TrainingDiverged, match="weight"):
        run.save("last.pt")
    assert (folder / "last.pt").read_bytes() == before
