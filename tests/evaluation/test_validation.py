from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from colorizer.color.bins import BIN_COUNT
from colorizer.evaluation import metrics
from colorizer.evaluation.auc import auc, auc_rebalanced
from colorizer.evaluation.validation import AbScore, evaluate_ab

from .conftest import paint


def batch() -> tuple[Any, Any, Any, Any]:
    rgb = np.stack([paint(seed, 24, 32) for seed in range(3)])
    lab = np.stack([metrics.to_lab(one) for one in rgb])
    pred = 0.6 * lab[..., 1:] + np.random.default_rng(0).normal(0, 3, lab[..., 1:].shape)
    return rgb, lab[..., 0], lab[..., 1:], pred


def test_the_truth_scores_perfectly() -> None:
    rgb, light, true, _ = batch()
    scores = evaluate_ab(light, true, true, channel_axis=-1)
    assert scores["psnr"] == metrics.PSNR_CAP
    assert scores["auc"] == scores["auc_rebalanced"] == pytest.approx(100)
    expected = np.mean([metrics.colorfulness(one) for one in rgb])
    assert scores["colorfulness"] == scores["colorfulness_truth"]
    assert scores["colorfulness"] == pytest.approx(expected, abs=0.1)


def test_areas_are_those_of_the_arrays() -> None:
    _, light, true, pred = batch()
    prior = np.random.default_rng(1).uniform(0.1, 1, BIN_COUNT)
    scores = evaluate_ab(light, true, pred, prior, channel_axis=-1)
    assert scores["auc"] == pytest.approx(auc(true, pred), abs=0.01)
    assert scores["auc_rebalanced"] == pytest.approx(auc_rebalanced(true, pred, prior), abs=0.01)


def test_grey_scores_its_known_psnr() -> None:
    rgb, light, true, _ = batch()
    scores = evaluate_ab(light, true, np.zeros_like(true), channel_axis=-1)
    grey = [np.repeat(one[..., None], 3, -1) for one in _greys(light)]
    pairs = zip(rgb, grey, strict=True)
    assert scores["psnr"] == pytest.approx(np.mean([metrics.psnr(*p) for p in pairs]), abs=0.01)
    assert scores["colorfulness"] == 0.0


def _greys(light: Any) -> Any:
    f = (light + 16) / 116
    y = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    v = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 0) ** (1 / 2.4) - 0.055)
    return np.rint(255 * v).astype(np.uint8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_channels_first_give_what_arrays_give(dtype: torch.dtype) -> None:
    _, light, true, pred = batch()
    light, true, pred = (x.astype(np.float32) for x in (light, true, pred))
    expected = evaluate_ab(light, true, pred, channel_axis=-1)
    true, pred = (torch.from_numpy(np.moveaxis(x, -1, 1).copy()).to(dtype) for x in (true, pred))
    pred.requires_grad_()
    prior = torch.ones(BIN_COUNT)
    for lightness in (torch.from_numpy(light), torch.from_numpy(light)[:, None]):
        assert evaluate_ab(lightness, true, pred) == pytest.approx(expected)
        flat = evaluate_ab(lightness, true, pred, prior)["auc_rebalanced"]
        assert flat == pytest.approx(expected["auc"])


def test_batches_add_up() -> None:
    _, light, true, pred = batch()
    score = AbScore()
    score.add(light[:1], true[:1], pred[:1], channel_axis=-1)
    score.add(light[1:], true[1:], pred[1:], channel_axis=-1)
    assert score.values() == pytest.approx(evaluate_ab(light, true, pred, channel_axis=-1))


def test_half_precision_tensors_are_taken() -> None:
    _, light, true, _ = batch()
    true = torch.from_numpy(np.moveaxis(true, -1, 1).copy()).to(torch.bfloat16)
    assert evaluate_ab(torch.from_numpy(light), true, true)["psnr"] == metrics.PSNR_CAP


def test_impossible_arrays_are_refused() -> None:
    _, light, true, pred = batch()
    with pytest.raises(ValueError, match="shapes"):
        evaluate_ab(light, true, pred)  # channels last, but said to be first
    with pytest.raises(ValueError, match="shapes"):
        evaluate_ab(light[:2], true, pred, channel_axis=-1)
    with pytest.raises(ValueError, match="finite"):
        evaluate_ab(light, true, pred * np.nan, channel_axis=-1)
    with pytest.raises(ValueError, match="no pictures"):
        AbScore().values()
