"""From uint8 squares to network inputs and colour targets, augmented in one batch on the device."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..color.lab import linear_to_srgb, srgb_to_lab, srgb_to_linear
from .config import TrainConfig
from .degrade import degrade_lightness

#: logits are at 1/4 of the input's resolution
TARGET_STRIDE = 4


class Batch(NamedTuple):
    """What one step needs. Lightness is L* (0..100), colours are a*, b*."""

    lightness: Tensor  # (N, 1, crop, crop): what the network sees
    target: Tensor  # (N, 2, crop/4, crop/4)
    target_lightness: Tensor  # (N, 1, crop/4, crop/4): undegraded


def random_crops(
    squares: Tensor, crop: int, smallest_scale: float, generator: torch.Generator
) -> Tensor:
    """Crop, scale and flip at random.

    A window of side s, log-uniform in [crop, crop / smallest_scale] (at most the picture), is
    placed at random, mirrored half of the time, and resampled bilinearly to ``crop``.

    Args:
        squares: (N, S, S, 3) uint8.
        crop: side of the result in px.
        smallest_scale: in (0, 1]; 1 keeps the scale.

    Returns:
        (N, 3, crop, crop) float32, 0..1.
    """
    count, side = squares.shape[0], squares.shape[1]
    device = squares.device
    rgb = squares.permute(0, 3, 1, 2).float() / 255.0
    draw = torch.rand((count, 4), generator=generator).to(device)
    largest = min(side / crop, 1.0 / smallest_scale)
    window = crop * largest ** draw[:, 0]
    if smallest_scale == 1.0:
        starts = (draw[:, 1:3] * (side - crop + 1)).floor()  # whole pixels: no resampling blur
    else:
        starts = draw[:, 1:3] * (side - window)[:, None]
    flip = torch.where(draw[:, 3] < 0.5, -1.0, 1.0)
    centre = (starts + window[:, None] / 2) / side * 2 - 1
    theta = torch.zeros((count, 2, 3), device=device)
    theta[:, 0, 0] = window / side * flip
    theta[:, 1, 1] = window / side
    theta[:, :, 2] = centre
    grid = functional.affine_grid(theta, [count, 3, crop, crop], align_corners=False)
    return functional.grid_sample(rgb, grid, padding_mode="border", align_corners=False)


def make_batch(
    squares: Tensor, config: TrainConfig, generator: torch.Generator, progress: float = 0.0
) -> Batch:
    """Augment a batch of uint8 squares (N, S, S, 3) as ``config`` says.

    Args:
        squares: on any device.
        config: the run's settings.
        generator: on the CPU; decides everything that is random.
        progress: 0..1, how much of the run is done (for ``crop_steps``).
    """
    rgb = random_crops(squares, config.crop_at(progress), config.smallest_scale, generator)
    count, device = rgb.shape[0], rgb.device
    draw = torch.rand((count, 3), generator=generator).to(device)
    if config.brightness:
        gain = 1.0 + config.brightness * (2 * draw[:, 0] - 1)
        linear = srgb_to_linear(rgb) * gain[:, None, None, None]
        rgb = linear_to_srgb(linear.clamp(0, 1))
    batch = to_lab_batch(rgb)
    lightness = batch.lightness
    if config.input_contrast:
        contrast = (1.0 + config.input_contrast * (2 * draw[:, 1] - 1))[:, None, None, None]
        mean = lightness.mean(dim=(1, 2, 3), keepdim=True)
        lightness = mean + (lightness - mean) * contrast
    if config.input_noise:
        noise = torch.randn(lightness.shape, generator=generator).to(device)
        lightness = lightness + noise * (config.input_noise * draw[:, 2] ** 2)[:, None, None, None]
    lightness = lightness.clamp(0, 100)
    if config.degrade:
        old = (torch.rand(count, generator=generator) < config.degrade).nonzero().flatten()
        old = old.to(device)
        changed = degrade_lightness(lightness[old], generator)
        lightness = lightness.index_copy(0, old, changed)
    return batch._replace(lightness=lightness)


def to_lab_batch(rgb: Tensor) -> Batch:
    """RGB (N, 3, H, W), 0..1 -> a batch without augmentation; targets are area means of 4 x 4."""
    lab = srgb_to_lab(rgb.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    small = functional.avg_pool2d(lab, TARGET_STRIDE)
    return Batch(lab[:, :1].contiguous(), small[:, 1:].contiguous(), small[:, :1].contiguous())
