"""What a film has beside its pictures: sound, subtitles, attachments, on their way into another."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from .clock import JUMP
from .container import pyav

log = logging.getLogger(__name__)

#: of containers
OPTIONS: dict[str, dict[str, str]] = {
    "mp4": {"movflags": "+faststart"},
    "mov": {"movflags": "+faststart"},
    "matroska": {},
}
#: what sound is converted to, by the container: 16 bits, and more
_SOUND = {
    "matroska": ("flac", "flac"),
    "mov": ("pcm_s16le", "pcm_s24le"),
    "mp4": ("alac", "alac"),
}
_LAYOUTS = {1: "mono", 2: "stereo"}
_MILLISECOND = Fraction(1, 1000)
_GAP = 0.1  # s of silence, that is none of rounding
#: what subtitles are rewritten as, and of which kinds they can be
_TEXT = {"matroska": "subrip", "mov": "mov_text", "mp4": "mov_text"}
_TEXTS = ("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text")
#: FFmpeg's formats of samples of more than 16 bits that a file may really have
_DEEP = ("s32", "s32p", "s64", "s64p")


@dataclass
class Copied:
    """A stream whose packets are taken as they are.

    Attributes:
        stream: of the film that is written.
    """

    stream: Any

    def packets(self, packet: Any) -> Iterator[Any]:
        """The packet, of the new stream."""
        packet.stream = self.stream
        yield packet

    def rest(self) -> Iterator[Any]:
        """Nothing is held back."""
        yield from ()


class Converted:
    """Sound that is decoded and encoded.

    Args:
        stream: of the film that is written.
        original: of the source.
        codec: what it is called.
    """

    def __init__(self, stream: Any, original: Any, codec: str) -> None:
        self.stream, self._original, self.codec = stream, original, codec
        self._next: int | None = None  # sample of the frame to come

    def packets(self, packet: Any) -> Iterator[Any]:
        """What comes of a packet; damaged ones are left out."""
        try:
            frames = packet.decode()
        except pyav().error.FFmpegError:
            log.warning("a damaged packet of sound is left out")
            return
        for frame in frames:
            yield from self._encoded(frame)

    def _encoded(self, frame: Any) -> Iterator[Any]:
        """Frames follow each other by their samples; where there is a gap it stays."""
        rate = frame.sample_rate
        said = None if frame.pts is None else round(frame.pts * frame.time_base * rate)
        if self._next is None or (said is not None and said > self._next + _GAP * rate):
            self._next = said or 0
        frame.pts, frame.time_base = self._next, Fraction(1, rate)
        self._next += frame.samples
        yield from self.stream.encode(frame)

    def rest(self) -> Iterator[Any]:
        """What decoder and encoder held back."""
        with suppress(pyav().error.FFmpegError):
            for frame in self._original.codec_context.decode(None):
                yield from self._encoded(frame)
        yield from self.stream.encode(None)


class Rewritten:
    """Subtitles of text, in another form.

    Args:
        stream: of the film that is written.
        original: of the source; its decoder is open.
    """

    def __init__(self, stream: Any, original: Any) -> None:
        self.stream, self._original = stream, original

    def packets(self, packet: Any) -> Iterator[Any]:
        """What comes of a packet: one, or none of a pause; damaged ones are left out."""
        try:
            lines = self._original.codec_context.decode2(packet)
            made = lines and self.stream.codec_context.encode_subtitle(lines)
        except pyav().error.FFmpegError:
            log.warning("a damaged subtitle is left out")
            return
        if made:
            made.pts = made.dts = packet.pts
            made.duration, made.time_base = packet.duration, packet.time_base
            made.stream = self.stream
            yield made

    def rest(self) -> Iterator[Any]:
        """Nothing is held back."""
        yield from ()


Kept = Copied | Converted | Rewritten
Track = TypeVar("Track", Copied, Converted, Rewritten)


def _kept(track: Track, original: Any) -> Track:
    """With what the source says of it."""
    track.stream.metadata.update(original.metadata)
    track.stream.disposition = original.disposition
    return track


def _converted(film: Any, original: Any, container: str) -> Converted | None:
    """None if the sound cannot be decoded, or not be written so."""
    context = original.codec_context
    if context is None or not context.sample_rate or context.format is None:
        return None
    codec = _SOUND[container][context.format.name in _DEEP]
    layout = _LAYOUTS.get(context.layout.nb_channels, context.layout)  # some do not say theirs
    try:
        stream = film.add_stream(codec, rate=context.sample_rate, layout=layout)
        formats = [kind.name for kind in stream.codec_context.codec.audio_formats or ()]
        wanted = ("s32", "s32p") if context.format.name in _DEEP else ("s16", "s16p")
        stream.codec_context.format = next(name for name in wanted if name in formats)
    except (pyav().error.FFmpegError, ValueError, StopIteration):
        return None
    return Converted(stream, original, codec)


def _rewritten(film: Any, original: Any, container: str) -> Rewritten | None:
    """None if they are not of text."""
    context = original.codec_context
    if context is None or context.name not in _TEXTS:
        return None
    try:
        context.open(strict=False)
        stream = film.add_stream(_TEXT[container])
        stream.codec_context.subtitle_header = context.subtitle_header
        stream.codec_context.time_base = _MILLISECOND
    except (pyav().error.FFmpegError, ValueError):
        return None
    return Rewritten(stream, original)


def tracks_for(
    film: Any, original: Any, pictures: Any, container: str
) -> tuple[dict[int, Kept], list[str]]:
    """What becomes of the streams of a source, by their index, and what is lost or changed of them.

    Sound that a container does not hold is converted, without loss where the container has a way.

    Args:
        film: that is being written; gets the streams.
        original, pictures: the source, and its stream that is coloured.
        container: of :func:`.muxing.container_for`.
    """
    found: dict[int, Kept] = {}
    lost: list[str] = []
    has_chapters = bool(original.chapters())
    for stream in original.streams:
        if stream.index == pictures.index:
            continue
        if stream.type == "data" and has_chapters:  # their names, which are written with them
            continue
        if stream.type == "data" and "timecode" in stream.metadata:  # written by the metadata
            continue
        if stream.type == "video":
            lost.append("A second stream of pictures, or a cover, is left out.")
        elif _is_held(stream, container):
            found[stream.index] = _kept(Copied(film.add_stream_from_template(stream)), stream)
        elif stream.type == "audio" and (made := _converted(film, stream, container)):
            found[stream.index] = _kept(made, stream)
            codec = stream.codec_context.name
            lost.append(
                f"The sound ({codec}) is converted to {made.codec}: {container} does not hold it."
            )
        elif stream.type == "subtitle" and (told := _rewritten(film, stream, container)):
            found[stream.index] = _kept(told, stream)
            codec = stream.codec_context.name
            lost.append(
                f"Subtitles ({codec}) are rewritten as {_TEXT[container]}, perhaps without their "
                f"styles: {container} does not hold them."
            )
        else:
            kind = "sound" if stream.type == "audio" else stream.type
            more = "" if container == "matroska" else "; .mkv holds most"
            lost.append(f"A stream of {kind} is left out: {container} does not hold it{more}.")
    return found, lost


def _is_held(stream: Any, container: str) -> bool:
    """Whether a container takes a stream, which it says only when its header is written."""
    if stream.type == "attachment":
        return container == "matroska"
    if stream.type not in ("audio", "subtitle"):
        return False
    av = pyav()
    trial = av.open(io.BytesIO(), "w", container, OPTIONS[container])
    try:
        trial.add_stream_from_template(stream)
        trial.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.error.FFmpegError):
            trial.close()
    return True


class _Clock:
    """Of one stream: goes on where it begins again."""

    def __init__(self, jumps: Sequence[Fraction]) -> None:
        self._jumps = list(jumps)
        self._late = Fraction(0)
        self._last: int | None = None

    def moved(self, packet: Any) -> bool:
        """Put a packet to its time; False if there is something already."""
        unit, last = packet.time_base, self._last
        late = round(self._late / unit)
        if self._jumps and last is not None and packet.dts + late < last - JUMP / unit:
            self._late = self._jumps.pop(0)
            late = round(self._late / unit)
        packet.pts += late
        packet.dts += late
        if last is not None and packet.dts < last:
            return False
        self._last = packet.dts if last is None else max(last, packet.dts)
        return True


def packets_of(
    original: Any,
    tracks: Mapping[int, Kept],
    start: Fraction,
    end: Fraction | None,
    jumps: Sequence[Fraction],
) -> Iterator[tuple[float, Any]]:
    """Packets of the other streams between start and end, and when they are decoded, in seconds.

    Where the clock begins again they are moved as the pictures are, by ``jumps``; what overlaps
    with what was before is left out.
    """
    latest = 0.0
    for packet in _made(original, tracks, start, end, jumps):
        latest = max(latest, float(packet.dts * packet.time_base))
        yield latest, packet


def _made(
    original: Any,
    tracks: Mapping[int, Kept],
    start: Fraction,
    end: Fraction | None,
    jumps: Sequence[Fraction],
) -> Iterator[Any]:
    wanted = [original.streams[index] for index in tracks]
    clocks = {index: _Clock(jumps) for index in tracks}
    for packet in original.demux(*wanted):
        if packet.pts is None:  # the end
            continue
        if packet.dts is None:
            packet.dts = packet.pts
        if not clocks[packet.stream.index].moved(packet):
            continue
        seconds = packet.pts * packet.time_base
        if (start and seconds < start) or (end is not None and seconds >= end):
            continue
        shift = round(start / packet.time_base)
        packet.pts -= shift
        packet.dts -= shift
        yield from tracks[packet.stream.index].packets(packet)
    for track in tracks.values():
        yield from track.rest()
