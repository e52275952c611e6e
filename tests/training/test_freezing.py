"""An encoder that starts frozen: it stays as it came, thaws in time; thawing changes no output."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.loop import train
from colorizer.training.run import Run
from colorizer.training.runtime import Runtime

from . import tiny
from .conftest import MakeConfig


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_frozen_encoder_stays_bit_for_bit(make_config: MakeConfig, ema: float) -> None:
    config = make_config(freeze_encoder=-1.0, ema=ema, weight_decay=0.1, validate_every=1.0)
    before = tiny.initial(config)
    state = load_checkpoint(train(config, progress=False) / "last.pt")
    assert any("running_mean" in key for key in before)
    assert tiny.same(before, state["network"], "encoder.")
    assert not tiny.same(before, state["network"], "decoder.")
    if ema:
        average = {k.removeprefix("module."): v for k, v in state["average"].items()}
        assert tiny.same(before, average, "encoder.")
        assert not tiny.same(state["network"], average, "decoder.")


@pytest.mark.parametrize(
    "setting",
    [{"freeze_encoder": 1.5}, {"freeze_until": 0.5}, {"freeze_encoder": 0.5, "freeze_until": 0.5}],
    ids=str,
)
def test_the_encoder_thaws_in_time(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, setting: dict[str, Any]
) -> None:
    config = make_config(epochs=3.0, checkpoint_every=0.5, **setting)
    before = tiny.initial(config)
    history: dict[int, tiny.State] = {}

    def record(run: Run, name: str) -> None:
        history[run.step] = {k: v.clone() for k, v in run.network.state_dict().items()}

    monkeypatch.setattr(Run, "save", record)
    train(config, progress=False)
    kept = [step for step in history if tiny.same(before, history[step], "encoder.")]
    assert kept == [1, 2, 3]  # 1.5 epochs of two steps, half of the run
    for part in ("encoder.1.", "encoder.2.weight", "encoder.2.bias", "encoder.4."):
        assert not tiny.same(before, history[4], part)
    for part in ("encoder.2.running_mean", "encoder.2.num_batches_tracked"):
        assert tiny.same(before, history[6], part)  # the decoder has settled on these


def test_minutes_steer_the_thaw(make_config: MakeConfig) -> None:
    run = Run(
        make_config(minutes=10.0, freeze_until=0.25, epochs=1e6), Runtime.start(make_config())
    )
    states = []
    for minutes in (0.0, 2.4, 2.6, 10.0):
        run.seconds = minutes * 60
        run.training_mode()
        states.append(next(run.network.encoder.parameters()).requires_grad)
        assert not any(module.training for module in run.network.encoder.modules())
        assert all(module.training for module in run.network.decoder.modules())
    assert states == [False, False, True, True]


@torch.no_grad()
def test_thawing_changes_no_output(make_config: MakeConfig) -> None:
    run = Run(make_config(freeze_until=0.5, epochs=100.0), Runtime.start(make_config()))
    lightness = torch.rand(4, 1, 32, 32) * 100
    logits = []
    for run.step in (99, 100):
        run.training_mode()
        logits.append(run.logits(lightness, run.trained))
    assert torch.equal(*logits)


def test_an_encoder_that_learns_from_the_start_adapts_its_statistics(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    before = tiny.initial(config)
    state = load_checkpoint(train(config, progress=False) / "last.pt")
    assert not tiny.same(before, state["network"], "encoder.2.running_mean")
