r"""The loss of Pandey et al.: L_total = l_ce L_ce + l_l2 L_l2 + l_cons L_cons.

With logits z (N, Q = 313, h, w), true colours ab (N, 2, h, w) and lightness L (N, 1, h, w):

* L_ce: soft cross-entropy, - sum_q y_q log softmax(z)_q, times the rebalancing weight of the bin
  nearest to the pixel's true colour, averaged over pixels (Zhang et al. 2016, eq. 2 and 3).
* L_l2: squared distance of the soft-decoded colour (T = 1) to the true one, in units of 110,
  averaged over pixels.
* L_cons: neighbours i, j (right and below) of like lightness should have like colour. The paper
  gives no formula; ours, with the soft-decoded colour c in units of 110 and s_L in L*:

      L_cons = sum_ij w_ij |c_i - c_j|^2 / sum_ij w_ij,   w_ij = exp(-(L_i - L_j)^2 / (2 s_L^2))

Pictures in which no pixel has |a*| or |b*| above 5 get no loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..color.bins import ab_bins, rebalancing_weights, soft_encode

AB_SCALE = 110.0
GREY_THRESHOLD = 5.0


@lru_cache(maxsize=4)
def _encode_all(limit: int, k: int, sigma: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    axis = np.arange(-limit, limit + 1, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    indices, weights = soft_encode(grid, k, sigma)
    return indices, weights


class SoftEncodingTable(nn.Module):
    """Soft encodings of all whole-numbered colours, so that a training step only looks them up.

    Colours are rounded to whole Lab units (an error of at most 0.5, a tenth of sigma).
    """

    indices: Tensor
    weights: Tensor
    LIMIT = 110

    def __init__(self, k: int, sigma: float) -> None:
        super().__init__()
        indices, weights = _encode_all(self.LIMIT, k, sigma)
        self.register_buffer("indices", torch.from_numpy(indices.astype(np.int64)))
        self.register_buffer("weights", torch.from_numpy(weights.copy()))

    def cells(self, ab: Tensor) -> Tensor:
        """Row of the table for each colour: (N, 2, h, w) -> (N, h, w) int64."""
        whole = ab.round().clamp(-self.LIMIT, self.LIMIT).long() + self.LIMIT
        return whole[:, 0] * (2 * self.LIMIT + 1) + whole[:, 1]

    def forward(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 2, h, w) -> bin indices and weights, both (N, k, h, w), nearest bin first."""
        cells = self.cells(ab)
        return (
            self.indices[cells].permute(0, 3, 1, 2),
            self.weights[cells].permute(0, 3, 1, 2),
        )


@dataclass
class Losses:
    """One step's loss and its parts (scalars)."""

    total: Tensor
    ce: Tensor
    l2: Tensor
    consistency: Tensor


class ColorizationLoss(nn.Module):
    """The weighted sum of the three losses.

    Args:
        prior: smoothed colour prior (313,), see :func:`colorizer.color.bins.smooth_prior`.
    """

    centres: Tensor
    class_weights: Tensor

    def __init__(
        self,
        prior: np.ndarray,
        *,
        lambda_ce: float = 1.0,
        lambda_l2: float = 1.0,
        lambda_consistency: float = 0.1,
        sigma_lightness: float = 5.0,
        rebalancing_mix: float = 0.5,
        k: int = 5,
        sigma: float = 5.0,
    ) -> None:
        super().__init__()
        self.lambda_ce, self.lambda_l2 = lambda_ce, lambda_l2
        self.lambda_consistency, self.sigma_lightness = lambda_consistency, sigma_lightness
        self.table = SoftEncodingTable(k, sigma)
        weights = rebalancing_weights(prior, rebalancing_mix)
        self.register_buffer("class_weights", torch.from_numpy(weights).float())
        self.register_buffer("centres", torch.from_numpy(ab_bins() / AB_SCALE))

    def forward(self, logits: Tensor, ab: Tensor, lightness: Tensor) -> Losses:
        """Losses of logits (N, 313, h, w) against ab (N, 2, h, w), given L* (N, 1, h, w)."""
        log_p = functional.log_softmax(logits.float(), dim=1)
        colourful = (ab.abs() > GREY_THRESHOLD).flatten(1).any(dim=1).float()
        per_photo = colourful / colourful.sum().clamp(min=1.0)

        indices, targets = self.table(ab)
        ce = -(log_p.gather(1, indices) * targets).sum(dim=1)
        ce = ce * self.class_weights[indices[:, 0]]

        decoded = functional.conv2d(log_p.exp(), self.centres.t()[:, :, None, None])
        l2 = (decoded - ab / AB_SCALE).square().sum(dim=1)
        consistency = consistency_loss(decoded, lightness, self.sigma_lightness)

        parts = [(part.flatten(1).mean(dim=1) * per_photo).sum() for part in (ce, l2)]
        smooth = (consistency * per_photo).sum()
        total = (
            self.lambda_ce * parts[0] + self.lambda_l2 * parts[1] + self.lambda_consistency * smooth
        )
        return Losses(total, parts[0].detach(), parts[1].detach(), smooth.detach())


def consistency_loss(colour: Tensor, lightness: Tensor, sigma: float) -> Tensor:
    """L_cons of the module's docstring for each photograph.

    Args:
        colour: (N, 2, h, w) decoded colours, in units of 110.
        lightness: (N, 1, h, w) L*.
        sigma: s_L, in L*.

    Returns:
        (N,) losses, 0 or more.
    """
    total = colour.new_zeros(colour.shape[0])
    mass = colour.new_zeros(colour.shape[0])
    for dim in (2, 3):
        weight = torch.exp(-lightness.diff(dim=dim).square() / (2 * sigma**2))
        difference = colour.diff(dim=dim).square().sum(dim=1, keepdim=True)
        total = total + (weight * difference).sum(dim=(1, 2, 3))
        mass = mass + weight.sum(dim=(1, 2, 3))
    return total / mass.clamp(min=1e-6)
