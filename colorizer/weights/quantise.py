"""Symmetric 8-bit quantisation of convolution weights, one scale per output channel.

For the weights w of one output channel and a clipping limit c,

    scale = c / 127,   q = clamp(round(w / scale), -127, 127),   w' = q * scale.

With c = max|w| no value is clipped and |w - w'| <= scale / 2. A somewhat smaller c clips a few
large values but rounds all others more finely; of a few candidates the one with the least squared
error is kept, and c = max|w| is among them, so the search never makes the error larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import WeightsCorrupt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

LEVELS = 127
#: clipping limits that are tried, as shares of max|w|
CLIPS = (1.0, 0.98, 0.96, 0.94, 0.92, 0.9, 0.87, 0.84, 0.8, 0.75, 0.7, 0.65, 0.6)
#: channels whose scale would fall below the smallest normal float32 are stored as zeros
TINY = 2.0**-126
#: with a larger scale a weight could pass the largest float32
LARGEST_SCALE = 2.0**121


def quantise(weight: Tensor, *, channel: int = 0, search: bool = True) -> tuple[Tensor, Tensor]:
    """Quantise ``weight`` (float, >= 1 dimension) per index of dimension ``channel``.

    Returns int8 of the same shape, -127..127, and the scales, float32 (channels,). ``search`` tries
    the clipping limits above; without it nothing is clipped. A channel of zeros has scale 1.

    Raises:
        WeightsCorrupt: if a value is infinite or not a number.
    """
    import torch

    rows = weight.detach().cpu().double().movedim(channel, 0)
    shape = rows.shape
    rows = rows.reshape(shape[0], -1)
    if not bool(torch.isfinite(rows).all()):
        raise WeightsCorrupt("The weights contain values that are infinite or not numbers.")
    peak = rows.abs().amax(dim=1) if rows.shape[1] else rows.new_zeros(shape[0])
    live = peak / LEVELS >= 2 * TINY
    best_scale = torch.ones_like(peak)
    best_error = torch.full_like(peak, torch.inf)
    for clip in CLIPS if search else CLIPS[:1]:
        scale = torch.where(live, clip * peak / LEVELS, 1.0).float().double()
        error = (rows - _round(rows, scale) * scale[:, None]).square().sum(dim=1)
        better = error < best_error
        best_scale = torch.where(better, scale, best_scale)
        best_error = torch.where(better, error, best_error)
    levels = _round(rows, best_scale) * live[:, None]
    stored = levels.to(torch.int8).reshape(shape).movedim(0, channel).contiguous()
    return stored, best_scale.float()


def _round(rows: Tensor, scale: Tensor) -> Tensor:
    return (rows / scale[:, None]).round().clamp(-LEVELS, LEVELS)


def check_scales(levels: NDArray[Any], scale: NDArray[Any], *, channel: int = 0) -> None:
    """Whether these are quantised weights, ``levels`` int8 and ``scale`` float32 (channels,).

    Raises:
        WeightsCorrupt: if types or shapes do not fit, or a scale is negative or too large.
    """
    fits = (
        levels.dtype == "int8"
        and scale.dtype == "float32"
        and levels.ndim > channel
        and scale.shape == (levels.shape[channel],)
    )
    # written so that a scale that is not a number fails too
    if not fits or not ((scale >= 0) & (scale < LARGEST_SCALE)).all():
        raise WeightsCorrupt("The scales of the quantised weights do not fit them.")


def dequantise(
    levels: NDArray[np.int8], scale: NDArray[np.float32], *, channel: int = 0
) -> NDArray[np.float32]:
    """float32 weights of the shape of ``levels`` from scales (channels,) along ``channel``.

    Raises:
        WeightsCorrupt: as :func:`check_scales`.
    """
    import numpy as np

    check_scales(levels, scale, channel=channel)
    shape = [1] * levels.ndim
    shape[channel] = -1
    weights: NDArray[np.float32] = np.multiply(levels, scale.reshape(shape), dtype=np.float32)
    return weights
