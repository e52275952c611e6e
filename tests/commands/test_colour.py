"""``colorizer colorize --colour``, and other things that it does not pass over in silence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from colorizer import photo
from colorizer.cli import main
from colorizer.photo import Metadata, Photo, Provenance

from ..fake_colorizer import FakeColorizer
from ..photo.pictures import smooth
from ..pictures import picture


def colorize(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["colorize", *map(str, arguments)])


def rows(result: Result) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {Path(line["input"]).name if "input" in line else "": line for line in lines}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """One in grey, one in sepia, two in colour."""
    folder = tmp_path / "in"
    picture(folder / "grey.jpg")
    ramp = np.linspace(0, 255, 60 * 80).reshape(60, 80, 1)
    Image.fromarray((ramp * [1, 0.8, 0.55]).astype(np.uint8)).save(folder / "sepia.png")
    Image.fromarray(smooth(3, 60, 80)).save(folder / "colour.jpg", quality=90, dpi=(300, 300))
    Image.fromarray(smooth(3, 60, 80)).save(folder / "colour.bmp")
    return folder


def test_colour_photographs_are_repainted_and_it_is_said(
    photos: Path, tmp_path: Path, fake: FakeColorizer
) -> None:
    result = colorize(photos, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert sorted(result.stderr.splitlines()) == [
        f"{photos / name}: {name} is a colour photograph; its own colours were replaced."
        for name in ("colour.bmp", "colour.jpg")
    ]
    assert "4 colorized, of which 2 had colours of their own (--colour keep spares them)" in (
        result.stdout
    )
    told = rows(colorize(photos, "-o", tmp_path / "again", "--json"))
    assert {name for name, row in told.items() if row.get("was_colour")} == {
        "colour.bmp",
        "colour.jpg",
    }
    assert told["sepia.png"]["warnings"] == []
    assert len(told["colour.jpg"]["warnings"]) == 1
    assert {row["status"] for name, row in told.items() if name} == {"done"}


def test_colour_photographs_are_skipped(photos: Path, tmp_path: Path, fake: FakeColorizer) -> None:
    result = colorize(photos, "-o", tmp_path / "out", "--colour", "skip")
    assert result.exit_code == 0
    assert "2 colorized, 2 left out: " in result.stdout
    assert "colour.bmp is a colour photograph and was left out." in result.stderr
    assert sorted(os.listdir(tmp_path / "out")) == ["grey.jpg", "sepia.png"]
    told = rows(colorize(photos, "-o", tmp_path / "again", "--colour", "skip", "--json"))
    assert told["colour.jpg"]["status"] == "left_out"
    assert told[""]["summary"]["left_out"] == 2


def test_colour_photographs_are_kept(photos: Path, tmp_path: Path, fake: FakeColorizer) -> None:
    out = tmp_path / "out"
    result = colorize(photos, "-o", out, "--colour", "keep")
    assert result.exit_code == 0
    assert "2 colorized, 2 copied with their own colours" in result.stdout
    assert "colour.bmp is a colour photograph and keeps its own colours." in result.stderr
    assert (out / "colour.jpg").read_bytes() == (photos / "colour.jpg").read_bytes()
    with Image.open(out / "colour.png") as image:  # of the BMP
        np.testing.assert_array_equal(np.asarray(image), smooth(3, 60, 80))
    assert photo.provenance_of(out / "colour.png") is None
    assert photo.provenance_of(out / "grey.jpg") is not None
    told = rows(colorize(photos, "-o", out, "--colour", "keep", "--json"))
    assert {row["status"] for name, row in told.items() if name} == {"skipped"}


def test_what_is_kept_takes_the_format_and_depth_that_are_asked_for(
    photos: Path, tmp_path: Path, fake: FakeColorizer
) -> None:
    out = tmp_path / "out"
    colorize(photos, "-o", out, "--colour", "keep", "--format", "tiff", "--bit-depth", "16")
    kept = photo.read(out / "colour.jpg.tif", colours=True)
    expected = photo.read(photos / "colour.jpg", colours=True)
    np.testing.assert_array_equal(kept.pixels, expected.pixels.astype(np.uint16) * 257)
    assert kept.metadata.dpi == pytest.approx((300, 300))
    Image.fromarray(smooth(3, 60, 80)).save(photos / "deep.png")
    colorize(photos / "deep.png", "-o", tmp_path / "d.png", "--colour", "keep", "--bit-depth", "16")
    assert photo.read(tmp_path / "d.png").bit_depth == 16


def test_of_what_is_kept_the_page_that_is_asked_for_is_taken(
    tmp_path: Path, fake: FakeColorizer
) -> None:
    pages = [Image.fromarray(np.roll(smooth(3, 60, 80), 20 * i, axis=2)) for i in range(2)]
    file, out = tmp_path / "a.tif", tmp_path / "out.tif"
    pages[0].save(file, save_all=True, append_images=pages[1:])
    keep = ("--colour", "keep", "--overwrite")
    assert colorize(file, "-o", out, *keep).exit_code == 0
    assert out.read_bytes() == file.read_bytes()
    assert colorize(file, "-o", out, *keep, "--page", "2").exit_code == 0
    with Image.open(out) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert np.array_equal(np.asarray(image), np.asarray(pages[1]))
    colorize(file, "-o", tmp_path / "each.tif", *keep, "--page", "all")
    for number, page in enumerate(pages, 1):
        with Image.open(tmp_path / f"each-page{number}.tif") as image:
            assert np.array_equal(np.asarray(image), np.asarray(page))
    result = colorize(file, "-o", tmp_path / "out.png", *keep)
    assert "a.tif has 2 pages, of which the first was taken." in result.stderr


def test_what_was_saved_of_a_colour_photograph_is_whole_in_the_copy(
    photos: Path, tmp_path: Path, fake: FakeColorizer
) -> None:
    file, out = photos / "colour.jpg", tmp_path / "out.jpg"
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    assert colorize(file, "-o", out, "--colour", "keep").exit_code == 1
    result = colorize(file, "-o", out, "--colour", "keep", "--salvage")
    assert result.exit_code == 0
    assert "colour.jpg is incomplete" in result.stderr
    assert photo.read(out).warnings == ()


def test_what_is_kept_is_turned_if_it_is_asked_for(
    photos: Path, tmp_path: Path, fake: FakeColorizer
) -> None:
    out = tmp_path / "out.jpg"
    options = ("--colour", "keep", "--turn", "180")
    assert colorize(photos / "colour.jpg", "-o", out, *options).exit_code == 0
    own = photo.read(photos / "colour.jpg", colours=True).pixels.astype(int)
    kept = photo.read(out, colours=True).pixels.astype(int)
    assert np.abs(kept - np.rot90(own, 2)).mean() < 3


def test_what_is_kept_is_made_a_positive_if_it_is_asked_for(
    photos: Path, tmp_path: Path, fake: FakeColorizer
) -> None:
    out = tmp_path / "out.jpg"
    options = ("--colour", "keep", "--negative")
    assert colorize(photos / "colour.jpg", "-o", out, *options).exit_code == 0
    own = photo.read(photos / "colour.jpg", colours=True).pixels.astype(int)
    kept = photo.read(out, colours=True).pixels.astype(int)
    assert np.abs(kept - (255 - own)).mean() < 3


def test_colouring_a_result_again_is_said(tmp_path: Path, fake: FakeColorizer) -> None:
    colorize(picture(tmp_path / "a.png"), "-o", tmp_path / "b.png")
    result = colorize(tmp_path / "b.png", "-o", tmp_path / "c.png")
    assert result.exit_code == 0
    expected = "b.png was coloured by this software before; better colour its original."
    assert result.stderr == f"{tmp_path / 'b.png'}: {expected}\n"


def test_a_result_is_known_by_its_note() -> None:
    note = Provenance("model", "0" * 64)
    for provenance, expected in ((note, True), (None, False)):
        for format in photo.WRITABLE_FORMATS:
            import io

            buffer = io.BytesIO()
            grey = Photo(np.zeros((4, 4), np.uint8))
            photo.write(grey, buffer, format=format, provenance=provenance)
            metadata = photo.read(buffer.getvalue()).metadata
            assert metadata.is_own_result is expected
    assert not Metadata().is_own_result


def test_what_is_no_file_is_said(tmp_path: Path, fake: FakeColorizer) -> None:
    picture(tmp_path / "in" / "a.png")
    os.mkfifo(tmp_path / "in" / "b.png")
    result = colorize(tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "b.png is a pipe, not a file." in result.stderr
    assert "1 colorized, 1 left out" in result.stdout
    told = rows(colorize(tmp_path / "in", "-o", tmp_path / "out2", "--json"))
    assert told["b.png"]["status"] == "left_out"
    assert told["b.png"]["output"] is None
    assert told[""]["summary"]["photographs"] == 2
    result = colorize(tmp_path / "in" / "b.png", "-o", tmp_path / "c.png")
    assert result.exit_code == 2
    assert "is a pipe" in result.stderr


def test_a_folder_that_cannot_be_read_is_a_failure(
    tmp_path: Path, fake: FakeColorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "in" / "locked" / "b.png")
    real = os.scandir

    def scandir(path: str | os.PathLike[str] = ".") -> object:
        if Path(path).name == "locked":  # who runs as root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = colorize(tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    told = rows(result)
    assert told["a.png"]["status"] == "done"
    assert told["locked"]["status"] == "failed"
    assert told["locked"]["error"]["type"] == "UnreadableFile"
    assert "cannot be read: Permission denied" in told["locked"]["error"]["message"]
    assert told[""]["summary"]["failed"] == 1
    only = colorize(tmp_path / "in" / "locked", "-o", tmp_path / "out")
    assert only.exit_code == 1


def test_upper_and_lower_case_are_both_done(tmp_path: Path, fake: FakeColorizer) -> None:
    picture(tmp_path / "in" / "IMG.JPG", 24, 16)
    picture(tmp_path / "in" / "img.jpg", 32, 16)
    result = colorize(tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 0
    widths = []
    for file in (tmp_path / "out").iterdir():
        with Image.open(file) as image:
            widths.append(image.width)
    assert sorted(widths) == [24, 32]


EVIL = "a\x1b[2Jb\nFAILED.png"


@pytest.mark.parametrize("flags", [[], ["-vv"]])
def test_names_of_files_do_nothing_to_the_terminal(
    tmp_path: Path, fake: FakeColorizer, flags: list[str]
) -> None:
    folder = tmp_path / "in\x1b]0;title\x07"
    picture(folder / "good.png").rename(folder / f"good{EVIL}")
    (folder / f"bad{EVIL}").write_bytes(b"")
    os.mkfifo(folder / f"pipe{EVIL}")
    picture(folder / "colour.bmp")
    outputs: list[str] = []
    commands: list[list[object]] = [
        [folder, "-o", tmp_path / f"out{EVIL}" / "x"],
        [folder, "-o", folder],
        [folder / f"no{EVIL}", "-o", tmp_path / "x.png"],
        [folder / f"bad{EVIL}", folder / f"good{EVIL}", "-o", tmp_path / f"{EVIL}.jp2"],
        [folder, "-o", tmp_path / "out", "--json"],
        [folder, "-o", tmp_path / "out", f"--qual{EVIL}"],
        [folder, "-o", tmp_path / "out", "--format", f"{EVIL}"],
    ]
    for arguments in commands:
        result = CliRunner().invoke(main, [*flags, "colorize", *map(str, arguments)])
        outputs.append(result.output)
        assert all(line.isprintable() for line in result.output.replace("\t", "").split("\n"))
        assert not any(line.startswith("FAILED") for line in result.output.splitlines())
    assert "bada\\x1b[2Jb\\nFAILED.png is empty" in outputs[0]
    for word in (f"x{EVIL}", f"--x{EVIL}"):
        result = CliRunner().invoke(main, [word])
        assert "\x1b" not in result.output
