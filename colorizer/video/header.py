"""What the header of a film says."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

from .film import FASTEST, FilmInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: FFmpeg's flags of formats without times, whose length it guesses (AVFMT_NOTIMESTAMPS), and of
#: such whose clock may begin again (AVFMT_TS_DISCONT)
NO_TIMES, DISCONTINUOUS = 0x0080, 0x0200


def length_of(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds that the header says of the pictures alone; None if it does not, or guesses."""
    if container.format.flags & NO_TIMES:
        return None
    if (found := _of_stream(stream)) is not None:
        return found
    said = stream.metadata.get("DURATION", "")  # of Matroska
    with suppress(ValueError):
        hours, minutes, seconds = map(float, said.split(":"))
        return hours * 3600 + minutes * 60 + seconds
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / 1_000_000
    return None


def _of_stream(stream: VideoStream) -> float | None:
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def info_of(
    container: InputContainer, stream: VideoStream, first: VideoFrame, turns: int, bits: int
) -> FilmInfo:
    """Of a film, its first frame, the quarter turns that it needs, and the bits of its luma."""
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    if aspect <= 0:
        aspect = Fraction(1)
    if turns % 2:
        width, height, aspect = height, width, 1 / aspect
    duration = _of_stream(stream)
    if duration is None and container.duration is not None:
        duration = container.duration / 1_000_000
    rate = stream.average_rate or stream.guessed_rate
    if rate is not None and rate > FASTEST:  # the units of time, for want of anything better
        rate = stream.guessed_rate
    frames = stream.frames or (round(duration * rate) if duration and rate else None)
    return FilmInfo(
        width=width,
        height=height,
        duration=duration,
        rate=rate,
        frames=frames,
        pixel_aspect=aspect,
        rotation=90 * turns,
        interlaced=first.interlaced_frame,
        bits=bits,
        codec=stream.codec_context.name,
        container=container.format.name,
        audio=len(container.streams.audio),
        subtitles=len(container.streams.subtitles),
        chapters=len(container.chapters()),
        alpha=_has_alpha(first) and stream.codec_context.name != "gif",  # of GIF all frames do
    )


def _has_alpha(frame: VideoFrame) -> bool:
    return any(component.is_alpha for component in frame.format.components)
