"""The report as text: aligned columns, the paper's figures below."""

from __future__ import annotations

from .runner import Report

#: key of the row, heading, decimals
_COLUMNS = (
    ("psnr", "PSNR dB", 2),
    ("ssim", "SSIM", 3),
    ("delta_e2000", "dE2000", 2),
    ("colorfulness", "CF", 1),
    ("colorfulness_abs", "CF |.|", 1),
    ("auc", "AuC", 1),
    ("auc_rebalanced", "AuC reb.", 1),
    ("bias_a", "bias a", 2),
    ("bias_b", "bias b", 2),
    ("hist_correlation", "correl.", 3),
    ("hist_chi_square", "chi2", 2),
    ("hist_bhattacharyya", "Bhatt.", 3),
)

_PRIORS = {
    "own": "these photographs' own colours",
    "model": "the model's colour prior",
    "file": "the colour prior of a file",
    "given": "a given colour prior",
}

PAPER = """\
The paper this work starts from reports PSNR 20.85 dB, SSIM 0.83, correlation 86.98 %,
chi-square 99.81 %, Bhattacharyya 14.26 %. Beware: it measured other photographs by another
protocol, and does not say which histograms it compared or how it made percentages of the
distances. Its figures are a reference, not a comparison."""


def format_table(report: Report) -> str:
    """The report's rows as an aligned table with a line for the truth, a summary and a caution."""
    lines = [["", *(heading for _, heading, _ in _COLUMNS)]]
    for name, row in report.rows.items():
        lines.append([name, *(_number(row[key], places) for key, _, places in _COLUMNS)])
    first = next(iter(report.rows.values()))
    lines.append(["truth", *(_truth(first, key, places) for key, _, places in _COLUMNS)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    table.insert(1, "-" * max(map(len, table)))
    return "\n".join([*table, "", _summary(report), "", PAPER])


def _summary(report: Report) -> str:
    protocol = report.protocol
    source = protocol["prior"]["source"]
    skipped = f" ({len(report.skipped)} skipped)" if report.skipped else ""
    return (
        f"{report.photos} photographs{skipped}, short side {protocol['short_side']}, "
        f"{protocol['crop']}. CF: colourfulness. AuC: of 100, all pixels pooled; "
        f"rebalanced by {_PRIORS.get(source, source)}."
    )


def _truth(row: dict[str, float], key: str, places: int) -> str:
    value = row.get(f"{key}_truth")
    return "" if value is None else _number(value, places)


def _number(value: float, places: int) -> str:
    return f"{value:.{places}f}"
