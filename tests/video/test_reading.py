"""What films are, moments of them, their frames, and what is none."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from colorizer.errors import CorruptFilm, FilmTooLarge, InvalidSetting, UnsupportedFilm
from colorizer.video import probe, stills
from colorizer.video.container import UnreadableFilm, opened
from colorizer.video.luma import Levels, levels_of, luma_of
from colorizer.video.reading import MAX_PIXELS, Film, Frame

from ..photo.pictures import noise, saved
from .clips import HEIGHT, RATE, WIDTH, fill, shapes, write_clip


def frames_of(path: Path, start: int | None = None, deinterlace: bool = False) -> list[Frame]:
    with opened(path) as (container, stream):
        film = Film(container, stream, path, MAX_PIXELS, deinterlace)
        return list(film.frames(start))


def test_probe_says_what_a_film_is(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "a.mp4",
        [shapes(i) for i in range(10)],
        codec="libx264",
        sound=True,
        aspect=Fraction(16, 15),
    )
    info = probe(clip)
    assert (info.width, info.height, info.frames) == (WIDTH, HEIGHT, 10)
    assert info.duration == pytest.approx(0.4, abs=0.01)
    assert info.rate == 25
    assert info.pixel_aspect == Fraction(16, 15)
    assert (info.audio, info.subtitles, info.chapters, info.bits) == (1, 0, 0, 8)
    assert (info.codec, info.interlaced, info.rotation) == ("h264", False, 0)


def test_frames_are_turned_upright(tmp_path: Path) -> None:
    luma = shapes(0)
    upright = write_clip(tmp_path / "a.mov", [luma] * 2, codec="libx264", options={"qp": "0"})
    clip = write_clip(
        tmp_path / "b.mov",
        [luma] * 2,
        codec="libx264",
        options={"qp": "0"},
        rotation=90,
        aspect=Fraction(2, 1),
    )
    info = probe(clip)
    assert (info.width, info.height, info.pixel_aspect) == (HEIGHT, WIDTH, Fraction(1, 2))
    np.testing.assert_array_equal(frames_of(clip)[0].luma, np.rot90(frames_of(upright)[0].luma))


def test_times_that_vary_are_those_of_the_film(tmp_path: Path) -> None:
    times = [0, 40, 200, 210, 215, 900]
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(6)], times=times)
    assert [frame.pts for frame in frames_of(clip)] == times


@pytest.mark.parametrize("codec", ["ffv1", "libx264", "mpeg4"])
def test_frames_from_a_time_are_those_of_the_whole(tmp_path: Path, codec: str) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(80)], codec=codec)
    whole = frames_of(clip)
    for number in (1, 33, 79):
        part = frames_of(clip, whole[number].pts)
        assert [frame.pts for frame in part] == [frame.pts for frame in whole[number:]]
        for one, other in zip(part, whole[number:], strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.ts", "mpeg2video"),
        ("a.ts", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.m2v", "mpeg2video"),
        ("a.avi", "mpeg4"),
        ("a.mp4", "libx264"),
    ],
)
def test_every_frame_is_read_every_time(tmp_path: Path, name: str, codec: str) -> None:
    """Also where a search by time ends behind the first group of pictures."""
    clip = write_clip(
        tmp_path / name, [shapes(i) for i in range(60)], codec=codec, time_base=Fraction(1, 25),
        times=range(60), options={"g": "12"},
    )  # fmt: skip
    with opened(clip) as (container, stream):
        film = Film(container, stream, clip, MAX_PIXELS, False)
        first, second = ([frame.pts for frame in film.frames()] for _ in range(2))
        assert len(first) == 60
        assert second == first
        assert [frame.pts for frame in film.frames(first[30])] == first[30:]


def test_a_film_that_begins_within_a_group_of_pictures(tmp_path: Path) -> None:
    """It has no place to go back to but its beginning, as the container counts."""
    whole = write_clip(
        tmp_path / "whole.mp4", [shapes(i) for i in range(60)], codec="libx264", options={"g": "12"}
    )
    with av.open(str(whole)) as film, av.open(str(tmp_path / "cut.mp4"), "w") as cut:
        stream = cut.add_stream_from_template(film.streams.video[0])
        for packet in [packet for packet in film.demux(video=0) if packet.dts is not None][5:]:
            packet.stream = stream
            cut.mux(packet)
    with av.open(str(tmp_path / "cut.mp4")) as film:
        wanted = [frame.pts for frame in film.decode(video=0)]
    assert 40 < len(wanted) < 56
    with opened(tmp_path / "cut.mp4") as (container, film_stream):
        film_read = Film(container, film_stream, tmp_path / "cut.mp4", MAX_PIXELS, False)
        for _ in range(2):
            assert [frame.pts for frame in film_read.frames()] == wanted


@pytest.mark.parametrize("pixel_format", ["gray", "gray16le"])
def test_grey_films_use_all_codes(tmp_path: Path, pixel_format: str) -> None:
    """Unless they say otherwise: so FFmpeg shows them."""
    codes = np.arange(256, dtype=np.uint8)
    ramp: Any = np.tile(codes if pixel_format == "gray" else codes * np.uint16(257), (64, 1))
    for said, full in ((0, True), (1, False)):
        clip = write_clip(
            tmp_path / f"{said}.mkv", [ramp] * 3, pixel_format=pixel_format, colour_range=said
        )
        frame = frames_of(clip)[1]
        grey = frame.levels.grey(frame.luma)
        assert (grey[0, 8] > 0) == full
        if full:
            np.testing.assert_allclose(grey[0] / 257, np.arange(256), atol=0.01)


def test_ten_bits_odd_sizes_and_the_full_range_are_read_as_they_are(tmp_path: Path) -> None:
    luma = shapes(0, width=53, height=37).astype(np.uint16) * 4 + 3
    clip = write_clip(tmp_path / "a.mkv", [luma], pixel_format="yuv444p10le")
    (frame,) = frames_of(clip)
    np.testing.assert_array_equal(frame.luma, luma)
    assert frame.levels == Levels(10, False, "bt601")

    full = shapes(0)
    (frame,) = frames_of(write_clip(tmp_path / "b.mkv", [full], colour_range=2))
    np.testing.assert_array_equal(frame.luma, full)
    np.testing.assert_array_equal(frame.grey, full.astype(np.uint16) * 257)

    (frame,) = frames_of(write_clip(tmp_path / "c.mkv", [full], pixel_format="gray"))
    np.testing.assert_array_equal(frame.luma, full)


def test_black_and_white_of_the_video_range_are_black_and_white() -> None:
    codes = np.array([0, 16, 235, 255], np.uint8)
    np.testing.assert_array_equal(Levels(8, False, "bt601").grey(codes), [0, 0, 65535, 65535])


def test_a_film_in_rgb_is_read_by_its_luma(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    pictures = [Image.new("RGB", (40, 30), (0, 255, 0)), Image.new("RGB", (40, 30), (9, 9, 9))]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    first = frames_of(path)[0]
    assert first.luma.shape == (30, 40)
    assert abs(float(first.grey.mean()) / 65535 - 0.7152) < 0.01


def test_stills_are_grey_photographs_at_their_times(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "a.mkv", [shapes(i) for i in range(50)], codec="libx264", aspect=Fraction(2, 1)
    )
    found = stills(clip, 5)
    assert [still.time for still in found] == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8], abs=0.05)
    assert {(s.photo.width, s.photo.height, s.photo.is_grey) for s in found} == {
        (2 * WIDTH, HEIGHT, True)
    }
    assert [s.time for s in stills(clip, times=[1.0, 0.0, 99.0])] == pytest.approx([0.0, 1.0])
    with pytest.raises(InvalidSetting):
        stills(clip, 0)


def test_interlaced_frames_are_said_and_can_be_made_whole(tmp_path: Path) -> None:
    lines = [shapes(10 * i) for i in range(6)]
    for number, frame in enumerate(lines):
        frame[1::2] = shapes(10 * number + 5)[1::2]
    clip = write_clip(tmp_path / "a.mkv", lines, codec="libx264", fields="tff")
    assert probe(clip).interlaced
    kept = np.abs(np.diff(frames_of(clip)[2].luma.astype(int), axis=0)).mean()
    whole = frames_of(clip, deinterlace=True)
    assert len(whole) == 6
    assert [f.pts for f in whole] == [f.pts for f in frames_of(clip)]
    assert {f.duration for f in whole} == {f.duration for f in frames_of(clip)}
    assert np.abs(np.diff(whole[2].luma.astype(int), axis=0)).mean() < kept


def _text(path: Path) -> None:
    path.write_text("a letter, not a film\n" * 100)


def _picture(path: Path) -> None:
    Image.new("L", (64, 64)).save(path, "PNG")


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n")


def _concat(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")


def _scans(path: Path) -> None:
    """Pages of a PDF are JPEG data, which FFmpeg would find."""
    first, *others = (Image.effect_noise((200, 100), 60 + i) for i in range(3))
    first.save(path, "PDF", save_all=True, append_images=others)


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("scan.jpg", saved(noise(), "JPEG"))


def _mail(path: Path) -> None:
    path.write_bytes(b"Subject: Grandmother\n\n" * 20 + saved(noise(), "JPEG"))


def _sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as film:
        tone = film.add_stream("aac", rate=48000, layout="mono")
        silence = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = 48000
        film.mux(tone.encode(frame))
        film.mux(tone.encode(None))


@pytest.mark.parametrize(
    "make", [_text, _picture, _playlist, _concat, _scans, _archive, _mail, _sound]
)
def test_what_is_no_film_is_refused(tmp_path: Path, make: object) -> None:
    assert callable(make)
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(UnsupportedFilm, match=r"a\.mp4"):
        probe(path)


def test_a_damaged_film_is_refused_if_no_frame_is_left(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", [shapes(i) for i in range(20)], codec="libx264")
    (tmp_path / "b.mp4").write_bytes(clip.read_bytes()[:300])
    (tmp_path / "empty.mp4").write_bytes(b"")
    mkv = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(20)])
    (tmp_path / "b.mkv").write_bytes(mkv.read_bytes()[:600])
    for name in ("b.mp4", "b.mkv", "empty.mp4"):
        with pytest.raises(CorruptFilm, match=name):
            probe(tmp_path / name)


def test_of_a_film_that_is_cut_off_what_is_there_is_read(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(20)])
    data = clip.read_bytes()
    (tmp_path / "b.mkv").write_bytes(data[: len(data) * 2 // 3])
    assert 5 < len(frames_of(tmp_path / "b.mkv")) < 20


def test_files_that_cannot_be_opened_are_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFilm, match="no file"):
        probe(tmp_path / "none.mp4")


def test_large_frames_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)])
    with pytest.raises(FilmTooLarge, match="160 x 96"):
        probe(clip, max_pixels=160 * 96 - 1)
    assert probe(clip, max_pixels=160 * 96).width == WIDTH


@pytest.mark.parametrize(
    "name",
    [
        *("uyvy422", "yuyv422", "p010le", "p016be", "yuv420p10be", "yuv422p16be", "y210le"),
        *("vuya", "gray16be", "gray10be", "ya8", "ya16be", "nv12"),
    ],
)
def test_luma_is_the_same_in_whatever_order_it_lies(name: str) -> None:
    kind = av.VideoFormat(name, 64, 48)
    depth = max(component.bits for component in kind.components)
    grey = len(kind.components) <= 2
    plain = ("gray" if grey else "yuv444p") + ("" if depth == 8 else f"{depth}le")
    top = 255 if depth == 8 else (1 << depth) - 1
    luma = (
        np.random.default_rng(0)
        .integers(0, top, (48, 64))
        .astype(np.uint8 if depth == 8 else np.uint16)
    )
    frame = av.VideoFrame(64, 48, plain)
    for index in range(len(frame.planes)):
        fill(frame, index, luma if index == 0 else np.full_like(luma, top // 2 + 1))
    found = frame.reformat(format=name)
    assert np.array_equal(luma_of(found), luma)
    assert levels_of(found).bits == depth


@pytest.mark.parametrize("name", ["monow", "monob", "rgb565le", "xyz12le"])
def test_what_has_no_luma_is_converted(name: str) -> None:
    frame = av.VideoFrame(64, 48, "gray")
    fill(frame, 0, np.full((48, 64), 255, np.uint8))
    found = frame.reformat(format=name)
    levels = levels_of(found)
    assert luma_of(found).shape == (48, 64)
    if name != "xyz12le":
        assert levels.grey(luma_of(found)).min() > 60000


def test_a_film_that_is_shorter_than_it_says_and_damaged_places_are_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(40)])
    data = clip.read_bytes()
    (tmp_path / "b.mkv").write_bytes(data[: len(data) // 2])
    for path, said in ((clip, False), (tmp_path / "b.mkv", True)):
        with opened(path) as (container, stream):
            film = Film(container, stream, path, 10**6)
            assert film.warnings == ()
            list(film.frames())
            told = "the file says that it lasts 1.6 s" in " ".join(film.warnings)
            assert told is said


def test_a_clock_that_begins_again_goes_on(tmp_path: Path) -> None:
    part = write_clip(
        tmp_path / "a.ts", [shapes(i) for i in range(25)], codec="mpeg2video",
        time_base=Fraction(1, RATE), times=range(25), container="mpegts",
    )  # fmt: skip
    (tmp_path / "b.ts").write_bytes(part.read_bytes() * 3)
    found = frames_of(tmp_path / "b.ts")
    assert len(found) == 75
    steps = np.diff([frame.pts for frame in found])
    assert set(steps.tolist()) == {90000 // RATE}
    for place in (10, 30, 60):  # the same time is at three places
        again = frames_of(tmp_path / "b.ts", found[place].pts)
        assert [frame.pts for frame in again] == [frame.pts for frame in found[place:]]
        assert np.array_equal(again[0].luma, found[place].luma)


def test_tiny_frames_have_no_fields(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [np.full((2, 2), 90, np.uint8)] * 3)
    with pytest.raises(UnsupportedFilm, match="no fields"):
        frames_of(clip, deinterlace=True)


def test_sound_that_goes_on_is_no_end_of_the_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(10)], sound=True)
    long = tmp_path / "b.mkv"
    with av.open(str(clip)) as source, av.open(str(long), "w") as film:
        streams = [film.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                if packet.stream is streams[1]:
                    packet.pts, packet.dts = 10 * (packet.pts or 0), 10 * packet.dts
                film.mux(packet)
    with opened(long) as (container, stream):
        found = Film(container, stream, long, 10**6)
        list(found.frames())
        assert found.warnings == ()
