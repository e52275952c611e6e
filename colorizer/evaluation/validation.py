"""A quick score on ab arrays for the training loop: no files, no rendering, no edge refinement.

The numbers show whether a training run gets better. They are not those of ``colorizer evaluate``:
colours are taken as predicted (out of gamut ones are clipped for PSNR and colourfulness and taken
as they are for AuC), at the size of the arrays, and without cast removal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..color.lab import lab_to_srgb
from . import metrics
from .auc import AucCounter


class AbScore:
    """Gathers validation batches; the scores are over all pictures added so far.

    Args:
        prior: (313,) smoothed colour prior (array or tensor) for the rebalanced AuC; ``None``: the
            added pictures' own colours, which is the safer choice (see :mod:`.auc`).
    """

    def __init__(self, prior: Any | None = None) -> None:
        self._auc = AucCounter(None if prior is None else _to_numpy(prior, np.float64))
        self._sums = np.zeros(3)
        self._pictures = 0

    def add(self, lightness: Any, ab_true: Any, ab_pred: Any, *, channel_axis: int = 1) -> None:
        """Score a batch. Arrays or tensors on any device, of any floating type.

        Args:
            lightness: L* 0..100: (N, H, W), or with an axis of length 1 at ``channel_axis``.
            ab_true, ab_pred: a*, b* in Lab units: (N, 2, H, W), or with the 2 at ``channel_axis``.
            channel_axis: 1 for PyTorch's order of axes, -1 for channels last.

        Raises:
            ValueError: if the shapes do not fit or an ab value is not finite.
        """
        true, pred = (np.moveaxis(_to_numpy(ab), channel_axis, -1) for ab in (ab_true, ab_pred))
        light = _to_numpy(lightness)
        if light.ndim == 4:
            light = np.moveaxis(light, channel_axis, -1)[..., 0]
        if true.ndim != 4 or true.shape != pred.shape or true.shape != (*light.shape, 2):
            raise ValueError(
                f"shapes do not fit: lightness {light.shape}, ab {true.shape} and {pred.shape} "
                "(channels last)"
            )
        self._auc.add(true, pred)
        for one_light, one_true, one_pred in zip(light, true, pred, strict=True):
            truth, result = _to_rgb(one_light, one_true), _to_rgb(one_light, one_pred)
            self._sums += (
                metrics.psnr(truth, result),
                metrics.colorfulness(result),
                metrics.colorfulness(truth),
            )
        self._pictures += len(true)

    def values(self) -> dict[str, float]:
        """``psnr``, ``auc``, ``auc_rebalanced``, ``colorfulness``, ``colorfulness_truth``.

        Raises:
            ValueError: if nothing was added.
        """
        if not self._pictures:
            raise ValueError("no pictures have been scored")
        psnr, colorfulness, colorfulness_truth = self._sums / self._pictures
        return {
            "psnr": float(psnr),
            "colorfulness": float(colorfulness),
            "colorfulness_truth": float(colorfulness_truth),
            "auc": self._auc.auc,
            "auc_rebalanced": self._auc.auc_rebalanced,
        }


def evaluate_ab(
    lightness: Any,
    ab_true: Any,
    ab_pred: Any,
    prior: ArrayLike | None = None,
    *,
    channel_axis: int = 1,
) -> dict[str, float]:
    """Scores of one batch; see :class:`AbScore` for arguments, results and errors.

    To score a set in several batches use one :class:`AbScore`: the areas pool pixels, so the mean
    of two batches' rebalanced AuC is not that of both.
    """
    score = AbScore(prior)
    score.add(lightness, ab_true, ab_pred, channel_axis=channel_axis)
    return score.values()


def _to_rgb(lightness: NDArray[np.float32], ab: NDArray[np.float32]) -> metrics.Pixels:
    lab = np.concatenate([lightness[..., None], ab], axis=-1)
    return np.asarray(np.rint(lab_to_srgb(lab) * 255.0)).astype(np.uint8)


def _to_numpy(array: Any, dtype: type = np.float32) -> NDArray[Any]:
    """An array or a tensor (any device, also bfloat16) as numpy."""
    if hasattr(array, "detach"):
        array = array.detach().cpu().double().numpy()
    return np.asarray(array, dtype=dtype)
