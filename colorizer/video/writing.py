"""Writing frames: the encoder of one segment of a film.

A segment is a file with the pictures alone: QuickTime keeps all times of a film, and NUT those of
FFV1, whose frames are in the order in which they are shown. Segments of one film are encoded alike,
each beginning with a frame that needs no other, so that they can be put one behind the other
without being encoded again (:mod:`.muxing`). Times in a segment are counted from its first frame.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..atomic import sync_file
from ..color.upsample import LinearColour
from ..errors import OutputError, UnsupportedFilm
from ..photo.mount import Box, part_of
from .chroma import chroma_planes, converted
from .container import pyav
from .film import Codec, Output
from .luma import Levels, plane
from .reading import Frame
from .sources import Source

_ENCODERS: dict[Codec, str] = {
    "h264": "libx264",
    "h265": "libx265",
    "prores": "prores_ks",
    "ffv1": "ffv1",
}
_CRF: dict[Codec, int] = {"h264": 18, "h265": 20}
_OPTIONS: dict[Codec, dict[str, str]] = {
    "h264": {"preset": "medium"},
    "h265": {"preset": "fast", "x265-params": "log-level=none"},
    "prores": {"profile": "hq", "vendor": "apl0"},
    "ffv1": {"level": "3", "slicecrc": "1"},
}
#: pixels of luma for each of chroma, across and down
_SAMPLING: dict[Codec, tuple[int, int]] = {
    "h264": (2, 2),
    "h265": (2, 2),
    "prores": (2, 1),
    "ffv1": (1, 1),
}
_NAMES = {(2, 2): "yuv420p", (2, 1): "yuv422p", (1, 1): "yuv444p"}
_NUMBERS = {"bt601": 6, "bt709": 1, "bt2020": 9}  # ITU-T H.273


@dataclass(frozen=True)
class Form:
    """How the pictures of a film are encoded.

    Attributes:
        codec, crf: see :class:`.film.Output`.
        width, height: px.
        bits: 8 or 10.
        levels: of luma and chroma, with these bits.
        across, down: pixels of luma for each of chroma.
        time_base, rate, pixel_aspect: as those of the source.
        fields: "tff" or "bff" for interlaced frames, else "".
        primaries, transfer: by their numbers in ITU-T H.273; 2 is not said.
        part: of a frame, that is coloured; None: all of it.
    """

    codec: Codec
    crf: int | None
    width: int
    height: int
    bits: int
    levels: Levels
    across: int
    down: int
    time_base: Fraction
    rate: Fraction
    pixel_aspect: Fraction
    fields: str = ""
    primaries: int = 2
    transfer: int = 2
    part: Box | None = None

    @classmethod
    def of(cls, film: Source, output: Output, deinterlace: bool, part: Box | None = None) -> Form:
        """For a film's frames. Chroma has full resolution where the sides are odd.

        The range of luma is the source's, but the usual one in ProRes, which cannot say another.
        """
        bits = output.bits or (10 if film.info.bits > 8 or output.codec == "prores" else 8)
        full = film.levels.full and output.codec != "prores"
        across, down = _SAMPLING[output.codec]
        if film.info.width % across or film.info.height % down:
            across = down = 1
        fields = ""
        if film.info.interlaced and not deinterlace and output.codec == "h264":
            fields = "bff" if film.bottom_first else "tff"
        return cls(
            codec=output.codec,
            crf=_CRF.get(output.codec) if output.crf is None else output.crf,
            width=film.info.width,
            height=film.info.height,
            bits=bits,
            levels=Levels(bits, full, film.levels.matrix),
            across=across,
            down=down,
            time_base=film.time_base,
            rate=film.rate,
            pixel_aspect=film.info.pixel_aspect,
            fields=fields,
            primaries=film.primaries,
            transfer=film.transfer,
            part=part,
        )

    @property
    def pixel_format(self) -> str:
        """As FFmpeg calls it."""
        return _NAMES[self.across, self.down] + ("" if self.bits == 8 else f"{self.bits}le")

    def picture(self, frame: Frame, colour: LinearColour) -> Any:
        """A frame to encode: its own luma, and the chroma of its colours, which are the part's."""
        found = pyav().VideoFrame(self.width, self.height, self.pixel_format)
        plane(found, 0)[...] = converted(frame.luma, frame.levels, self.levels)
        rows, columns = part_of(self.part, self.height, self.width)
        chroma = chroma_planes(
            frame.luma[rows, columns], frame.levels, colour, self.across, self.down, self.levels
        )
        place = _shrunk(rows, self.down), _shrunk(columns, self.across)
        for index, values in enumerate(chroma, 1):
            if self.part is not None:
                plane(found, index)[...] = 1 << (self.bits - 1)
            plane(found, index)[place] = values
        found.pts, found.time_base = frame.pts, self.time_base
        found.duration = frame.duration
        found.colorspace = _NUMBERS[self.levels.matrix]
        found.color_range = 2 if self.levels.full else 1
        found.color_primaries, found.color_trc = self.primaries, self.transfer
        return found


def _shrunk(span: slice, factor: int) -> slice:
    return slice(span.start // factor, -(-span.stop // factor))


def say_colours(context: Any, form: Form) -> None:
    """Let a stream, by its codec's context, say how its codes are to be understood."""
    context.colorspace = _NUMBERS[form.levels.matrix]
    context.color_range = 2 if form.levels.full else 1
    context.color_primaries, context.color_trc = form.primaries, form.transfer


class Segment:
    """A file of encoded pictures.

    Raises:
        UnsupportedFilm: if the encoder does not take the form.
        OutputError: if it cannot be written.
    """

    def __init__(self, path: Path, form: Form) -> None:
        av = pyav()
        self._path, self._form = path, form
        self._error = av.error.FFmpegError
        scale = str(form.time_base.denominator)
        options = {"video_track_timescale": scale, "movie_timescale": scale}
        if form.codec == "ffv1":
            self._container = av.open(str(path), "w", "nut")
        else:
            self._container = av.open(str(path), "w", "mov", options)
        self._first: int | None = None
        stream = self._container.add_stream(_ENCODERS[form.codec], rate=form.rate)
        context = stream.codec_context
        context.width, context.height = form.width, form.height
        context.pix_fmt = form.pixel_format
        context.time_base = form.time_base
        context.sample_aspect_ratio = form.pixel_aspect
        say_colours(context, form)
        context.flags |= av.codec.context.Flags.global_header
        context.options = self._options()
        self._stream = stream
        self._graph = self._marking()

    def _options(self) -> dict[str, str]:
        options = dict(_OPTIONS[self._form.codec])
        if self._form.crf is not None:
            options["crf"] = str(self._form.crf)
        if self._form.codec == "prores" and self._form.across == 1:
            options["profile"] = "4444"
        if self._form.fields:
            options["flags"] = "+ildct+ilme"
        return options

    def _marking(self) -> Any:
        """Marks frames as interlaced; None where they are not."""
        form = self._form
        if not form.fields:
            return None
        from av.filter import Graph

        graph: Any = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=form.width, height=form.height, format=form.pixel_format,
                time_base=form.time_base,
            ),
            graph.add("setfield", form.fields),
            graph.add("buffersink"),
        ).configure()  # fmt: skip
        return graph

    def write(self, frame: Frame, colour: LinearColour) -> None:
        """Encode one more frame."""
        picture = self._form.picture(frame, colour)
        if self._first is None:
            self._first = picture.pts
        picture.pts -= self._first
        if self._graph is not None:
            pts, duration = picture.pts, picture.duration
            self._graph.push(picture)
            picture = self._graph.pull()
            picture.pts, picture.duration = pts, duration
        try:
            packets = self._stream.encode(picture)
        except self._error as error:
            raise UnsupportedFilm(
                f"The encoder does not take frames of {self._form.width} x {self._form.height} "
                f"pixels ({error.strerror})."
            ) from error
        self._mux(packets)

    def _mux(self, packets: Any) -> None:
        try:
            self._container.mux(packets)
        except self._error as error:
            raise OutputError(f"The film cannot be written: {error.strerror}.") from error

    def close(self, whole: bool = True) -> None:
        """End the file; ``whole``: with the pictures that the encoder still has."""
        if not whole:
            with suppress(self._error):
                self._container.close()
            return
        try:
            self._mux(self._stream.encode(None))
        finally:
            try:
                self._container.close()
            except self._error as error:
                raise OutputError(f"The film cannot be written: {error.strerror}.") from error
        sync_file(self._path)
