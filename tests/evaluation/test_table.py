from __future__ import annotations

from pathlib import Path
from typing import Any

from colorizer.evaluation.protocol import Protocol
from colorizer.evaluation.runner import evaluate, rows_for
from colorizer.evaluation.table import format_table

from .conftest import oracle


def test_the_table_is_aligned_and_complete(photographs: tuple[list[Any], Path]) -> None:
    truths, folder = photographs
    report = evaluate(
        oracle(truths),
        [folder],
        rows=rows_for(["temperature=1.0,saturation=1.2"]),
        protocol=Protocol(40, 40),
        progress=False,
    )
    lines = format_table(report).splitlines()
    heading, rule, grey, default, setting, truth = lines[:6]
    assert [line.split()[0] for line in (grey, default, setting, truth)] == [
        "grey",
        "default",
        "temperature=1.0,saturation=1.2",
        "truth",
    ]
    assert set(rule) == {"-"}
    assert len({len(line) for line in (heading, rule, grey, default, setting)}) == 1
    end = heading.index("PSNR dB") + len("PSNR dB")
    assert default[:end].endswith("100.00")
    assert grey[:end].endswith(f"{report.rows['grey']['psnr']:.2f}")
    end = heading.index("  CF  ") + len("  CF")
    assert truth[:end].endswith(f"{report.rows['default']['colorfulness_truth']:.1f}")
    text = "\n".join(lines[6:])
    assert "3 photographs, short side 40" in text
    assert "own colours" in text
    assert "20.85 dB" in text
    assert "another" in text
    assert "B better" not in text


def test_the_comparison_is_a_second_table(photographs: tuple[list[Any], Path]) -> None:
    truths, folder = photographs
    report = evaluate(
        oracle(truths), [folder], protocol=Protocol(40, 40), progress=False,
        compared=("grey", "default"),
    )  # fmt: skip
    lines = format_table(report).splitlines()
    assert lines[lines.index("A: grey") + 1] == "B: default"
    psnr = next(line for line in lines if line.startswith("PSNR dB"))
    assert report.comparison is not None
    assert psnr.split()[2] == f"{report.comparison.metrics['psnr'].mean:+.2f}"
    assert psnr.endswith("100%")
