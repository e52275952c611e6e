"""Whole frames of interlaced ones, by FFmpeg's bwdif."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import UnsupportedFilm
from .container import pyav

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


def deinterlaced(frames: Iterator[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """One frame for each, with times in the units of the stream.

    Raises:
        UnsupportedFilm: if frames are too small to have fields.
    """
    from av.filter import Graph

    graph: Any = Graph()
    error = pyav().error
    try:
        graph.link_nodes(
            graph.add_buffer(template=stream),
            graph.add("bwdif", "mode=send_frame:deint=all"),
            graph.add("buffersink"),
        ).configure()
    except error.FFmpegError:
        size = f"{stream.codec_context.width} x {stream.codec_context.height}"
        raise UnsupportedFilm(f"Frames of {size} pixels have no fields to be joined.") from None
    for frame in _after_all(frames):
        graph.push(frame)
        while True:
            try:
                yield _in_units_of(stream, graph.pull())
            except (error.BlockingIOError, error.EOFError):
                break


def _in_units_of(stream: VideoStream, frame: Any) -> Any:
    """A frame of a filter, whose clock may be finer, with times as those of the stream."""
    if stream.time_base and frame.time_base and frame.time_base != stream.time_base:
        scale = frame.time_base / stream.time_base
        pts, duration = frame.pts, frame.duration
        frame.time_base = stream.time_base
        frame.pts = None if pts is None else round(pts * scale)
        frame.duration = round((duration or 0) * scale)
    return frame


def _after_all(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame | None]:
    yield from frames
    yield None
