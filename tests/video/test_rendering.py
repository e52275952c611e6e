"""Films from file to file: what is kept, what is coloured, and going on after a stop."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer import Settings
from colorizer.errors import (
    CorruptFilm,
    InvalidGuidance,
    InvalidSetting,
    OutputError,
    UnsupportedFilm,
)
from colorizer.guidance import Hint
from colorizer.video import (
    FilmGuidance,
    FilmHint,
    Output,
    Progress,
    into_film,
    probe,
    run,
    stretches,
)

from .clips import (
    HEIGHT,
    WIDTH,
    KnowingColorizer,
    fill,
    planes_of,
    render,
    rgb_frames,
    shapes,
    write_clip,
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two shots of 15 frames."""
    frames = [shapes(i, scene=s) for s in (1, 2) for i in range(15)]
    return write_clip(tmp_path / "clip.mkv", frames)


def test_luma_is_kept_and_things_have_their_colours(clip: Path, tmp_path: Path) -> None:
    result = render(clip, tmp_path / "out.mkv", output=Output("ffv1"))
    assert (result.frames, result.shots, result.complete) == (30, 2, True)
    before, after = planes_of(clip), planes_of(tmp_path / "out.mkv")
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
    for number, rgb in enumerate(rgb_frames(tmp_path / "out.mkv")):
        bright = before[number][0] > 180
        red, _, blue = (rgb[..., c].astype(int) for c in range(3))
        assert (red - blue)[bright].mean() > 40
        assert (red - blue)[before[number][0] < 80].mean() < -15
    assert not (tmp_path / ".out.mkv.parts").exists()


@pytest.mark.parametrize(
    ("codec", "suffix", "bits", "pixel_format"),
    [
        ("h264", ".mp4", 8, "yuv420p"),
        ("h264", ".mkv", 10, "yuv420p10le"),
        ("h265", ".mp4", 8, "yuv420p"),
        ("h265", ".mov", 10, "yuv420p10le"),
        ("prores", ".mov", 10, "yuv422p10le"),
        ("ffv1", ".mkv", 10, "yuv444p10le"),
    ],
)
def test_codecs_and_depths(
    clip: Path, tmp_path: Path, codec: Any, suffix: str, bits: int, pixel_format: str
) -> None:
    target = tmp_path / f"out{suffix}"
    render(clip, target, output=Output(codec, bits=bits), end=0.4)
    with av.open(str(target)) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 10
    assert {frame.format.name for frame in frames} == {pixel_format}
    luma = planes_of(target)[5][0].astype(float) / (1 << (bits - 8))
    assert np.abs(luma - planes_of(clip)[5][0]).mean() < 2


def test_ten_bits_stay_ten_bits(tmp_path: Path) -> None:
    luma = [shapes(i).astype(np.uint16) * 4 + i % 4 for i in range(6)]
    source = write_clip(tmp_path / "a.mkv", luma, pixel_format="yuv420p10le")
    render(source, tmp_path / "b.mkv", output=Output("ffv1"))
    for one, other in zip(luma, planes_of(tmp_path / "b.mkv"), strict=True):
        np.testing.assert_array_equal(one, other[0])


def test_odd_sizes_the_full_range_and_rotation_are_kept(tmp_path: Path) -> None:
    odd = [shapes(i, width=101, height=67) for i in range(6)]
    source = write_clip(tmp_path / "a.mkv", odd, pixel_format="yuv444p", colour_range=2)
    render(source, tmp_path / "b.mp4")
    info = probe(tmp_path / "b.mp4")
    assert (info.width, info.height) == (101, 67)
    with av.open(str(tmp_path / "b.mp4")) as film:
        assert next(film.decode(video=0)).color_range == 2

    source = write_clip(
        tmp_path / "c.mov", [shapes(i) for i in range(6)], codec="libx264", rotation=90
    )
    render(source, tmp_path / "d.mp4")
    info = probe(tmp_path / "d.mp4")
    assert (info.width, info.height, info.rotation) == (HEIGHT, WIDTH, 0)


def test_times_sound_chapters_and_metadata_are_kept(tmp_path: Path) -> None:
    times = [0, 40, 80, 200, 210, 215, 400, 440, 480, 900]
    chapter = {"id": 1, "start": 0, "end": 300, "time_base": Fraction(1, 1000)}
    source = write_clip(
        tmp_path / "a.mp4",
        [shapes(i) for i in range(10)],
        codec="libx264",
        times=times,
        sound=True,
        aspect=Fraction(16, 15),
        metadata={"title": "Old times", "comment": "From the attic."},
        chapters=[{**chapter, "metadata": {"title": "One"}}],
    )
    result = render(source, tmp_path / "b.mp4")
    assert result.warnings == ()
    with av.open(str(source)) as one, av.open(str(tmp_path / "b.mp4")) as other:
        assert other.metadata["title"] == "Old times"
        assert other.metadata["comment"].startswith("From the attic.\nColours were added")
        assert [c["metadata"]["title"] for c in other.chapters()] == ["One"]
        assert [bytes(p) for p in one.demux(audio=0)] == [bytes(p) for p in other.demux(audio=0)]
    with av.open(str(tmp_path / "b.mp4")) as film:
        seconds = [float(frame.time or 0) for frame in film.decode(video=0)]
    assert seconds == pytest.approx([time / 1000 for time in times], abs=1e-4)
    assert probe(tmp_path / "b.mp4").pixel_aspect == Fraction(16, 15)


def test_subtitles_that_a_container_does_not_hold_are_rewritten(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    picture = write_clip(tmp_path / "p.mkv", [shapes(i) for i in range(5)])
    waiting: list[Any] = []
    lines = tmp_path / "lines.srt"
    lines.write_text("1\n00:00:00,040 --> 00:00:00,160\nHello\n")
    with (
        av.open(str(picture)) as pictures,
        av.open(str(lines)) as texts,
        av.open(str(source), "w") as film,
    ):
        for container in (texts, pictures):
            original: Any = container.streams[0]
            stream = film.add_stream_from_template(original)
            for packet in list(container.demux(original)):
                if packet.dts is not None:
                    packet.stream = stream
                    waiting.append(packet)
        for packet in waiting:
            film.mux(packet)
    assert probe(source).subtitles == 1
    result = render(source, tmp_path / "b.mp4")
    assert any("rewritten as mov_text" in warning for warning in result.warnings)
    ((codec, text, seconds),) = told_by(tmp_path / "b.mp4")
    assert (codec, text) == ("mov_text", "Hello")
    assert seconds == pytest.approx(0.04, abs=0.002)
    result = render(tmp_path / "b.mp4", tmp_path / "c.mkv")
    assert any("rewritten as subrip" in warning for warning in result.warnings)
    assert told_by(tmp_path / "c.mkv")[0][1] == "Hello"
    assert render(source, tmp_path / "b.mkv").warnings == ()
    assert probe(tmp_path / "b.mkv").subtitles == 1


def told_by(path: Path) -> list[tuple[str, str, float]]:
    """Codec, text and time of each subtitle."""
    found = []
    with av.open(str(path)) as film:
        stream = film.streams.subtitles[0]
        for packet in film.demux(stream):
            lines = stream.codec_context.decode2(packet) if packet.size else None
            said: Any = lines or ()
            for line in said:
                text = line.dialogue.decode()
                seconds = float(packet.pts * packet.time_base)  # type: ignore[operator]
                found.append((stream.codec_context.name, text, seconds))
    return found


def test_interlaced_films_stay_so_or_are_made_whole(tmp_path: Path) -> None:
    frames = [shapes(i) for i in range(6)]
    source = write_clip(tmp_path / "a.mkv", frames, codec="libx264", fields="tff")
    render(source, tmp_path / "b.mp4")
    assert probe(tmp_path / "b.mp4").interlaced
    render(source, tmp_path / "c.mp4", deinterlace=True)
    assert not probe(tmp_path / "c.mp4").interlaced


def test_a_part_of_a_film_begins_at_0_with_its_sound(tmp_path: Path) -> None:
    source = write_clip(
        tmp_path / "a.mp4", [shapes(i) for i in range(50)], codec="libx264", sound=True
    )
    result = render(source, tmp_path / "b.mp4", start=0.8, end=1.6)
    assert result.frames == 20
    info = probe(tmp_path / "b.mp4")
    assert info.duration == pytest.approx(0.8, abs=0.05)
    with av.open(str(tmp_path / "b.mp4")) as film:
        sound = [frame.time for frame in film.decode(audio=0)]
    assert sound[0] == pytest.approx(0, abs=0.03)
    assert sound[-1] == pytest.approx(0.8, abs=0.05)


def test_sound_behind_the_last_picture_is_kept_up_to_the_end(tmp_path: Path) -> None:
    picture = write_clip(tmp_path / "p.mkv", [shapes(i) for i in range(20)])
    source = with_sound(picture, tmp_path / "a.nut", "pcm_s16le", seconds=2)
    whole = len(samples_of(source))
    for end, share in ((2.0, 1.0), (600.0, 1.0), (1.2, 0.6), (0.4, 0.2)):
        result = render(source, tmp_path / f"{end}.mkv", end=end)
        assert result.frames == min(20, round(end * 25))
        kept = len(samples_of(tmp_path / f"{end}.mkv"))
        assert kept / whole == pytest.approx(share, abs=0.06)


def test_a_part_behind_the_end_is_said(clip: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    with pytest.raises(CorruptFilm, match="There are no frames in this part"):
        render(clip, tmp_path / "b.mkv", start=60, progress=told.append)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


def test_nothing_crosses_a_cut(tmp_path: Path) -> None:
    """Whatever comes before or after a shot, its frames are the same to the bit."""
    found = []
    for number, (before, after) in enumerate(((1, 3), (4, 5))):
        scenes = (before, 2, after)
        frames = [shapes(i, scene=s) for s in scenes for i in range(8)]
        source = write_clip(tmp_path / f"{number}.mkv", frames)
        target = tmp_path / f"{number}-colour.mkv"
        assert render(source, target, output=Output("ffv1")).shots == 3
        found.append(planes_of(target)[8:16])
    for one, other in zip(*found, strict=True):
        for plane, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(plane, same)


def test_a_network_that_wavers_does_not_make_colours_flicker(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", [shapes(0)] * 30)
    target = tmp_path / "b.mkv"
    render(source, target, KnowingColorizer(wavering=8), every=3, output=Output("ffv1"))
    chroma = np.array([[p.mean() for p in planes[1:]] for planes in planes_of(target)])
    assert np.abs(np.diff(chroma, axis=0)).max() < 1.5


def test_a_hint_goes_with_its_thing_within_its_shot(clip: Path, tmp_path: Path) -> None:
    square = FilmHint(0.3, Hint((10 + 14 + 16) / WIDTH, 49 / HEIGHT, (-60.0, 40.0)))
    render(clip, tmp_path / "plain.mkv", output=Output("ffv1"))
    render(
        clip,
        tmp_path / "hinted.mkv",
        output=Output("ffv1"),
        guidance=FilmGuidance((square,)),
    )
    plain, hinted = planes_of(tmp_path / "plain.mkv"), planes_of(tmp_path / "hinted.mkv")
    for number in (0, 7, 14):
        bright = plain[number][0] > 180
        assert (hinted[number][2][bright].mean()) < plain[number][2][bright].mean() - 15
    for number in range(15, 30):
        np.testing.assert_array_equal(plain[number][2], hinted[number][2])


@pytest.mark.parametrize("last", [4.02, 5.9])
def test_a_hint_counts_for_as_long_as_its_frame_is_shown(tmp_path: Path, last: float) -> None:
    """A film of slides, two seconds each."""
    slides = [shapes(0, scene=scene) for scene in range(4)]
    film = write_clip(tmp_path / "slides.mkv", slides, times=[0, 2000, 4000, 6000])
    hints = tuple(FilmHint(t, Hint(0.1, 0.1, "lime", 4)) for t in (0.5, 3.0, last))
    render(film, tmp_path / "plain.mkv", output=Output("ffv1"))
    render(film, tmp_path / "b.mkv", output=Output("ffv1"), guidance=FilmGuidance(hints))
    plain, hinted = rgb_frames(tmp_path / "plain.mkv"), rgb_frames(tmp_path / "b.mkv")
    changed = [bool((a != b).any()) for a, b in zip(plain, hinted, strict=True)]
    assert changed == [True, True, True, False]


class _Killed(Exception):
    pass


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(into_film, "SEGMENT", 0.3)
    monkeypatch.setattr(run, "REPORT", 0.0)
    monkeypatch.setattr(stretches, "MOST_FRAMES", 9)


@pytest.mark.usefixtures("small_parts")
def test_a_run_that_was_killed_goes_on_without_a_seam(clip: Path, tmp_path: Path) -> None:
    hint = FilmHint(0.0, Hint(0.2, 0.5, "lime"))
    options: dict[str, Any] = {
        "guidance": FilmGuidance((hint,)), "every": 4, "output": Output("ffv1"),
    }  # fmt: skip
    whole, target = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    render(clip, whole, **options)
    seen: list[Progress] = []

    def dying(progress: Progress) -> None:
        seen.append(progress)
        if progress.frames == 26:
            raise _Killed

    with pytest.raises(_Killed):
        render(clip, target, progress=dying, **options)
    assert not target.exists()
    colorizer = KnowingColorizer()
    after: list[Progress] = []
    result = render(clip, target, colorizer, progress=after.append, **options)
    assert (result.frames, result.complete, result.shots) == (30, True, 2)
    assert after[0].frames > 9
    assert after[-1].frames == after[-1].total == 30
    for one, other in zip(planes_of(whole), planes_of(target), strict=True):
        for plane, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(plane, same)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("share", [0.5, 0.0])
def test_damage_to_what_a_shot_knew_costs_that_shot(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(into_film, "SEGMENT", 0.2)  # a piece ends with the first shot
    target = tmp_path / "out.mkv"

    def dying(progress: Progress) -> None:
        if progress.frames == 26:
            raise _Killed

    with pytest.raises(_Killed):
        render(clip, target, progress=dying, output=Output("ffv1"))
    (known,) = (tmp_path / ".out.mkv.parts").glob("*.npz")
    data = known.read_bytes()
    known.write_bytes(data[: round(len(data) * share)])
    seen: list[Progress] = []
    result = render(clip, target, progress=seen.append, output=Output("ffv1"))
    assert seen[0].frames == 16  # the first shot is kept
    assert (result.frames, result.complete) == (30, True)
    render(clip, tmp_path / "whole.mkv", output=Output("ffv1"))
    np.testing.assert_array_equal(rgb_frames(target), rgb_frames(tmp_path / "whole.mkv"))


@pytest.mark.usefixtures("small_parts")
def test_a_stopped_film_is_playable_and_goes_on(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    calls: list[int] = []

    def enough() -> bool:
        calls.append(1)
        return len(calls) > 17

    result = render(clip, target, cancelled=enough)
    assert (result.complete, result.frames) == (False, 18)
    assert len(rgb_frames(target)) == 18
    result = render(clip, target)
    assert (result.complete, result.frames) == (True, 30)
    assert len(rgb_frames(target)) == 30


@pytest.mark.usefixtures("small_parts")
def test_a_segment_that_a_power_cut_has_shortened_is_made_again(clip: Path, tmp_path: Path) -> None:
    """The list of what is done may be on the disk before the segment is."""
    whole, target = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    render(clip, whole, output=Output("ffv1"))
    calls: list[int] = []

    def enough() -> bool:
        calls.append(1)
        return len(calls) > 27

    assert not render(clip, target, output=Output("ffv1"), cancelled=enough).complete
    job = json.loads((tmp_path / ".out.mkv.parts" / "job.json").read_text())
    first, second = job["pieces"][:2]
    assert first["bytes"] > 0
    segment = tmp_path / ".out.mkv.parts" / second["file"]
    segment.write_bytes(segment.read_bytes()[: second["bytes"] // 2])
    seen: list[Progress] = []
    assert render(clip, target, output=Output("ffv1"), progress=seen.append).complete
    assert seen[0].frames <= first["frames"] + 1
    for one, other in zip(planes_of(whole), planes_of(target), strict=True):
        for plane, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(plane, same)


@pytest.mark.usefixtures("small_parts")
def test_what_was_asked_otherwise_begins_anew(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    render(clip, target, cancelled=lambda: True)
    colorizer = KnowingColorizer()
    seen: list[Progress] = []
    render(clip, target, colorizer, settings=Settings(saturation=0.5), progress=seen.append)
    assert seen[0].frames == 1
    (tmp_path / ".out.mp4.parts").mkdir()
    (tmp_path / ".out.mp4.parts" / "job.json").write_text("{")
    assert render(clip, target).frames == 30


def test_what_is_wrong_is_said_before_the_work(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFilm, match="mp4 does not hold ffv1"):
        render(clip, tmp_path / "a.mp4", output=Output("ffv1"))
    with pytest.raises(UnsupportedFilm, match=r"not to \.txt"):
        render(clip, tmp_path / "a.txt")
    with pytest.raises(InvalidSetting):
        render(clip, tmp_path / "a.mp4", start=2, end=1)
    with pytest.raises(OutputError):
        render(clip, clip / "a.mp4")
    with pytest.raises(OutputError, match="the film itself"):
        render(clip, clip)
    with pytest.raises(CorruptFilm, match="no frames in this part"):
        render(clip, tmp_path / "a.mp4", start=60)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


def test_what_the_network_says_of_a_failure_is_heard(clip: Path, tmp_path: Path) -> None:
    def fail() -> None:
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        render(clip, tmp_path / "a.mp4", KnowingColorizer(on_predict=fail))


@pytest.mark.parametrize(
    ("codec", "name"), [("ffv1", "b.mkv"), ("h264", "b.mp4"), ("h264", "b.mkv"), ("h265", "b.mov")]
)
def test_how_codes_are_to_be_understood_is_said(tmp_path: Path, codec: Any, name: str) -> None:
    source = write_clip(
        tmp_path / "a.mp4", [shapes(i) for i in range(4)], codec="libx264", colour_range=2, matrix=1
    )
    render(source, tmp_path / name, output=Output(codec))
    with av.open(str(tmp_path / name)) as film:
        frame = next(film.decode(video=0))
    assert (frame.colorspace, frame.color_range) == (1, 2)


def test_a_film_made_whole_lasts_as_long_as_its_sound(tmp_path: Path) -> None:
    frames = [shapes(i) for i in range(25)]
    source = write_clip(tmp_path / "a.mkv", frames, codec="libx264", fields="tff", sound=True)
    render(source, tmp_path / "b.mkv", deinterlace=True, output=Output("ffv1"))
    assert probe(tmp_path / "b.mkv").duration == pytest.approx(1, abs=0.1)
    assert render(source, tmp_path / "c.mkv", deinterlace=True, end=0.4).frames == 10


@pytest.mark.parametrize(
    ("codec", "suffix", "becomes"),
    [
        ("libopus", "mov", "pcm_s16le"),
        ("flac", "mov", "pcm_s16le"),
        ("pcm_mulaw", "mkv", "flac"),
        ("pcm_mulaw", "mp4", "alac"),
        ("libopus", "mp4", "opus"),
        ("flac", "mkv", "flac"),
    ],
)
def test_sound_without_a_home_is_converted_and_said(
    tmp_path: Path, codec: str, suffix: str, becomes: str
) -> None:
    """Some containers say so only when their header is written."""
    picture = write_clip(tmp_path / "p.mkv", [shapes(i) for i in range(5)])
    source = with_sound(picture, tmp_path / ("a.nut" if "mulaw" in codec else "a.mkv"), codec)
    result = render(source, tmp_path / f"b.{suffix}")
    with av.open(str(tmp_path / f"b.{suffix}")) as film:
        assert film.streams.audio[0].codec_context.name == becomes
    converted = any(f"is converted to {becomes}" in text for text in result.warnings)
    assert converted is (codec.removeprefix("lib") != becomes)
    if codec != "libopus":
        assert np.array_equal(samples_of(source), samples_of(tmp_path / f"b.{suffix}"))


def samples_of(path: Path) -> NDArray[Any]:
    with av.open(str(path)) as film:
        return np.concatenate([f.to_ndarray().ravel() for f in film.decode(audio=0)])


def test_sound_of_a_part_is_converted_too(tmp_path: Path) -> None:
    picture = write_clip(tmp_path / "p.mkv", [shapes(i) for i in range(50)])
    source = with_sound(picture, tmp_path / "a.nut", "pcm_mulaw", seconds=2)
    render(source, tmp_path / "b.mkv", start=0.8, end=1.6)
    with av.open(str(tmp_path / "b.mkv")) as film:
        sound = [float(frame.time or 0) for frame in film.decode(audio=0)]
    assert sound[0] == pytest.approx(0, abs=0.03)
    assert sound[-1] == pytest.approx(0.8, abs=0.1)


def with_sound(picture: Path, target: Path, codec: str, seconds: float = 0.2) -> Path:
    """A film with a track of sound that is meant for the blind."""
    with av.open(str(picture)) as pictures, av.open(str(target), "w") as film:
        original: Any = pictures.streams.video[0]
        stream = film.add_stream_from_template(original)
        tone: Any = film.add_stream(codec, rate=48000, layout="mono")
        tone.codec_context.format = "flt" if codec == "libopus" else "s16"
        tone.disposition = av.stream.Disposition.visual_impaired
        for packet in pictures.demux(original):
            if packet.dts is not None:
                packet.stream = stream
                film.mux(packet)
        size = tone.codec_context.frame_size or 960
        draw = np.random.default_rng(0)
        for first in range(0, int(48000 * seconds) - size + 1, size):
            wave: NDArray[Any] = draw.integers(-9000, 9000, (1, size)).astype(np.int16)
            if codec == "libopus":
                wave = wave.astype(np.float32) / 32768
            frame = av.AudioFrame.from_ndarray(
                wave, format=tone.codec_context.format.name, layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 48000, first, Fraction(1, 48000)
            film.mux(tone.encode(frame))
        film.mux(tone.encode(None))
    return target


def test_what_a_track_is_for_is_kept(tmp_path: Path) -> None:
    picture = write_clip(tmp_path / "p.mkv", [shapes(i) for i in range(5)])
    source = with_sound(picture, tmp_path / "a.mkv", "flac")
    render(source, tmp_path / "b.mkv")
    with av.open(str(tmp_path / "b.mkv")) as film:
        assert film.streams.audio[0].disposition & av.stream.Disposition.visual_impaired


def test_joined_films_keep_pictures_and_sound_together(tmp_path: Path) -> None:
    part = write_clip(
        tmp_path / "a.ts", [shapes(i) for i in range(25)], codec="mpeg2video", sound=True,
        time_base=Fraction(1, 25), times=range(25), container="mpegts",
    )  # fmt: skip
    (tmp_path / "b.ts").write_bytes(part.read_bytes() * 2)
    for suffix in ("mkv", "mp4"):
        render(tmp_path / "b.ts", tmp_path / f"b.{suffix}")
        with av.open(str(tmp_path / f"b.{suffix}")) as film:
            times = [float(frame.time or 0) for frame in film.decode(video=0)]
        assert len(times) == 50
        assert np.diff(times) == pytest.approx(0.04, abs=0.002)
        with av.open(str(tmp_path / f"b.{suffix}")) as film:
            sound = [float(frame.time or 0) for frame in film.decode(audio=0)]
        assert sound[-1] - sound[0] == pytest.approx(2, abs=0.1)
        assert np.diff(sound).max() < 0.1


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_a_film_that_begins_before_0_keeps_its_first_frames(tmp_path: Path, suffix: str) -> None:
    source = write_clip(
        tmp_path / "a.nut", [shapes(i) for i in range(10)], times=range(-200, 200, 40)
    )
    render(source, tmp_path / f"b.{suffix}")
    with av.open(str(tmp_path / f"b.{suffix}")) as film:
        assert len(list(film.decode(video=0))) == 10


def test_prores_says_its_colours_and_has_full_chroma_for_odd_sizes(tmp_path: Path) -> None:
    frames = [shapes(i, width=161, height=97) for i in range(3)]
    source = write_clip(tmp_path / "a.mkv", frames, pixel_format="yuv444p", matrix=1)
    render(source, tmp_path / "b.mov", output=Output("prores"))
    with av.open(str(tmp_path / "b.mov")) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.codec_tag == "ap4h"


def test_a_hint_beyond_the_end_is_refused(clip: Path, tmp_path: Path) -> None:
    hint = FilmHint(100, Hint(0.5, 0.5, "red"))
    with pytest.raises(InvalidGuidance, match=r"100 s, but the film lasts 1\.2 s"):
        render(clip, tmp_path / "b.mp4", guidance=FilmGuidance((hint,)))


def test_a_hint_outside_the_part_is_refused(clip: Path, tmp_path: Path) -> None:
    for time, told in ((0.1, r"begins at 0\.25 s"), (0.8, r"ends at 0\.8 s")):
        hint = FilmHint(time, Hint(0.5, 0.5, "red"))
        with pytest.raises(InvalidGuidance, match=told):
            render(clip, tmp_path / "b.mp4", guidance=FilmGuidance((hint,)), start=0.25, end=0.8)
    assert not (tmp_path / ".b.mp4.parts").exists()


def test_a_hint_at_the_beginning_of_a_part_is_in_its_first_frame(
    clip: Path, tmp_path: Path
) -> None:
    """The first frame that is shown after 0.25 s is that of 0.28 s."""
    hint = FilmHint(0.25, Hint(0.3, 0.5, "lime"))
    found = []
    for name, hints in (("plain", ()), ("hinted", (hint,))):
        target = tmp_path / f"{name}.mkv"
        render(
            clip, target, output=Output("ffv1"), guidance=FilmGuidance(hints), start=0.25, end=0.4
        )
        found.append(planes_of(target)[0])
    assert not np.array_equal(found[0][2], found[1][2])


def test_films_with_names_as_long_as_disks_take_them(clip: Path, tmp_path: Path) -> None:
    targets = [tmp_path / f"{'ä' * 125}{ending}.mkv" for ending in "ab"]
    for target in targets:
        with pytest.raises(_Killed):
            render(clip, target, progress=_dying)
    assert len(list(tmp_path.glob(".*.parts"))) == 2
    for target in targets:
        assert render(clip, target).complete
    assert list(tmp_path.glob(".*.parts")) == []
    long = clip.rename(targets[0])
    assert len(list((render(long, tmp_path / "out").target or clip).iterdir())) == 30


def _dying(progress: Progress) -> None:
    raise _Killed


@pytest.mark.parametrize("shape", [(16, 300), (31, 90), (20, 1100), (300, 16), (2, 200)])
def test_films_that_are_low_or_narrow(tmp_path: Path, shape: tuple[int, int]) -> None:
    frames = [np.roll(shapes(0, width=1200, height=300), i, 1) for i in range(3)]
    height, width = shape
    clip = write_clip(tmp_path / "a.mkv", [frame[:height, :width] for frame in frames])
    assert render(clip, tmp_path / "b.mkv", output=Output("ffv1")).frames == 3


def test_opacity_that_is_lost_is_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(i) for i in range(3)], pixel_format="yuva420p")
    for target in (tmp_path / "b.mkv", tmp_path / "b"):
        assert "opacity" in " ".join(render(clip, target).warnings)


def test_folders_of_the_target_are_made(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "place" / "b.mkv"
    assert render(clip, target, end=0.2).target == target
    assert probe(target).frames == 5


def test_there_is_a_key_frame_in_every_part(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", [shapes(0)] * 150)
    assert render(clip, tmp_path / "b.mkv", every=100_000).key_frames >= 3


def test_a_joined_film_that_was_killed_goes_on_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(into_film, "SEGMENT", 0.3)
    monkeypatch.setattr(stretches, "MOST_FRAMES", 9)
    monkeypatch.setattr(run, "REPORT", 0.0)
    part = write_clip(
        tmp_path / "a.ts", [shapes(i) for i in range(25)], codec="mpeg2video", sound=True,
        time_base=Fraction(1, 25), times=range(25), container="mpegts",
    )  # fmt: skip
    source = tmp_path / "b.ts"
    source.write_bytes(part.read_bytes() * 2)

    def dying(progress: Progress) -> None:
        if progress.frames == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(source, tmp_path / "b.mkv", every=4, progress=dying)
    seen: list[Progress] = []
    result = render(source, tmp_path / "b.mkv", every=4, progress=seen.append)
    assert seen[0].frames > 9
    assert (result.frames, result.complete) == (50, True)
    with av.open(str(tmp_path / "b.mkv")) as film:
        sound = [float(frame.time or 0) for frame in film.decode(audio=0)]
    assert sound[-1] - sound[0] == pytest.approx(2, abs=0.1)


def test_raw_dv_has_its_rate(tmp_path: Path) -> None:
    """FFmpeg gives the units of time of its clock for the average rate."""
    encoder: Any = av.CodecContext.create("dvvideo", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 720, 576, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    data = b""
    for number in range(10):
        frame = av.VideoFrame(720, 576, "yuv420p")
        for index in range(3):
            fill(
                frame,
                index,
                np.full((576, 720), 120, np.uint8)[
                    : frame.planes[index].height, : frame.planes[index].width
                ],
            )
        frame.pts = number
        data += b"".join(map(bytes, encoder.encode(frame)))
    source = tmp_path / "a.dv"
    source.write_bytes(data)
    assert probe(source).rate == 25
    assert render(source, tmp_path / "b.mp4").frames == 10


def test_two_runs_do_not_write_one_film(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.mkv"
    refused: list[object] = []

    def begin_again(progress: Progress) -> None:
        with pytest.raises(OutputError, match="is being written by another run") as error:
            render(clip, target)
        refused.append(error)

    result = render(clip, target, progress=begin_again)
    assert (result.complete, result.frames) == (True, 30)
    assert refused
    assert [file.name for file in target.parent.iterdir()] == ["out.mkv"]
