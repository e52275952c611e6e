"""How steady colours are, and the report of a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer.errors import InvalidSetting
from colorizer.evaluation import films
from colorizer.evaluation.films import ALONE, OURS, TRUTH, evaluate_film, film_table
from colorizer.evaluation.steadiness import Steadiness

from ..video.clips import KnowingColorizer, shapes, write_clip


def still(value: float) -> Any:
    return np.full((96, 160, 2), value, np.float32)


def test_change_is_that_of_colours_along_the_motion() -> None:
    measured = Steadiness()
    for number in range(5):
        luma = shapes(number, scene=1)
        on_the_square = np.stack([(luma > 160) * 30.0] * 2, axis=-1).astype(np.float32)
        rows = {"still": still(7), "jumping": still(3.0 * (number % 2)), "moving": on_the_square}
        measured.add(luma, rows)
    changes = measured.changes()
    assert changes["still"] == 0
    assert changes["jumping"] == pytest.approx(3 * np.sqrt(2), rel=1e-3)
    assert changes["moving"] < 2


def test_cuts_are_not_counted() -> None:
    measured = Steadiness()
    for number, scene in enumerate((1, 2, 3)):
        measured.add(shapes(0, scene=scene), {"row": still(20.0 * number)})
    assert measured.changes() == {}


def test_a_film_is_measured_beside_frame_by_frame(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)] * 24)
    colorizer: Any = KnowingColorizer(wavering=6)
    report = evaluate_film(colorizer, clip, vgg=lambda one, other: 0.5, limit=22, every=8)
    assert (report.name, report.frames, report.shots) == ("a.mkv", 22, 1)
    assert set(report.rows) == {TRUTH, OURS, ALONE}
    assert report.rows[TRUTH].change < 0.1
    assert report.rows[OURS].change < report.rows[ALONE].change / 4
    assert report.rows[OURS].vgg == 0.5
    assert report.rows[TRUTH].psnr is None
    table = film_table([report])
    assert table.count("a.mkv") == 3
    assert report.as_dict()["rows"][OURS]["chroma"] > 10


def test_psnr_is_of_all_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)] * 12)
    counts = {"psnr": 0, "vgg": 0}

    def counted(name: str) -> Any:
        def measure(truth: Any, result: Any) -> float:
            counts[name] += 1
            return 1.0

        return measure

    monkeypatch.setattr(films, "psnr", counted("psnr"))
    colorizer: Any = KnowingColorizer()
    evaluate_film(colorizer, clip, vgg=counted("vgg"), every=12)
    assert counts == {"psnr": 2 * 12, "vgg": 2 * 2}


def test_a_film_of_one_frame_has_no_motion(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)])
    colorizer: Any = KnowingColorizer()
    with pytest.raises(InvalidSetting):
        evaluate_film(colorizer, clip)
