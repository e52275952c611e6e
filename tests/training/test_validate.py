"""Validation figures: what a perfect, a grey and a wrong network get."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor

from colorizer.color.bins import soft_encode_dense
from colorizer.errors import TrainingDiverged
from colorizer.evaluation.auc import auc_rebalanced
from colorizer.training.augment import to_lab_batch
from colorizer.training.losses import ColorizationLoss
from colorizer.training.prior import compute_prior
from colorizer.training.validate import render_batch, validate

from .tiny import pictures

SQUARES = pictures(5)
PRIOR = compute_prior([SQUARES])


def logits_of_truth(lightness: Tensor) -> Tensor:
    """An oracle: knows the picture by its lightness and gives the log of its soft encoding."""
    data = to_lab_batch(SQUARES.permute(0, 3, 1, 2).float() / 255)
    found = [int((data.lightness - x).abs().flatten(1).sum(1).argmin()) for x in lightness]
    dense: Tensor = soft_encode_dense(data.target[found].permute(0, 2, 3, 1))
    return (dense + 1e-12).log().permute(0, 3, 1, 2)


def no_idea(lightness: Tensor) -> Tensor:
    n, _, h, w = lightness.shape
    return torch.zeros(n, 313, h // 4, w // 4)


def test_figures_of_an_oracle() -> None:
    row = validate(logits_of_truth, SQUARES, ColorizationLoss(PRIOR), batch=2)
    assert row["psnr_t1"] > row["psnr_grey"] + 6
    assert row["auc_t1"] > 97
    assert row["chroma_t1"] == pytest.approx(1, abs=0.05)
    assert row["l2"] < 1e-3
    worse = validate(no_idea, SQUARES, ColorizationLoss(PRIOR))
    assert worse["loss"] > row["loss"] + 1
    assert worse["chroma_t1"] == pytest.approx(worse["chroma_t038"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_has_diverged_is_told(value: float) -> None:
    with pytest.raises(TrainingDiverged, match="Lower the learning rate"):
        validate(lambda x: no_idea(x) + value, SQUARES, ColorizationLoss(PRIOR))


def test_grey_figures_are_those_of_their_definitions() -> None:
    row = validate(no_idea, SQUARES, ColorizationLoss(PRIOR))
    rgb = SQUARES.permute(0, 3, 1, 2).float() / 255
    data = to_lab_batch(rgb)
    grey = render_batch(data.lightness, torch.zeros_like(data.target))
    psnr = [
        peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=1)
        for a, b in zip(rgb, grey, strict=True)
    ]
    assert row["psnr_grey"] == pytest.approx(np.mean(psnr), abs=1e-3)
    true = data.target.permute(0, 2, 3, 1).numpy()
    expected = auc_rebalanced(true, np.zeros_like(true))
    assert row["auc_grey"] == pytest.approx(expected, abs=1e-4)


def test_the_batch_size_does_not_matter() -> None:
    criterion = ColorizationLoss(PRIOR)
    one = validate(logits_of_truth, SQUARES, criterion, batch=1)
    all_at_once = validate(logits_of_truth, SQUARES, criterion, batch=8)
    assert one == pytest.approx(all_at_once, rel=1e-4)


def test_rendering_keeps_lightness() -> None:
    lightness = torch.full((1, 1, 16, 16), 60.0)
    ab = torch.tensor([10.0, -20.0]).reshape(1, 2, 1, 1).expand(1, 2, 4, 4)
    lab = rgb2lab(render_batch(lightness, ab)[0].permute(1, 2, 0).numpy())
    np.testing.assert_allclose(lab.reshape(-1, 3), [[60, 10, -20]] * 256, atol=0.02)
