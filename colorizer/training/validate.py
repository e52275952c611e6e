"""Validation during training: the un-augmented loss and the figures that matter, quickly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..color.bins import TEMPERATURE, annealed_mean
from ..color.lab import lab_to_srgb
from ..color.nearest import nearest_bins
from ..errors import TrainingDiverged
from ..evaluation.auc import AucCounter
from .augment import TARGET_STRIDE, to_lab_batch
from .losses import ColorizationLoss

LogitFunction = Callable[[Tensor], Tensor]


def enlarged(ab: Tensor) -> Tensor:
    """Small ab (N, 2, h, w) to the size of the picture, bilinear."""
    scale = float(TARGET_STRIDE)
    return functional.interpolate(ab, scale_factor=scale, mode="bilinear", align_corners=False)


def to_rgb(lightness: Tensor, ab: Tensor) -> Tensor:
    """L* (N, 1, H, W) and ab (N, 2, H, W) -> sRGB (N, 3, H, W), 0..1; gradients are finite."""
    lab = torch.cat([lightness, ab], dim=1).permute(0, 2, 3, 1)
    rgb: Tensor = lab_to_srgb(lab).permute(0, 3, 1, 2)
    return rgb


def render_batch(lightness: Tensor, ab: Tensor) -> Tensor:
    """L* (N, 1, H, W) and small ab (N, 2, h, w) -> sRGB (N, 3, H, W), 0..1, ab bilinear."""
    return to_rgb(lightness, enlarged(ab))


def _psnr(truth: Tensor, result: Tensor) -> list[float]:
    error = ((truth - result) * 255).square().flatten(1).mean(dim=1).clamp(min=1e-3)
    return (10 * torch.log10(255.0**2 / error)).tolist()


@torch.no_grad()
def validate(
    logits_of: LogitFunction,
    squares: Tensor,
    criterion: ColorizationLoss,
    batch: int = 8,
) -> dict[str, float]:
    """Figures on squares (N, S, S, 3) uint8, whole squares, bilinear ab, no corrections.

    Returns:
        ``loss``, ``ce``, ``l2``, and for T = 1 and T = 0.38 PSNR (dB), AuC rebalanced, and the
        ratio of mean chroma to the truth's; ``grey`` figures for comparison.
    """
    temperatures = {"t1": 1.0, "t038": TEMPERATURE}
    curves = {name: AucCounter() for name in (*temperatures, "grey")}
    psnr: dict[str, list[float]] = {name: [] for name in curves}
    chroma = dict.fromkeys((*temperatures, "truth"), 0.0)
    totals = np.zeros(3)
    for part in torch.split(squares, batch):
        rgb = part.permute(0, 3, 1, 2).float() / 255.0
        data = to_lab_batch(rgb)
        logits = logits_of(data.lightness).float()
        if not bool(logits.isfinite().all()):
            raise TrainingDiverged(
                "The network's answers are infinite or undefined. Lower the learning rate and "
                "resume from the last checkpoint."
            )
        losses = criterion(logits, data.target, data.target_lightness)
        totals += len(part) * np.array([losses.total.item(), losses.ce.item(), losses.l2.item()])
        truth = data.target.permute(0, 2, 3, 1).reshape(-1, 2).cpu().numpy()
        bins = nearest_bins(truth)
        chroma["truth"] += float(data.target.norm(dim=1).mean()) * len(part)
        results = {n: annealed_mean(logits, t, axis=1) for n, t in temperatures.items()}
        results["grey"] = torch.zeros_like(data.target)
        for name, ab in results.items():
            psnr[name] += _psnr(rgb, render_batch(data.lightness, ab))
            curves[name].add(truth, ab.permute(0, 2, 3, 1).reshape(-1, 2).cpu().numpy(), bins)
            if name in chroma:
                chroma[name] += float(ab.norm(dim=1).mean()) * len(part)
    loss, ce, l2 = totals / len(squares)
    row = {"loss": float(loss), "ce": float(ce), "l2": float(l2)}
    for name in curves:
        row[f"psnr_{name}"] = float(np.mean(psnr[name]))
        row[f"auc_{name}"] = float(curves[name].auc_rebalanced or 0.0)
        if name in temperatures:
            row[f"chroma_{name}"] = chroma[name] / max(chroma["truth"], 1e-6)
    return row
