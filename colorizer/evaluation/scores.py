"""Scoring one row of the table: a few numbers per photograph, and what a set of them amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color.nearest import nearest_bins
from . import metrics
from .auc import Areas, bin_areas, pooled
from .histograms import (
    Histogram,
    ab_histogram,
    bhattacharyya,
    chi_square,
    correlation,
    rgb_histogram,
)
from .metrics import Lab, Pixels
from .patches import Regions
from .sepia import is_sepia

#: What a row holds, in the order of the JSON file; ``vgg`` before and ``lpips`` after them, where
#: they were measured.
COLUMNS = (
    "patches",
    "patches_truth",
    "chroma",
    "chroma_truth",
    "psnr",
    "ssim",
    "delta_e2000",
    "colorfulness",
    "colorfulness_truth",
    "colorfulness_delta",
    "colorfulness_abs",
    "colorfulness_abs_truth",
    "colorfulness_abs_delta",
    "auc",
    "auc_rebalanced",
    "bias_a",
    "bias_b",
    "hist_correlation",
    "hist_chi_square",
    "hist_bhattacharyya",
    "rgb_hist_correlation",
    "rgb_hist_chi_square",
    "rgb_hist_bhattacharyya",
    "sepia_rate",
)

#: a truth and a result, uint8 (H, W, 3) each, to their distance
Distance = Callable[[Pixels, Pixels], float]


@dataclass(frozen=True)
class Truth:
    """A photograph's true pixels and what every row needs of them, computed once.

    Attributes:
        rgb: uint8 (H, W, 3).
        lab: float64 (H, W, 3).
        bins: (H, W), bin nearest each pixel's ab.
        regions: of one colour, see :mod:`.patches`.
        unevenness: of the truth in them, see :meth:`.patches.Regions.unevenness`.
        chroma: mean over the pixels, Lab units.
        histogram, rgb_histogram: see :mod:`.histograms`.
        colorfulness, colorfulness_abs: see :mod:`.metrics`.
    """

    rgb: Pixels
    lab: Lab
    bins: NDArray[np.intp]
    regions: Regions
    unevenness: float
    chroma: float
    histogram: Histogram
    rgb_histogram: Histogram
    colorfulness: float
    colorfulness_abs: float

    @classmethod
    def of(cls, rgb: Pixels) -> Truth:
        """Measure the truth ``rgb``, uint8 (H, W, 3)."""
        lab = metrics.to_lab(rgb)
        ab = lab[..., 1:]
        regions = Regions.of(ab)
        return cls(
            rgb=rgb,
            lab=lab,
            bins=nearest_bins(ab),
            regions=regions,
            unevenness=regions.unevenness(ab)[0],
            chroma=metrics.chroma(lab),
            histogram=ab_histogram(ab),
            rgb_histogram=rgb_histogram(rgb),
            colorfulness=metrics.colorfulness(rgb),
            colorfulness_abs=metrics.colorfulness_absolute(rgb),
        )


@dataclass(frozen=True)
class RowValues:
    """One row, photograph by photograph (n of them).

    Attributes:
        values: name of the metric to float64 (n,); ``sepia_rate`` is 0 or 1. Metrics of the set
            (AuC, patches, differences of means) are not among them.
        areas, pixels: float64 (n, 313), see :func:`.auc.bin_areas`.
        uneven: float64 (n, 3), :meth:`.patches.Regions.unevenness` of result and truth, and pixels.
    """

    values: dict[str, NDArray[np.float64]]
    areas: Areas
    pixels: Areas
    uneven: NDArray[np.float64]

    def estimates(
        self, sets: NDArray[np.float64], bin_weights: NDArray[np.float64] | None = None
    ) -> dict[str, NDArray[np.float64]]:
        """The metrics of sets of the photographs.

        Args:
            sets: (k, n), how often each set holds each photograph.
            bin_weights: (313,), 1/p̃ for the rebalanced AuC; ``None``: of the set's own pixels.

        Returns:
            (k,) for each of :data:`COLUMNS`, and for ``vgg`` and ``lpips`` if they were measured.
        """
        size = sets.sum(axis=1)
        row = {name: sets @ values / size for name, values in self.values.items()}
        for name in ("colorfulness", "colorfulness_abs"):
            row[f"{name}_delta"] = np.abs(row[name] - row[f"{name}_truth"])
        row["auc"], row["auc_rebalanced"] = pooled(
            sets @ self.areas, sets @ self.pixels, bin_weights
        )
        result, truth, pixels = (sets @ self.uneven).T
        row["patches"] = np.sqrt(result / np.maximum(pixels, 1))
        row["patches_truth"] = np.sqrt(truth / np.maximum(pixels, 1))
        return {name: row[name] for name in ("vgg", *COLUMNS, "lpips") if name in row}


class RowScore:
    """Collects the values of one row. ``distances``: name to a distance to measure too."""

    def __init__(self, distances: Mapping[str, Distance] | None = None) -> None:
        self._distances = distances or {}
        self._uneven: list[tuple[float, float, float]] = []
        self._values: dict[str, list[float]] = {}
        self._areas: list[Areas] = []

    def add(self, truth: Truth, rgb: Pixels) -> Lab:
        """Score one result, uint8 (H, W, 3), against its truth; returns the result's Lab.

        Raises:
            ValueError: if the shapes differ.
        """
        lab = metrics.to_lab(rgb)
        ab_true, ab = truth.lab[..., 1:], lab[..., 1:]
        histogram, in_rgb = ab_histogram(ab), rgb_histogram(rgb)
        uneven, pixels = truth.regions.unevenness(ab)
        bias_a, bias_b = metrics.bias(truth.lab, lab)
        values = {
            "chroma": metrics.chroma(lab),
            "chroma_truth": truth.chroma,
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
            "rgb_hist_correlation": correlation(truth.rgb_histogram, in_rgb),
            "rgb_hist_chi_square": chi_square(truth.rgb_histogram, in_rgb),
            "rgb_hist_bhattacharyya": bhattacharyya(truth.rgb_histogram, in_rgb),
            "sepia_rate": float(is_sepia(ab, ab_true)),
        }
        values |= {name: distance(truth.rgb, rgb) for name, distance in self._distances.items()}
        for name, value in values.items():
            self._values.setdefault(name, []).append(value)
        self._areas.append(bin_areas(ab_true, ab, truth.bins))
        self._uneven.append((uneven, truth.unevenness, pixels))
        return lab

    def values(self) -> RowValues:
        """All that was collected. ValueError if nothing was added."""
        if not self._areas:
            raise ValueError("no photographs have been scored")
        areas, pixels = np.stack(self._areas, axis=1)
        values = {name: np.array(column) for name, column in self._values.items()}
        return RowValues(values, areas, pixels, np.array(self._uneven))
