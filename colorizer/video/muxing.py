"""Putting segments together, with the sound, subtitles and chapters of the source."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import OutputError, UnsupportedFilm
from .container import opened, pyav
from .film import Codec
from .tracks import OPTIONS, packets_of, tracks_for
from .writing import Form, say_colours

#: what the codecs are at home in, by the suffix of the target
CONTAINERS: dict[str, tuple[str, tuple[Codec, ...]]] = {
    ".mp4": ("mp4", ("h264", "h265")),
    ".m4v": ("mp4", ("h264", "h265")),
    ".mov": ("mov", ("h264", "h265", "prores")),
    ".mkv": ("matroska", ("h264", "h265", "prores", "ffv1")),
}


def container_for(target: Path, codec: Codec) -> str:
    """FFmpeg's name of the container that the target's name asks for.

    Raises:
        UnsupportedFilm: if there is none such, or it does not hold the codec.
    """
    known = CONTAINERS.get(target.suffix.lower())
    if known is None:
        raise UnsupportedFilm(
            f"Films are written to {', '.join(CONTAINERS)}, not to {target.suffix or 'no suffix'}."
        )
    name, codecs = known
    if codec not in codecs:
        fitting = [suffix for suffix, (_, held) in CONTAINERS.items() if codec in held]
        raise UnsupportedFilm(
            f"{target.suffix} does not hold {codec}; choose {' or '.join(fitting)}."
        )
    return name


def put_together(
    segments: Sequence[tuple[Path, Fraction]],
    form: Form,
    source: Path | None,
    target: Path,
    container: str,
    note: str,
    start: Fraction,
    end: Fraction | None,
    jumps: Sequence[Fraction] = (),
) -> tuple[str, ...]:
    """Write the film.

    Args:
        segments: in their order, one or more, and when each begins on the source's clock.
        form: of the pictures.
        source: where everything but the pictures is from; None if there is nothing else.
        target: is written over.
        container: of :func:`container_for`.
        note: a sentence for the comment of the film; may be empty.
        start, end: seconds of the source's clock at which the pictures begin and end; what lies
            outside is left out, and ``start`` becomes 0 if it is not the source's beginning.
        jumps: seconds, see :class:`.reading.Film`.

    Returns:
        What could not be kept, in plain sentences.

    Raises:
        OutputError: if it cannot be written.
    """
    av = pyav()
    options = OPTIONS[container]
    with ExitStack() as stack:
        rest = None if source is None else stack.enter_context(opened(source))
        try:
            film = stack.enter_context(av.open(str(target), "w", container, options))
            first = stack.enter_context(av.open(str(segments[0][0])))
            stream = film.add_stream_from_template(first.streams.video[0])
            context = stream.codec_context
            context.framerate, context.sample_aspect_ratio = form.rate, form.pixel_aspect
            say_colours(context, form)  # NUT does not
            if form.codec == "prores":  # each profile has one of its own
                context.codec_tag = first.streams.video[0].codec_context.codec_tag
            lost: list[str] = []
            if form.codec == "ffv1" and form.pixel_aspect != 1:
                lost.append("FFV1 in .mkv does not say that its pixels are not square.")
            if rest is not None:
                start += _before_zero(rest[0], segments[0][1] - start, container)
            packets = [_of_segments(segments, stream, start)]
            if rest is None:
                film.metadata.update(_metadata({}, note))
            else:
                original, pictures = rest
                stream.metadata.update(pictures.metadata)
                stream.disposition = pictures.disposition
                if start > 0 and stream.metadata.pop("timecode", None):
                    lost.append("The timecode is left out of a part of a film.")
                others, left_out = tracks_for(film, original, pictures, container)
                film.metadata.update(_metadata(original.metadata, note))
                lost += [*left_out, *_with_chapters(film, original.chapters(), start)]
                if others:
                    packets.append(packets_of(original, others, start, end, jumps))
            for _, packet in heapq.merge(*packets, key=lambda pair: pair[0]):
                film.mux_one(packet)
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{target} cannot be written ({error}).") from error
    return tuple(lost)


def _before_zero(original: Any, pictures: Fraction, container: str) -> Fraction:
    """Seconds before 0 at which the source begins; its pictures begin at ``pictures``.

    Of a film in MP4 or QuickTime players leave out what lies before 0.
    """
    if container == "matroska":
        return Fraction(0)
    starts: list[Fraction] = [
        s.start_time * s.time_base
        for s in original.streams
        if s.type == "audio" and s.start_time is not None and s.time_base
    ]
    # priming samples of sound, which are not to be heard, may lie before 0
    earliest = [Fraction(0), pictures, *(start for start in starts if start < pictures < 0)]
    return min(earliest)


def _with_chapters(film: Any, chapters: Any, start: Fraction) -> list[str]:
    """Gives the film its chapters; returns what could not be kept."""
    if not chapters:
        return []
    if start > 0:
        return ["Chapters are left out of a part of a film."]
    film.set_chapters(chapters)
    return []


def _metadata(original: Mapping[str, str], note: str) -> dict[str, str]:
    """Of the source, without what belongs to its container, and with the note."""
    own = {"major_brand", "minor_version", "compatible_brands", "encoder"}
    found = {key: value for key, value in original.items() if key.lower() not in own}
    if note:
        before = found.get("comment", "")
        found["comment"] = f"{before}\n{note}" if before and note not in before else note
    return found


def _of_segments(
    segments: Sequence[tuple[Path, Fraction]], stream: Any, start: Fraction
) -> Iterator[tuple[float, Any]]:
    """Packets of all segments with their times of decoding, in seconds.

    An encoder that begins anew begins with times of decoding before its first frame's time, which
    may lie before the last ones of the segment before; such are moved on.
    """
    last: int | None = None
    for path, begins in segments:
        with pyav().open(str(path)) as segment:
            for packet in segment.demux(video=0):
                if packet.dts is None:  # the end
                    continue
                shift = round((begins - start) / packet.time_base)
                packet.pts += shift
                packet.dts += shift
                if last is not None and packet.dts <= last:
                    packet.dts = last + 1
                last = packet.dts
                packet.stream = stream
                yield float(packet.dts * packet.time_base), packet
