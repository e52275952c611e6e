"""Hints and references on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorizer import Guidance, Hint, photo

from ..fake_colorizer import FakeColorizer
from ..pictures import picture
from .test_colorize import colorize


def noted(file: Path) -> dict[str, object]:
    note = photo.provenance_of(file)
    assert note is not None
    found: dict[str, object] = note.settings.get("guidance", {})
    return found


def test_hints_are_noted(tmp_path: Path, fake: FakeColorizer) -> None:
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    result = colorize(
        source, "-o", out, "--hint", "0.42,0.61,#1f3a5f", "--hint", "0.2,0.3,navy,0.5"
    )
    assert result.exit_code == 0, result.output
    assert noted(out) == {
        "version": 1,
        "hints": [
            {"x": 0.42, "y": 0.61, "colour": "#1f3a5f", "reach": 1.0},
            {"x": 0.2, "y": 0.3, "colour": "navy", "reach": 0.5},
        ],
    }


def test_a_file_of_hints(tmp_path: Path, fake: FakeColorizer) -> None:
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    hints = tmp_path / "hints.json"
    hints.write_text(Guidance((Hint(0.1, 0.2, "red"),)).to_json())
    assert colorize(source, "-o", out, "--hints", hints, "--hint", "0,0,blue").exit_code == 0
    found = noted(out)["hints"]
    assert isinstance(found, list)
    assert [hint["colour"] for hint in found] == ["red", "blue"]


def test_hints_beside_the_photographs_of_a_folder(tmp_path: Path, fake: FakeColorizer) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        picture(folder / name)
    (folder / "a.png.hints.json").write_text(Guidance((Hint(0.1, 0.2, "red"),)).to_json())
    (folder / "c.png.hints.json").write_text("{")
    result = colorize(folder, "-o", out, "--hints-beside")
    assert result.exit_code == 1
    assert "c.png.hints.json: The hints are not JSON." in result.output
    assert noted(out / "a.png")["hints"]
    assert noted(out / "b.png") == {}
    assert not (out / "c.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hint", "2,0,red"], "x of a hint must be between 0 and 1"),
        (["--hint", "0,0,blurple"], "is not a colour"),
        (["--hint", "nonsense"], "A hint is written x,y,colour"),
        (["--reference-amount", "2"], "reference-amount"),
    ],
)
def test_what_is_not_right_is_said_before_any_work(
    tmp_path: Path, fake: FakeColorizer, arguments: list[str], words: str
) -> None:
    result = colorize(picture(tmp_path / "a.png"), "-o", tmp_path / "b.png", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert not fake.settings


def test_hints_of_one_photograph_are_not_for_many(tmp_path: Path, fake: FakeColorizer) -> None:
    sources = [picture(tmp_path / f"{name}.png") for name in "ab"]
    result = colorize(*sources, "-o", tmp_path / "out", "--hint", "0,0,red")
    assert result.exit_code == 2
    assert "Hints are for one photograph, but there are 2" in result.output


def test_a_reference(tmp_path: Path, fake: FakeColorizer) -> None:
    Image.fromarray(np.full((40, 50, 3), (200, 30, 30), np.uint8)).save(tmp_path / "red.png")
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    given = ["--reference", tmp_path / "red.png", "--reference-amount", "0.5"]
    assert colorize(source, "-o", out, *given).exit_code == 0
    assert noted(out)["reference"] == {"name": "red.png", "amount": 0.5}
    result = colorize(source, "-o", tmp_path / "c.png", "--reference", source)
    assert result.exit_code == 2
    assert "has no colours to take" in result.output
    hints = tmp_path / "a.json"
    hints.write_text(json.dumps({"version": 3}))
    assert colorize(source, "-o", tmp_path / "c.png", "--hints", hints).exit_code == 2
