"""The second look, likeness and the colour field with gradients, for many photographs.

The field is linear in the colours: x = A⁻¹ C d. So is its gradient, C A⁻¹ g, with the factors that
are there already. It is solved on the CPU, wherever the colours are. Likeness is linear too, once
it is known what is like what; that it depends on the colours itself has no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..color.coherence import field_of_parts
from ..color.field import ColourField
from ..color.hues import HUES
from ..color.likeness import CELL, Likeness, likeness
from ..color.second_look import SHIFT
from ..prediction import LOGIT_STRIDE
from .answers import Batch


def colours(look: Tensor, hues: Tensor) -> Tensor:
    """As :func:`..color.second_look.applied`, of many photographs: (n, 2, h, w).

    Args:
        look: (n, OUTPUTS, h/2, w/2).
        hues: (n, 2, HUES, h, w).
    """
    size = hues.shape[-2:]
    full = functional.interpolate(look.float(), size=size, mode="bilinear", align_corners=False)
    believed = 2 * torch.sigmoid(full[:, :HUES])
    return (hues * believed[:, None]).sum(dim=2) + SHIFT * full[:, HUES:]


def fields(batch: Batch) -> list[ColourField]:
    """The colour field of each photograph of a batch."""
    lightness = functional.avg_pool2d(batch.lightness, LOGIT_STRIDE)[:, 0].numpy()
    parts = zip(lightness, batch.variance.numpy(), batch.classes.square().numpy(), strict=True)
    return [field_of_parts(*part) for part in parts]


def likenesses(batch: Batch, usual: Tensor) -> list[Likeness]:
    """What is like what in each photograph of a batch, with the colours ``usual`` (n, 2, h, w)."""
    lightness = functional.avg_pool2d(batch.lightness, LOGIT_STRIDE)[:, 0]
    planes = (usual.detach().cpu(), lightness, batch.variance, batch.classes.square())
    parts = zip(*(x.numpy() for x in (*planes, batch.features)), strict=True)
    return [likeness(*part) for part in parts]


def alike(colours: Tensor, found: list[Likeness]) -> Tensor:
    """As :meth:`..color.likeness.Likeness.smooth`, of many photographs: (n, 2, h, w).

    The sides of the grid are multiples of a cell's.
    """
    step = found[0].step

    def of_all(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(one, name) for one in found])).to(colours.device)

    sure, strength, weights = of_all("confidence")[:, None], of_all("strength"), of_all("weights")
    places = functional.avg_pool2d(colours, step)
    cells = functional.avg_pool2d(places * sure, CELL) / functional.avg_pool2d(sure, CELL)
    like = (cells.flatten(2) @ weights.mT).reshape(places.shape)
    move = strength[:, None] * (like - places)
    size = colours.shape[-2:]
    return colours + functional.interpolate(move, size=size, mode="bilinear", align_corners=False)


class Smoothed(torch.autograd.Function):
    """Colours (n, 2, h, w) through each photograph's colour field, on the device they are on."""

    @staticmethod
    def forward(ctx: Any, colours: Tensor, found: list[ColourField]) -> Tensor:
        ctx.fields = found
        pairs = zip(found, colours.detach().cpu().numpy(), strict=True)
        smooth = np.stack([field.smooth(planes) for field, planes in pairs])
        return torch.from_numpy(smooth).to(colours.device)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        pairs = zip(ctx.fields, gradients[0].cpu().numpy(), strict=True)
        back = [f.confidence * f.smooth(planes / f.confidence) for f, planes in pairs]
        return torch.from_numpy(np.stack(back).astype(np.float32)).to(gradients[0].device), None
