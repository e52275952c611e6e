"""Folders of frames, in and out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from colorizer import photo
from colorizer.color.lab import srgb_to_lab
from colorizer.errors import (
    ImageError,
    ImageTooLarge,
    InvalidSetting,
    OutputError,
    UnsupportedFilm,
)
from colorizer.guidance import Hint
from colorizer.video import (
    FilmGuidance,
    FilmHint,
    Output,
    Pictures,
    probe,
    stills,
)
from colorizer.video.sequence import natural, rate_of

from .clips import (
    HEIGHT,
    WIDTH,
    KnowingColorizer,
    deep,
    names,
    planes_of,
    render,
    shapes,
    write_clip,
    write_frames,
)

Array = NDArray[Any]


def pixels_of(file: Path) -> Array:
    if file.suffix == ".tif":
        return np.asarray(tifffile.imread(file), np.float32)
    with Image.open(file) as image:
        return np.asarray(image, np.float32)


def lightness(file: Path) -> Array:
    """L* of a picture in colour."""
    rgb = pixels_of(file) / (65535 if file.suffix == ".tif" else 255)
    return np.asarray(srgb_to_lab(rgb)[..., 0])


def of_grey(grey: Array) -> Array:
    """L* of sRGB grey, 0..1."""
    rgb = np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)
    return np.asarray(srgb_to_lab(rgb)[..., 0])


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Two shots of 15 frames, PNG of 8 bits."""
    return write_frames(
        tmp_path / "frames", [shapes(i, scene=s) for s in (1, 2) for i in range(15)]
    )


def test_frames_come_out_under_their_names_with_their_lightness(
    frames: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = render(frames, out)
    assert (result.target, result.frames, result.shots, result.complete) == (out, 30, 2, True)
    assert result.warnings == ()
    assert names(out) == names(frames)
    assert not (tmp_path / ".out.parts").exists()
    for name in names(out)[::7]:
        grey, rgb = pixels_of(frames / name) / 255, pixels_of(out / name) / 255
        assert np.abs(lightness(out / name) - of_grey(grey)).max() < 0.5
        red, _, blue = (rgb[..., channel] for channel in range(3))
        assert (red - blue)[grey > 0.7].mean() > 0.15
        assert (red - blue)[grey < 0.3].mean() < -0.05


def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path) -> None:
    grey = [deep(i) for i in range(5)]
    source = write_frames(tmp_path / "in", grey, "f.{:d}.tif", first=8)
    assert probe(source).bits == 16
    render(source, tmp_path / "out")
    assert names(tmp_path / "out") == sorted(f"f.{i}.tif" for i in range(8, 13))
    for number, pixels in enumerate(grey, 8):
        result = tmp_path / "out" / f"f.{number}.tif"
        assert tifffile.imread(result).dtype == np.uint16
        assert np.abs(lightness(result) - of_grey(pixels / 65535)).max() < 0.02
    render(source, tmp_path / "png", output=Pictures("png", 8))
    assert photo.read(tmp_path / "png" / "f.8.png").bit_depth == 8


def test_each_picture_keeps_what_it_has_and_says_that_it_was_coloured(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "in", [shapes(i) for i in range(3)])
    first = source / "scan_0001.png"
    Image.fromarray(shapes(0)).save(first, dpi=(4000, 4000))
    hint = FilmGuidance((FilmHint(0, Hint(0.5, 0.5, "lime")),))
    render(source, tmp_path / "out", guidance=hint)
    note = photo.provenance_of(tmp_path / "out" / "scan_0002.png")
    assert note is not None
    assert note.model == "knowing"
    assert "hints" in json.dumps(dict(note.settings))
    dpi = photo.read(tmp_path / "out" / first.name).metadata.dpi
    assert dpi == pytest.approx((4000, 4000), abs=1)
    render(source, tmp_path / "plain", provenance=False)
    assert photo.provenance_of(tmp_path / "plain" / "scan_0002.png") is None


def test_names_are_in_their_natural_order() -> None:
    wanted = ["1.png", "2.png", "a1b2.png", "a1b10.png", "a2b1.png", "b.png"]
    assert sorted(set(wanted), key=natural) == wanted


def test_frames_are_shown_in_their_natural_order(tmp_path: Path) -> None:
    grey = [np.full((32, 48), 10 * i, np.uint8) for i in range(12)]
    source = write_frames(tmp_path / "in", grey, "{:d}.png")
    (source / "Thumbs.db").write_bytes(b"x")
    (source / "._1.png").write_bytes(b"x")
    (source / "more").mkdir()
    found = stills(source, frame_rate=12, times=[i / 12 for i in range(12)])
    assert [int(still.photo.pixels[0, 0]) for still in found] == [10 * i for i in range(12)]
    assert found[3].time == pytest.approx(3 / 12)
    assert [still.time for still in stills(source, 4)] == pytest.approx(
        [1 / 24, 4 / 24, 7 / 24, 10 / 24]
    )


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (range(5), None),
        (range(0, 50, 10), None),
        ([7, 8, 11, 12, 20], "9 frames are missing (9 to 10, 13 to 19)"),
        ([1, 2, 4], "1 frame is missing (3)"),
    ],
)
def test_gaps_in_the_numbers_are_told(
    tmp_path: Path, numbers: Sequence[int], told: str | None
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in numbers:
        Image.fromarray(shapes(number)).save(source / f"a2_{number:05d}_x.png")
    result = render(source, tmp_path / "out")
    assert result.frames == len(numbers)
    if told is None:
        assert result.warnings == ()
    else:
        (warning,) = result.warnings
        assert told in warning


def test_a_folder_becomes_a_film(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "in", [deep(i) for i in range(20)], "{:03d}.tif")
    result = render(source, tmp_path / "a.mp4", frame_rate="24000/1001")
    assert (result.frames, result.complete) == (20, True)
    info = probe(tmp_path / "a.mp4")
    assert (info.width, info.height, info.frames) == (WIDTH, HEIGHT, 20)
    assert info.rate == Fraction(24000, 1001)
    assert info.bits == 10
    render(source, tmp_path / "b.mkv", output=Output("ffv1"), frame_rate=16)
    assert float(probe(tmp_path / "b.mkv").rate or 0) == pytest.approx(16, abs=0.01)
    for number, planes in enumerate(planes_of(tmp_path / "b.mkv")):
        wanted = np.rint(deep(number) / 65535 * 1023)
        np.testing.assert_array_equal(planes[0], wanted)


def test_prores_of_pictures_has_the_usual_range(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 255, WIDTH).astype(np.uint8)[None], HEIGHT, axis=0)
    source = write_frames(tmp_path / "in", [ramp] * 3)
    render(source, tmp_path / "a.mov", output=Output("prores"), every=1)
    luma = planes_of(tmp_path / "a.mov")[1][0].astype(int)
    assert abs(luma[:, 0].mean() - 64) < 6
    assert abs(luma[:, -1].mean() - 940) < 6


def test_a_film_becomes_a_folder(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "old.mp4",
        [shapes(i) for i in range(12)],
        codec="libx264",
        options={"qp": "0"},
        sound=True,
    )
    result = render(clip, tmp_path / "out")
    assert names(tmp_path / "out") == [f"old-{i:06d}.png" for i in range(1, 13)]
    (warning,) = result.warnings
    assert "does not hold the film's sound" in warning
    for name, (luma, *_) in zip(names(tmp_path / "out"), planes_of(clip), strict=True):
        assert np.abs(lightness(tmp_path / "out" / name) - of_grey((luma - 16.0) / 219)).max() < 0.5
    part = tmp_path / "part"
    assert render(clip, part, output=Pictures("tiff"), start=0.2, end=0.32).frames == 3
    assert names(part) == [f"old-{i:06d}.tif" for i in range(1, 4)]


def test_a_part_of_a_folder_by_its_frame_rate(frames: Path, tmp_path: Path) -> None:
    result = render(frames, tmp_path / "out", frame_rate=10, start=0.5, end=1.0)
    assert result.frames == 5
    assert names(tmp_path / "out") == [f"scan_{i:04d}.png" for i in range(6, 11)]


def test_no_frame_of_the_source_is_ever_replaced(frames: Path, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in frames.iterdir()}
    link = tmp_path / "link"
    link.symlink_to(frames)
    for out in (frames, link, frames / ".." / "frames"):
        with pytest.raises(OutputError, match="the frames themselves"):
            render(frames, out)
    out = tmp_path / "out"
    out.mkdir()
    (out / "scan_0003.png").symlink_to(frames / "scan_0009.png")
    with pytest.raises(OutputError, match=r"scan_0009\.png"):
        render(frames, out)
    assert {file: file.read_bytes() for file in frames.iterdir()} == before
    assert not (tmp_path / ".out.parts").exists()


def test_what_is_wrong_is_said_before_the_work(frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    colorizer = KnowingColorizer()

    def refused(error: type[Exception], match: str, target: Path = out, **options: Any) -> None:
        with pytest.raises(error, match=match):
            render(frames, target, colorizer, **options)

    refused(UnsupportedFilm, "not h264", output=Output())
    refused(UnsupportedFilm, "name of a film", tmp_path / "a.mp4", output=Pictures())
    refused(OutputError, "frames need a folder", tmp_path / "a.png", output=Pictures())
    refused(InvalidSetting, "whole frames", deinterlace=True)
    for rate in (0, -1, "x", "1/0", 1e9, float("nan")):
        refused(InvalidSetting, "frames", frame_rate=rate)
    refused(ImageTooLarge, r"scan_0001\.png", max_pixels=100)
    (tmp_path / "file").write_text("x")
    refused(OutputError, "frames need a folder", tmp_path / "file", output=Pictures())
    Image.fromarray(shapes(0, width=158)).save(frames / "scan_0007.png")
    refused(UnsupportedFilm, r"scan_0007\.png has 158 x 96 pixels, but scan_0001\.png has 160")
    (frames / "scan_0005.png").write_text("a letter")
    refused(ImageError, r"scan_0005\.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnsupportedFilm, match="no frames in"):
        render(tmp_path / "empty", out)
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)])
    with pytest.raises(InvalidSetting, match="its own frame rate"):
        render(clip, tmp_path / "b.mkv", frame_rate=16)
    assert not out.exists()
    assert colorizer.calls == 0
    for options in ({"format": "jpeg"}, {"bits": 10}):
        with pytest.raises(InvalidSetting):
            Pictures(**options)


def test_frames_that_are_there_twice_are_told(frames: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        tifffile.imwrite(frames / f"scan_{number:04d}.tif", shapes(number))
    (warning,) = render(frames, tmp_path / "out").warnings
    assert warning.startswith("scan_0001.png, scan_0001.tif and 4 more differ in the suffix alone")


def test_opacity_of_frames_stays_in_pictures_only(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        grey = Image.fromarray(shapes(number))
        Image.merge("LA", (grey, grey.point(lambda v: v // 2))).save(source / f"{number}.png")
    assert render(source, tmp_path / "out").warnings == ()
    (warning,) = render(source, tmp_path / "out.mkv").warnings
    assert "opacity" in warning


def test_rates() -> None:
    assert rate_of(23.976) == Fraction("23.976")
    assert rate_of("30000/1001") == Fraction(30000, 1001)


def test_pages_and_colours_of_frames(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    page = np.zeros((40, 56), np.uint8)
    tifffile.imwrite(source / "1.tif", np.stack([page, page]), photometric="minisblack")
    Image.new("RGB", (56, 40), (0, 200, 0)).save(source / "2.png")
    Image.new("RGBA", (56, 40), (90, 90, 90, 120)).save(source / "3.png")
    result = render(source, tmp_path / "out", every=1)
    assert names(tmp_path / "out") == ["1.tif", "2.tif", "3.tif"]
    (warning,) = result.warnings
    assert warning.startswith("1.tif with several pages")
    assert photo.read(tmp_path / "out" / "3.tif").alpha is not None
