"""Adding up one row of the table: photograph by photograph, nothing kept but sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import metrics
from .auc import AucCounter, nearest_bins
from .histograms import Histogram, ab_histogram, bhattacharyya, chi_square, correlation
from .metrics import Lab, Pixels

#: What a row holds, in the order of the table.
COLUMNS = (
    "psnr",
    "ssim",
    "delta_e2000",
    "colorfulness",
    "colorfulness_truth",
    "colorfulness_abs",
    "colorfulness_abs_truth",
    "auc",
    "auc_rebalanced",
    "bias_a",
    "bias_b",
    "hist_correlation",
    "hist_chi_square",
    "hist_bhattacharyya",
)


@dataclass(frozen=True)
class Truth:
    """A photograph's true pixels and what every row needs of them, computed once.

    Attributes:
        rgb: uint8 (H, W, 3).
        lab: float64 (H, W, 3).
        bins: (H, W), bin nearest each pixel's ab.
        histogram: see :func:`.histograms.ab_histogram`.
        colorfulness, colorfulness_abs: see :mod:`.metrics`.
    """

    rgb: Pixels
    lab: Lab
    bins: NDArray[np.intp]
    histogram: Histogram
    colorfulness: float
    colorfulness_abs: float

    @classmethod
    def of(cls, rgb: Pixels) -> Truth:
        """Measure the truth ``rgb``, uint8 (H, W, 3)."""
        lab = metrics.to_lab(rgb)
        return cls(
            rgb=rgb,
            lab=lab,
            bins=nearest_bins(lab[..., 1:]),
            histogram=ab_histogram(lab[..., 1:]),
            colorfulness=metrics.colorfulness(rgb),
            colorfulness_abs=metrics.colorfulness_absolute(rgb),
        )


class RowScore:
    """The running sums of one row. ``prior``: see :class:`.auc.AucCounter`."""

    def __init__(self, prior: ArrayLike | None = None) -> None:
        self._sums: dict[str, float] = {}
        self._photos = 0
        self._auc = AucCounter(prior)

    def add(self, truth: Truth, rgb: Pixels) -> None:
        """Score one result, uint8 (H, W, 3), against its truth.

        Raises:
            ValueError: if the shapes differ.
        """
        lab = metrics.to_lab(rgb)
        histogram = ab_histogram(lab[..., 1:])
        bias_a, bias_b = metrics.bias(truth.lab, lab)
        values = {
            "psnr": metrics.psnr(truth.rgb, rgb),
            "ssim": metrics.ssim(truth.rgb, rgb),
            "delta_e2000": metrics.delta_e2000(truth.lab, lab),
            "colorfulness": metrics.colorfulness(rgb),
            "colorfulness_truth": truth.colorfulness,
            "colorfulness_abs": metrics.colorfulness_absolute(rgb),
            "colorfulness_abs_truth": truth.colorfulness_abs,
            "bias_a": bias_a,
            "bias_b": bias_b,
            "hist_correlation": correlation(truth.histogram, histogram),
            "hist_chi_square": chi_square(truth.histogram, histogram),
            "hist_bhattacharyya": bhattacharyya(truth.histogram, histogram),
        }
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._auc.add(truth.lab[..., 1:], lab[..., 1:], truth.bins)
        self._photos += 1

    def values(self) -> dict[str, float]:
        """The row: a number for each of :data:`COLUMNS`.

        Raises:
            ValueError: if nothing was added.
        """
        if not self._photos:
            raise ValueError("no photographs have been scored")
        row = {name: total / self._photos for name, total in self._sums.items()}
        row["auc"] = self._auc.auc
        row["auc_rebalanced"] = self._auc.auc_rebalanced
        return {name: row[name] for name in COLUMNS}
