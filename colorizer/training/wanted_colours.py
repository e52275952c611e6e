r"""What the refiner's training asks of colours besides looking right (:mod:`.refine`).

VGG distance and its least chroma leave three habits, each with a term of its own:

    rare    mean of w_q |x − y|:  errors where the truth y has a rare colour weigh more, with the
            class weights w of the paper (bins q of y, mixed with 0.1 uniform, none above
            :data:`MOST` times the mean)
    purple  mean chroma of purple where the truth has none: the mean of red and blue, which cloth
            that may be either is given and seldom has
    warm    (share of the chroma that is orange or yellow − the truth's, :data:`WARM` at least)²:
            a photograph that is brown all over

Hues count softly, so that gradients know the way out. Hue angle is atan2(b*, a*).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..color.bins import BIN_COUNT
from ..color.lab import srgb_to_lab
from ..color.nearest import nearest_bins
from .answers import Answers

#: share of the uniform distribution in the prior of the class weights; the paper has 0.5
_UNIFORM = 0.1
#: the largest class weight, times the mean
MOST = 40.0
#: hue angle of purple and of what is warm, and half of their breadth, degrees
_PURPLE, _PURPLE_REACH, _PURPLE_OF_TRUTH = -42.0, 38.0, 60.0
_WARM, _WARM_REACH = 70.0, 30.0
#: chroma from which the truth counts as coloured
_COLOURED = 5.0
#: the share of warm colours that no photograph is blamed for
WARM = 0.65
#: every so many pixels, of so many photographs, make the prior
_EVERY, _PHOTOS = 16, 4000


def class_weights(answers: Answers) -> NDArray[np.float32]:
    """Weights (313,) of the colours of the photographs trained on, of mean 1 over their pixels."""
    rows = answers.ready()[:_PHOTOS]
    rgb = np.stack([answers.truth(row)[::_EVERY, ::_EVERY] for row in rows])
    found = nearest_bins(srgb_to_lab(rgb.reshape(-1, 3).astype(np.float32) / 255)[:, 1:])
    prior = np.bincount(found, minlength=BIN_COUNT) / len(found)
    weights = 1 / ((1 - _UNIFORM) * prior + _UNIFORM / BIN_COUNT)
    weights = np.minimum(weights, MOST * (weights * prior).sum())
    return np.asarray(weights / (weights * prior).sum(), np.float32)


def rare_error(ab: Tensor, truth: Tensor, weights: NDArray[np.float32]) -> Tensor:
    """Mean error of colours (n, 2, h, w), in Lab units, the rare of the truth weighing more."""
    of_truth = nearest_bins(truth.permute(0, 2, 3, 1).cpu().numpy())
    weight = torch.from_numpy(weights[of_truth]).to(ab.device)
    error = ((ab - truth).square().sum(dim=1) + 1).sqrt()
    return (weight * error).mean() / weight.mean()


def purple_not_there(ab: Tensor, truth: Tensor) -> Tensor:
    """Mean chroma of ab (n, 2, h, w) that is purple where the truth is not, in Lab units."""
    there = _near(truth, _PURPLE, _PURPLE_OF_TRUTH, 4) * torch.sigmoid(_chroma(truth) - _COLOURED)
    return (_chroma(ab) * _near(ab, _PURPLE, _PURPLE_REACH, 4) * (1 - there)).mean()


def too_warm(ab: Tensor, truth: Tensor) -> Tensor:
    """Mean over photographs (n, 2, h, w) of the squared share of warm colours too many."""
    allowed = _warm_share(truth).clamp(min=WARM)
    return functional.relu(_warm_share(ab) - allowed).square().mean()


def _warm_share(ab: Tensor) -> Tensor:
    chroma = _chroma(ab)
    return (chroma * _near(ab, _WARM, _WARM_REACH, 5)).sum(dim=(1, 2)) / chroma.sum(dim=(1, 2))


def _chroma(ab: Tensor) -> Tensor:
    return (ab.square().sum(dim=1) + 1e-2).sqrt()


def _near(ab: Tensor, hue: float, reach: float, softness: float) -> Tensor:
    """0..1: whether the hue angle is within ``reach`` degrees of ``hue``."""
    angle = torch.rad2deg(torch.atan2(ab[:, 1], ab[:, 0] + 1e-4))
    return torch.sigmoid((reach - (angle - hue).abs()) / softness)
