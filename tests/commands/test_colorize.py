"""``colorizer colorize``, with a colorizer that needs no network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import ExifTags, Image

from colorizer import photo
from colorizer.cli import main
from colorizer.settings import PARAMETERS

from ..conftest import ROOT
from ..fake_colorizer import FakeColorizer
from ..pictures import channels, picture


def colorize(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["colorize", *map(str, arguments)])


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_photograph_into_a_file(tmp_path: Path, fake: FakeColorizer) -> None:
    out = tmp_path / "b.jpg"
    result = colorize(picture(tmp_path / "a.png"), "-o", out)
    assert result.exit_code == 0
    assert result.stdout == f"1 colorized: {out}\n"
    assert result.stderr == ""
    with Image.open(out) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (24, 16))


def test_folders_keep_their_structure_and_formats(tmp_path: Path, fake: FakeColorizer) -> None:
    for name in ("a.jpg", "b.tif", "sub/c.png", "sub/deep/d.JPG"):
        picture(tmp_path / "in" / name)
    result = colorize(tmp_path / "in", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert files(tmp_path / "out") == ["a.jpg", "b.png", "sub/c.png", "sub/deep/d.JPG"]
    result = colorize(tmp_path / "in", "-o", tmp_path / "flat", "--no-recursive")
    assert files(tmp_path / "flat") == ["a.jpg", "b.png"]


def test_results_are_not_colorized_again(tmp_path: Path, fake: FakeColorizer) -> None:
    picture(tmp_path / "a.png")
    for _ in range(2):
        result = colorize(tmp_path, "-o", tmp_path / "colour")
        assert result.exit_code == 0
    assert files(tmp_path) == ["a.png", "colour/a.png"]
    assert len(fake.settings) == 1


def test_what_is_done_is_skipped_unless_told_otherwise(tmp_path: Path, fake: FakeColorizer) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    picture(photos / "a.png")
    picture(photos / "b.png")
    colorize(photos, "-o", out)
    (out / "b.png").unlink()
    result = colorize(photos, "-o", out)
    assert result.exit_code == 0
    assert "1 colorized, 1 skipped (there already; --overwrite replaces them)" in result.stdout
    assert len(fake.settings) == 3
    result = colorize(photos, "-o", out, "--overwrite")
    assert "2 colorized:" in result.stdout
    assert len(fake.settings) == 5


def test_every_parameter_reaches_the_settings(tmp_path: Path, fake: FakeColorizer) -> None:
    values = {
        name: p.default if p.kind == "choice" else type(p.default)(p.minimum or 0) or p.maximum
        for name, p in PARAMETERS.items()
    }
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
    result = colorize(picture(tmp_path / "a.png"), "-o", tmp_path / "b.png", *options)
    assert result.exit_code == 0, result.output
    assert fake.settings[0].as_dict() == values


def test_model_device_and_engine_are_those_asked_for(tmp_path: Path, fake: FakeColorizer) -> None:
    photo_file = picture(tmp_path / "a.png")
    colorize(photo_file, "-o", tmp_path / "b.png", "--model", "mine", "--device", "cuda:1")
    colorize(photo_file, "-o", tmp_path / "c.png", "--model", "mine", "--engine", "openvino")
    loads = [("mine", "cuda:1", "auto"), ("mine", "auto", "openvino")]
    assert fake.loads == loads  # type: ignore[attr-defined]


@pytest.mark.parametrize("jobs", ["1", "4", "auto"])
def test_jobs(tmp_path: Path, fake: FakeColorizer, jobs: str) -> None:
    for i in range(5):
        picture(tmp_path / "in" / f"{i}.png")
    result = colorize(tmp_path / "in", "-o", tmp_path / "out", "--jobs", jobs)
    assert result.exit_code == 0
    assert len(files(tmp_path / "out")) == 5


@pytest.mark.parametrize(
    ("options", "name", "format"),
    [
        (["--format", "webp"], "a.webp", "WEBP"),
        (["--format", "tiff"], "a.tif", "TIFF"),
        (["--format", "jpeg", "--quality", "50"], "a.jpg", "JPEG"),
        ([], "a.png", "PNG"),
    ],
)
def test_formats(
    tmp_path: Path, fake: FakeColorizer, options: list[str], name: str, format: str
) -> None:
    result = colorize(picture(tmp_path / "a.bmp"), "-o", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "out" / name) as image:
        assert image.format == format


def test_quality_and_lossless_reach_the_writer(tmp_path: Path, fake: FakeColorizer) -> None:
    source = picture(tmp_path / "a.png", 200, 200)
    red = {}
    for option in ("--quality=20", "--quality=95", "--lossless"):
        assert colorize(source, "-o", tmp_path / f"{option}.webp", option).exit_code == 0
        with Image.open(tmp_path / f"{option}.webp") as image:
            red[option] = np.asarray(image)[..., 0]
    expected = photo.read(source).pixels
    np.testing.assert_array_equal(red["--lossless"], expected)
    loss = {option: np.abs(red[option].astype(float) - expected).mean() for option in red}
    assert 0 < loss["--quality=95"] < loss["--quality=20"]


def test_bit_depth(tmp_path: Path, fake: FakeColorizer) -> None:
    deep = picture(tmp_path / "deep.png", bits=16)
    for options, depth in (([], 16), (["--bit-depth", "8"], 8)):
        out = tmp_path / f"{depth}.png"
        assert colorize(deep, "-o", out, *options).exit_code == 0
        assert photo.read(out).bit_depth == depth


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bit-depth", "16"], "JPEG has 8 bits only"),
        (["--format", "webp", "--bit-depth", "16"], "WEBP has 8 bits only"),
        (["--lossless"], "JPEG always loses something"),
    ],
)
def test_what_the_format_cannot_hold_is_refused_before_the_work(
    tmp_path: Path, fake: FakeColorizer, options: list[str], message: str
) -> None:
    result = colorize(picture(tmp_path / "a.jpg"), "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_note_can_be_left_out(tmp_path: Path, fake: FakeColorizer) -> None:
    source = picture(tmp_path / "a.png")
    colorize(source, "-o", tmp_path / "with.png")
    colorize(source, "-o", tmp_path / "without.png", "--no-provenance")
    assert photo.provenance_of(tmp_path / "with.png") is not None
    assert photo.provenance_of(tmp_path / "without.png") is None


def test_what_is_private_can_be_left_out(tmp_path: Path, fake: FakeColorizer) -> None:
    exif = Image.Exif()
    exif[270] = "Grandmother"
    exif.get_ifd(ExifTags.IFD.Exif)[0xA431] = "4711"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    source = tmp_path / "a.jpg"
    Image.open(picture(tmp_path / "a.png")).save(source, exif=exif)
    for name, options in ("with.jpg", []), ("without.jpg", ["--strip-private"]):
        assert colorize(source, "-o", tmp_path / name, *options).exit_code == 0
        with Image.open(tmp_path / name) as image:
            found = image.getexif()
        assert found[270] == "Grandmother"
        assert (0xA431 in found.get_ifd(ExifTags.IFD.Exif)) is not bool(options)
        assert (1 in found.get_ifd(ExifTags.IFD.GPSInfo)) is not bool(options)


def test_failures_are_listed_and_counted(tmp_path: Path, fake: FakeColorizer) -> None:
    photos = tmp_path / "in"
    picture(photos / "a.png")
    (photos / "b.png").write_bytes(b"not a picture")
    picture(photos / "c.png", 200, 100)
    result = colorize(photos, "-o", tmp_path / "out", "--max-megapixels", "0.01")
    assert result.exit_code == 1
    failures = sorted(result.stderr.splitlines())
    assert len(failures) == 2
    assert failures[0].startswith(f"{photos / 'b.png'}: b.png ")
    assert failures[1].startswith(f"{photos / 'c.png'}: c.png has 200 x 100")
    assert "1 colorized, 2 failed" in result.stdout
    assert files(tmp_path / "out") == ["a.png"]


def test_the_stated_pixel_limit_and_quality_are_the_librarys() -> None:
    import inspect

    from colorizer.photo import MAX_PIXELS, write

    text = CliRunner().invoke(main, ["colorize", "--help"], terminal_width=300).stdout
    assert f"[default: {MAX_PIXELS // 1_000_000}]" in text
    assert f"[default: {inspect.signature(write).parameters['quality'].default}]" in text


def test_json_lines(tmp_path: Path, fake: FakeColorizer) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    picture(photos / "a.png")
    picture(photos / "b.png")
    picture(out / "b.png")
    (photos / "c.png").write_bytes(b"")
    result = colorize(photos, "-o", out, "--json")
    assert result.exit_code == 1
    *rows, last = lines(result)
    by_name = {Path(row["input"]).name: row for row in rows}
    assert by_name["a.png"].pop("seconds") > 0
    assert by_name["a.png"] == {
        "input": str(photos / "a.png"),
        "output": str(out / "a.png"),
        "status": "done",
        "error": None,
        "warnings": [],
        "was_colour": False,
        "unknown_words": [],
    }
    assert by_name["b.png"]["status"] == "skipped"
    assert by_name["c.png"]["status"] == "failed"
    assert by_name["c.png"]["error"]["type"] == "CorruptImage"
    assert "c.png" in by_name["c.png"]["error"]["message"]
    assert last["summary"].pop("seconds") > 0
    assert last["summary"].pop("photographs_per_second") > 0
    assert last == {
        "summary": {
            "photographs": 3,
            "done": 1,
            "kept": 0,
            "skipped": 1,
            "left_out": 0,
            "failed": 1,
            "stopped": 0,
        }
    }


def pages(file: Path, count: int) -> Path:
    """A TIFF of several pages."""
    grey = [Image.fromarray(np.full((16, 24), 40 * i + 20, np.uint8)) for i in range(count)]
    grey[0].save(file, save_all=True, append_images=grey[1:])
    return file


def test_pages_are_said_and_chosen(tmp_path: Path, fake: FakeColorizer) -> None:
    source, out = pages(tmp_path / "a.tif", 3), tmp_path / "out"
    result = colorize(source, "-o", out)
    assert result.stderr == f"{source}: a.tif has 3 pages, of which the first was taken.\n"
    result = colorize(source, "-o", out, "--overwrite", "--json")
    assert lines(result)[0]["warnings"] == ["a.tif has 3 pages, of which the first was taken."]
    result = colorize(source, "-o", tmp_path / "two.png", "--page", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    result = colorize(source, "-o", tmp_path / "all", "--page", "all")
    assert (result.exit_code, result.stderr) == (0, "")
    assert files(tmp_path / "all") == ["a-page1.png", "a-page2.png", "a-page3.png"]
    result = colorize(source, "-o", tmp_path / "b.tif", "--page", "all")
    assert (tmp_path / "b-page3.tif").is_file()
    for file, red in ((tmp_path / "two.png", 60), (tmp_path / "all" / "a-page3.png", 100)):
        with Image.open(file) as image:
            assert np.asarray(image)[0, 0, 0] == red


def test_every_page_does_not_fit_into_standard_output(tmp_path: Path, fake: FakeColorizer) -> None:
    source = pages(tmp_path / "a.tif", 2)
    result = colorize(source, "-o", "-", "--page", "all")
    assert result.exit_code == 2
    assert "--page all" in result.stderr
    assert colorize(source, "-o", "-", "--page", "2").exit_code == 0


def test_pages_larger_than_the_default_limit_are_counted(
    tmp_path: Path, fake: FakeColorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pages(tmp_path / "a.tif", 2)
    for function in (photo.probe, photo.read):
        defaults: dict[str, Any] = function.__kwdefaults__ or {}
        monkeypatch.setitem(defaults, "max_pixels", 100)
    result = colorize(source, "-o", tmp_path / "out", "--page", "all", "--max-megapixels", "1")
    assert result.exit_code == 0, result.output
    assert files(tmp_path / "out") == ["a-page1.png", "a-page2.png"]


def test_a_page_that_is_not_there_fails(tmp_path: Path, fake: FakeColorizer) -> None:
    result = colorize(pages(tmp_path / "a.tif", 2), "-o", tmp_path / "out", "--page", "3")
    assert result.exit_code == 1
    assert "a.tif has 2 pages; there is no page 3." in result.stderr


@pytest.mark.parametrize("value", ["0", "-1", "some", "1.5"])
def test_pages_that_cannot_be(tmp_path: Path, fake: FakeColorizer, value: str) -> None:
    result = colorize(picture(tmp_path / "a.png"), "-o", tmp_path / "out", "--page", value)
    assert result.exit_code == 2
    assert "--page" in result.stderr


def test_salvage(tmp_path: Path, fake: FakeColorizer) -> None:
    for name in ("a.jpg", "b.png"):
        file = picture(tmp_path / "in" / name, 200, 160)
        file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    assert colorize(tmp_path / "in", "-o", tmp_path / "out").exit_code == 1
    result = colorize(tmp_path / "in", "-o", tmp_path / "out", "--salvage")
    assert result.exit_code == 0
    said = sorted(result.stderr.splitlines())
    assert "a.jpg is incomplete: what is missing of the picture is grey." in said[0]
    assert "b.png is damaged: " in said[1]
    assert files(tmp_path / "out") == ["a.jpg", "b.png"]


def test_turned(tmp_path: Path, fake: FakeColorizer) -> None:
    picture(tmp_path / "a.png", 200, 160)
    assert colorize(tmp_path / "a.png", "-o", tmp_path / "b.png", "--turn", "90").exit_code == 0
    with Image.open(tmp_path / "a.png") as scan, Image.open(tmp_path / "b.png") as result:
        assert result.size == scan.size[::-1]
    refused = colorize(tmp_path / "a.png", "-o", tmp_path / "c.png", "--turn", "45")
    assert refused.exit_code == 2
    assert "--turn" in refused.stderr


def test_of_a_negative(tmp_path: Path, fake: FakeColorizer) -> None:
    scan = picture(tmp_path / "a.png", 200, 160)
    assert colorize(scan, "-o", tmp_path / "b.png", "--negative").exit_code == 0
    dark, bright = (photo.read(tmp_path / name).pixels.ravel() for name in ("a.png", "b.png"))
    assert np.corrcoef(dark, bright)[0, 1] < -0.9


def test_a_mount_stays_grey_unless_all_is_to_be_coloured(
    tmp_path: Path, fake: FakeColorizer
) -> None:
    card = np.full((200, 260), 245, np.uint8)
    card[40:160, 30:230] = np.random.default_rng(3).integers(20, 190, (120, 200))
    Image.fromarray(card).save(tmp_path / "card.png")
    for options in ([], ["--whole"]):
        colorize(tmp_path / "card.png", "-o", tmp_path / "out.png", "--overwrite", *options)
        assert (fake.pictures[-1] is None) == bool(options)


def test_names_that_are_not_text_are_no_problem(tmp_path: Path, fake: FakeColorizer) -> None:
    odd = os.fsdecode(b"caf\xe9.png")
    picture(tmp_path / "plain.png").rename(tmp_path / odd)
    (tmp_path / os.fsdecode(b"\xff.png")).write_bytes(b"")
    result = colorize(tmp_path, "-o", tmp_path / "out", "--json")
    assert {row["status"] for row in lines(result)[:-1]} == {"done", "failed"}
    assert (tmp_path / "out" / odd).is_file()


def test_originals_are_never_replaced(tmp_path: Path, fake: FakeColorizer) -> None:
    photos = tmp_path / "in"
    source = picture(photos / "a.png")
    before = source.read_bytes()
    for arguments in (
        [source, "-o", source],
        [source, "-o", photos],
        [photos, "-o", photos],
        [photos, "-o", photos, "--overwrite"],
        [source, "-o", source, "--overwrite"],
    ):
        result = colorize(*arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
    assert source.read_bytes() == before
    assert files(photos) == ["a.png"]
    assert fake.settings == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in", "-o", "file.png"], "need a folder"),
        (["in", "missing.png", "-o", "out"], "does not exist"),
        (["empty", "-o", "out"], "no photographs in"),
        (["in"], "Missing option"),
        (["-o", "out"], "Missing argument"),
        (["in/a.png", "-o", "b.png", "--format", "jpeg"], "ends like a png file"),
        (["in", "-o", "out", "--saturation", "3"], "--saturation"),
        (["in", "-o", "out", "--temperature", "nan"], "temperature must be a finite number"),
        (["in", "-o", "out", "--jobs", "0"], "--jobs"),
        (["in", "-o", "out", "--jobs", "many"], "--jobs"),
        (["in", "-o", "out", "--format", "gif"], "--format"),
        (["in", "-o", "out", "--max-megapixels", "0"], "--max-megapixels"),
    ],
)
def test_misuse_is_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake: FakeColorizer,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path("in/a.png"))
    picture(Path("in/b.png"))
    Path("empty").mkdir()
    result = colorize(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert fake.settings == []
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("model", "code"),
    [("no-such-model", 2), ("eccv16", 1), ("siggraph17", 1)],
    ids=["unknown", "missing", "missing too"],
)
def test_a_model_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, code: int
) -> None:
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    source = picture(tmp_path / "a.png")
    result = colorize(source, "-o", tmp_path / "b.png", "--model", model)
    assert result.exit_code == code
    assert model in result.stderr
    assert "Traceback" not in result.stderr


SLOW = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
import sys
from colorizer.pipeline import Colorizer
from tests.fake_colorizer import FakeColorizer
from colorizer.cli import main
Colorizer.load = lambda model, device, engine: FakeColorizer(0.3)
main(sys.argv[1:])
"""


def test_ctrl_c_leaves_whole_files_only(tmp_path: Path) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    for i in range(40):
        picture(photos / f"{i:02}.png")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "colorize", photos, "-o", out, "--jobs", "2", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["status"] == "done"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "Stopped.\n"
    summary = json.loads(rest.splitlines()[-1])["summary"]
    assert summary["stopped"] > 0
    assert summary["done"] + summary["stopped"] == 40
    left = list(out.iterdir())
    assert 1 <= len(left) < 40
    assert all(file.suffix == ".png" and channels(file) == 3 for file in left)


def test_pages_are_told_apart_from_other_photographs(tmp_path: Path, fake: FakeColorizer) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pages(folder / "scan.tif", 2)
    picture(folder / "scan-page1.png")
    result = colorize(folder, "-o", tmp_path / "out", "--page", "all")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 3
    assert {"scan-page1.png", "scan-page2.png"} <= set(names)


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "0"])
def test_impossible_sizes_are_refused(tmp_path: Path, value: str) -> None:
    source = picture(tmp_path / "a.png")
    result = colorize(source, "-o", tmp_path / "b.png", "--max-megapixels", value)
    assert result.exit_code == 2
    assert "--max-megapixels" in result.stderr


@pytest.mark.parametrize("name", ["n" * 300, "n" * 300 + ".png"])
def test_too_long_a_name_is_refused(tmp_path: Path, name: str) -> None:
    result = colorize(picture(tmp_path / "a.png"), "-o", tmp_path / name)
    assert result.exit_code == 2
    assert "too long" in result.stderr
