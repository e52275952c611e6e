from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer.color.bins import BIN_COUNT
from colorizer.errors import InvalidSetting, TrainingDataError
from colorizer.evaluation import metrics, sepia
from colorizer.evaluation.protocol import Protocol, grey_photo, grey_result
from colorizer.evaluation.report import Report
from colorizer.evaluation.runner import evaluate, rows_for
from colorizer.evaluation.scores import COLUMNS
from colorizer.settings import Settings

from .conftest import Fake, Said, encode, grey_fake, oracle, pack, paint

PROTOCOL = Protocol(40, 40)
Photographs = tuple[list[Any], Path]


def run(colorizer: Fake, *paths: Path, **options: Any) -> Report:
    return evaluate(colorizer, paths, protocol=PROTOCOL, progress=False, **options)


def test_the_truth_scores_perfectly(photographs: Photographs) -> None:
    truths, folder = photographs
    report = run(oracle(truths), folder)
    row = report.rows["default"]
    assert report.photos == 3
    assert row["psnr"] == metrics.PSNR_CAP
    assert row["ssim"] == pytest.approx(1.0)
    assert row["delta_e2000"] == pytest.approx(0.0)
    assert row["auc"] == pytest.approx(100.0)
    assert row["auc_rebalanced"] == pytest.approx(100.0)
    assert row["bias_a"] == row["bias_b"] == 0.0
    assert row["colorfulness"] == row["colorfulness_truth"] > 0
    assert row["colorfulness_abs"] == row["colorfulness_abs_truth"] > 0
    assert row["hist_correlation"] == pytest.approx(1.0)
    assert row["hist_chi_square"] == 0.0
    assert row["hist_bhattacharyya"] == pytest.approx(0.0, abs=1e-3)


def test_grey_has_the_negative_mean_of_the_truth_as_bias(photographs: Photographs) -> None:
    truths, folder = photographs
    report = run(grey_fake(), folder)
    mean = np.mean([metrics.to_lab(rgb)[..., 1:].mean(axis=(0, 1)) for rgb in truths], axis=0)
    for name in ("grey", "default"):
        row = report.rows[name]
        np.testing.assert_allclose([row["bias_a"], row["bias_b"]], -mean, atol=0.02)
        assert row["colorfulness"] == 0.0
        assert row["auc_rebalanced"] < 100
    assert abs(mean).max() > 1  # the pictures do have a cast, or nothing was tested
    assert report.rows["grey"] == report.rows["default"]


def test_bare_rows_share_the_prediction(photographs: Photographs) -> None:
    _, folder = photographs
    fake = grey_fake()
    before = Said.bared
    report = run(fake, folder, bare=(0.38, 1.0))
    assert list(report.rows) == ["grey", "default", "bare, T = 0.38", "bare, T = 1"]
    assert Said.bared - before == 6
    assert len(fake.predicted) == 3
    assert {s.temperature for s in fake.rendered if s.edge_refinement == 0} == {0.38, 1.0}


def test_a_row_is_the_mean_over_photographs(photographs: Photographs) -> None:
    truths, folder = photographs
    row = run(grey_fake(), folder).rows["grey"]
    greys = [grey_result(grey_photo(rgb).pixels) for rgb in truths]
    pairs = list(zip(truths, greys, strict=True))
    assert row["psnr"] == pytest.approx(np.mean([metrics.psnr(*pair) for pair in pairs]))
    assert row["ssim"] == pytest.approx(np.mean([metrics.ssim(*pair) for pair in pairs]))
    assert row["delta_e2000"] == pytest.approx(
        np.mean([metrics.delta_e2000(*map(metrics.to_lab, pair)) for pair in pairs])
    )
    assert row["colorfulness_truth"] == pytest.approx(
        np.mean([metrics.colorfulness(rgb) for rgb in truths])
    )


def test_rows_and_their_settings(photographs: Photographs) -> None:
    _, folder = photographs
    fake = grey_fake()
    texts = ["temperature=1.0", "temperature=1.0,working_size=512", "saturation=1.2"]
    report = run(fake, folder, rows=rows_for(texts))
    assert list(report.rows) == ["grey", "default", *texts]
    assert all(tuple(row) == COLUMNS for row in report.rows.values())
    assert fake.predicted == [256, 512] * 3  # once per photograph and working size
    assert len(fake.rendered) == 4 * 3
    assert fake.rendered[:2] == [Settings(), Settings(temperature=1.0)]
    settings = report.protocol["settings"]
    assert settings["temperature=1.0,working_size=512"]["working_size"] == 512
    assert settings["default"]["temperature"] == Settings().temperature


def test_settings_keep_the_base_they_start_from() -> None:
    rows = rows_for(["tint=3"], Settings(model="other"))
    assert [row.model for row in rows.values()] == ["other", "other"]
    assert rows["tint=3"].tint == 3.0


@pytest.mark.parametrize("text", ["temperature", "temperature=9", "colour=1", "model=eccv16", ""])
def test_impossible_settings_are_refused(text: str) -> None:
    with pytest.raises(InvalidSetting):
        rows_for([text])


def test_unreadable_photographs_are_skipped_and_counted(
    photographs: Photographs, tmp_path: Path
) -> None:
    truths, folder = photographs
    (folder / "1a-letter.jpg").write_bytes(b"Dear aunt")
    shard = pack(tmp_path / "s.tar", {"x.png": encode(truths[0]), "y.png": encode(truths[1])[:99]})
    report = run(grey_fake(), folder, shard, tmp_path / "missing.png")
    assert report.photos == 4
    assert [Path(name).name for name, _ in report.skipped] == [
        "1a-letter.jpg",
        "s.tar:y.png",
        "missing.png",
    ]
    assert report.as_dict()["skipped"] == 3


def test_intervals_hold_the_numbers(photographs: Photographs) -> None:
    _, folder = photographs
    report = run(grey_fake(), folder)
    for name, row in report.rows.items():
        for key, (low, high) in report.intervals[name].items():
            assert low <= high
            assert low - 1e-9 <= row[key] <= high + 1e-9, key
    low, high = report.intervals["grey"]["psnr"]
    each = report.values["grey"].values["psnr"]
    assert each.min() <= low < high <= each.max()


def test_drawn_sets_do_not_score_above_the_photographs_they_are_from(tmp_path: Path) -> None:
    """Each photograph has a colour of its own, which the sets without it must not forget."""
    for seed in range(8):
        (tmp_path / f"{seed}.png").write_bytes(encode(paint(seed, 40, 40)))
    report = run(grey_fake(), tmp_path)
    low, high = report.intervals["grey"]["auc_rebalanced"]
    middle = report.rows["grey"]["auc_rebalanced"]
    assert 0.5 < (high - middle) / (middle - low) < 2


def test_differences_of_colourfulness(photographs: Photographs) -> None:
    truths, folder = photographs
    grey, true = run(grey_fake(), folder).rows["grey"], run(oracle(truths), folder).rows["default"]
    for key in ("colorfulness", "colorfulness_abs"):
        assert grey[f"{key}_delta"] == pytest.approx(grey[f"{key}_truth"])
        assert true[f"{key}_delta"] == 0.0


def test_sepia_is_counted(photographs: Photographs) -> None:
    truths, folder = photographs
    brown = run(Fake(lambda pixels: brown_like(grey_result(pixels))), folder)
    colourful = [not is_sepia_truth(rgb) for rgb in truths]
    assert any(colourful)
    assert brown.rows["default"]["sepia_rate"] == pytest.approx(np.mean(colourful))
    assert brown.rows["grey"]["sepia_rate"] == 0.0


def brown_like(grey: Any) -> Any:
    return (grey * (1.0, 0.8, 0.5)).astype(np.uint8)


def is_sepia_truth(rgb: Any) -> bool:
    return sepia.warm_share(metrics.to_lab(rgb)[..., 1:]) >= sepia.TRUTH_SHARE


def test_another_model_beside_the_first(photographs: Photographs) -> None:
    truths, folder = photographs
    first, second = grey_fake(), oracle(truths)
    report = run(
        first, folder, rows=rows_for(["tint=2"]), others={"oracle": second},
        compared=("default", "oracle"),
    )  # fmt: skip
    assert list(report.rows) == ["grey", "default", "tint=2", "oracle"]
    assert report.rows["oracle"]["psnr"] == metrics.PSNR_CAP
    assert first.predicted == second.predicted == [256] * 3  # each network once per photograph
    assert second.rendered == [Settings()] * 3
    assert report.comparison is not None
    assert (report.comparison.a, report.comparison.b) == ("default", "oracle")
    gain = report.comparison.metrics["psnr"]
    assert gain.mean == pytest.approx(report.rows["oracle"]["psnr"] - report.rows["grey"]["psnr"])
    assert gain.better == 1.0
    content = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert content["comparison"]["metrics"]["psnr"]["better"] == 1.0
    assert content["comparison"]["metrics"]["auc"]["better"] is None


def test_degraded_input_leaves_the_truth(photographs: Photographs) -> None:
    _, folder = photographs
    clean = run(grey_fake(), folder)
    old = evaluate(grey_fake(), [folder], protocol=Protocol(40, 40, 1.0), progress=False)
    assert old.protocol["truth_sha256"] == clean.protocol["truth_sha256"]
    assert old.rows["grey"]["psnr"] < clean.rows["grey"]["psnr"]
    assert old.rows["grey"]["colorfulness"] == 0.0
    assert old.rows["grey"]["auc"] == pytest.approx(clean.rows["grey"]["auc"], abs=0.01)


def test_lpips_is_a_column_where_it_is_asked_for(photographs: Photographs) -> None:
    truths, folder = photographs
    report = run(
        oracle(truths), folder, lpips=lambda truth, result: float(np.abs(truth - result).max() > 0)
    )
    assert "lpips" in report.protocol
    assert report.rows["grey"]["lpips"] == 1.0
    assert report.rows["default"]["lpips"] == 0.0
    assert report.intervals["grey"]["lpips"] == (1.0, 1.0)


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(TrainingDataError, match="not a picture"):
        run(grey_fake(), tmp_path)
    with pytest.raises(TrainingDataError):
        run(grey_fake())


def test_the_limit_takes_the_first(photographs: Photographs) -> None:
    _, folder = photographs
    (folder / "0a.png").write_bytes(b"no")
    report = run(grey_fake(), folder, limit=2)
    assert report.photos == 2
    assert report.protocol["limit"] == 2
    assert report.rows == run(grey_fake(), folder / "0.png", folder / "1.png").rows


def test_the_report_is_plain_json_and_repeats(photographs: Photographs) -> None:
    _, folder = photographs
    about = {"model": "fake", "prior": {"source": "own"}}
    first = run(grey_fake(), folder, about=about).as_dict()
    text = json.dumps(first, allow_nan=False)
    assert json.loads(text) == first
    assert list(first) == ["photos", "skipped", "protocol", "rows", "intervals"]
    assert {name: tuple(row) for name, row in first["intervals"].items()} == {
        "grey": COLUMNS,
        "default": COLUMNS,
    }
    assert first == run(grey_fake(), folder, about=about).as_dict()
    protocol = first["protocol"]
    assert protocol["model"] == "fake"
    for key in ("resize_filter", "crop", "color_space", "averaging", "version", "machine"):
        assert protocol[key]
    assert {"threads", "prior", "libraries", "truth_sha256", "settings"} <= set(protocol)


def test_the_digest_tells_other_photographs_apart(photographs: Photographs) -> None:
    _, folder = photographs
    digests = {
        run(grey_fake(), folder, limit=limit).protocol["truth_sha256"] for limit in (1, 2, 3)
    }
    assert len(digests) == 3


@pytest.mark.parametrize(("terminal", "progress"), [(True, True), (True, False), (False, True)])
def test_the_progress_bar_is_for_terminals(
    photographs: Photographs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    progress: bool,
) -> None:
    _, folder = photographs
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    evaluate(grey_fake(), [folder], protocol=PROTOCOL, progress=progress)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("3/3" in captured.err) == (terminal and progress)


def test_a_given_prior_changes_only_the_rebalanced_area(photographs: Photographs) -> None:
    _, folder = photographs
    own = run(grey_fake(), folder)
    given = run(grey_fake(), folder, prior=np.ones(BIN_COUNT))
    # a prior that finds all colours alike common rebalances nothing
    assert given.rows["grey"]["auc_rebalanced"] == pytest.approx(given.rows["grey"]["auc"])
    assert own.rows["grey"]["auc_rebalanced"] < own.rows["grey"]["auc"] - 1
    assert own.protocol["prior"] == {"source": "own"}
    assert given.protocol["prior"] == {"source": "given"}
    for row in (own.rows["grey"], given.rows["grey"]):
        del row["auc_rebalanced"]
    assert own.rows["grey"] == given.rows["grey"]


def test_results_of_16_bits_are_rounded(photographs: Photographs) -> None:
    truths, folder = photographs
    fine = oracle([])
    known = {grey_photo(rgb).pixels.tobytes(): rgb for rgb in truths}
    fine.answer = lambda pixels: known[pixels.tobytes()].astype(np.uint16) * 257
    assert run(fine, folder).rows["default"]["psnr"] == metrics.PSNR_CAP


def test_a_result_of_another_size_is_a_mistake(photographs: Photographs) -> None:
    _, folder = photographs
    with pytest.raises(ValueError):
        run(Fake(lambda pixels: np.zeros((20, 20, 3), np.uint8)), folder)
