"""The metrics of a row: how each is headed and rounded, and what counts as better.

The table, the page and the comparison of two rows all take them from here; what the numbers mean
is in :meth:`.protocol.Protocol.describe`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One metric.

    Attributes:
        heading: of its column, short.
        places: decimals to show.
        better: which of two values of one photograph is better: the ``high`` or the ``low`` one,
            the one nearer ``zero`` or nearer the value of the ``truth``; "" if photographs have
            no value of their own (the metric is one of the set).
        name: of the metric, in full.
        unit: if it has one.
    """

    heading: str
    places: int
    better: Literal["high", "low", "zero", "truth", ""]
    name: str
    unit: str = ""


#: key in a row -> the column; ``vgg`` and ``lpips`` are there only where they were measured
METRICS = {
    "vgg": Column("VGG", 3, "low", "VGG distance"),
    "patches": Column("patches", 2, "", "patches"),
    "chroma": Column("chroma", 1, "truth", "mean chroma"),
    "psnr": Column("PSNR dB", 2, "high", "PSNR", "dB"),
    "ssim": Column("SSIM", 3, "high", "SSIM"),
    "delta_e2000": Column("dE2000", 2, "low", "ΔE2000"),
    "colorfulness": Column("CF", 1, "truth", "colourfulness"),
    "colorfulness_delta": Column("dCF", 1, "", "ΔCF"),
    "colorfulness_abs": Column("CF |.|", 1, "truth", "colourfulness (abs)"),
    "colorfulness_abs_delta": Column("dCF |.|", 1, "", "ΔCF (abs)"),
    "auc": Column("AuC", 1, "", "AuC", "of 100"),
    "auc_rebalanced": Column("AuC reb.", 1, "", "AuC, rebalanced", "of 100"),
    "bias_a": Column("bias a", 2, "zero", "bias of a*"),
    "bias_b": Column("bias b", 2, "zero", "bias of b*"),
    "hist_correlation": Column("correl.", 3, "high", "histogram correlation"),
    "hist_chi_square": Column("chi2", 2, "low", "histogram chi-square"),
    "hist_bhattacharyya": Column("Bhatt.", 3, "low", "histogram Bhattacharyya"),
    "rgb_hist_correlation": Column("corr. RGB", 3, "high", "RGB histogram correlation"),
    "rgb_hist_chi_square": Column("chi2 RGB", 2, "low", "RGB histogram chi-square"),
    "rgb_hist_bhattacharyya": Column("Bhatt. RGB", 3, "low", "RGB histogram Bhattacharyya"),
    "sepia_rate": Column("sepia", 3, "low", "sepia rate"),
    "lpips": Column("LPIPS", 3, "low", "LPIPS"),
}

#: what the seed paper prints of these metrics; its histograms in their likeliest reading
PAPER_FIGURES = {
    "psnr": "20.85 dB",
    "ssim": "0.83",
    "rgb_hist_correlation": "86.98 %",
    "rgb_hist_chi_square": "99.81 %",
    "rgb_hist_bhattacharyya": "14.26 %",
}

PAPER_CAUTION = (
    "Beware: the paper measured other photographs by another protocol, and does not say which "
    "histograms it compared or how it made percentages of the distances. Its figures are a "
    "reference, not a comparison."
)
