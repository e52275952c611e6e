"""Reading a film: what it is, and its frames one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptFilm, FilmTooLarge
from .clock import JUMP, Clock, goes_back, with_following
from .container import opened, pyav
from .deinterlacing import deinterlaced
from .header import DISCONTINUOUS, info_of, length_of
from .luma import Levels, levels_of, luma_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from ..photo import Photo
    from ..photo.mount import Box

Path_ = str | os.PathLike[str]

#: of a frame, if nobody says otherwise
MAX_PIXELS = 36_000_000
_USUAL_RATE = Fraction(25)
#: FFmpeg's numbers for fields of which the lower one comes first
_BOTTOM_FIRST = (3, 5)
#: a film with less than this share of what its header says ends early
_WHOLE = 0.9
#: frames that are read for glimpses where a film cannot be sought
_MOST_READ = 300


@dataclass(frozen=True)
class Frame:
    """One frame of a film, upright.

    Attributes:
        luma: (H, W) uint8 or uint16 codes.
        levels: what they mean.
        pts: when it is shown, in units of the film's time base; they grow from frame to frame.
        duration: in the same units, 0 where it is not known.
        interlaced: whether it is two fields.
        photo: the picture that it was read from, with the same pixels; None of a film.
    """

    luma: NDArray[Any]
    levels: Levels
    pts: int
    duration: int = 0
    interlaced: bool = False
    photo: Photo | None = None

    @property
    def grey(self) -> NDArray[np.uint16]:
        """16-bit sRGB grey, (H, W)."""
        return self.levels.grey(self.luma)

    def part(self, picture: Box | None) -> Frame:
        """What of it is the picture, without the bars; it has no photo then."""
        if picture is None:
            return self
        luma = np.ascontiguousarray(self.luma[picture.on(*self.luma.shape)])
        return replace(self, luma=luma, photo=None)


class Film:
    """A film that is open.

    Args:
        container, stream: see :func:`.container.opened`.
        path: of the file.
        max_pixels: of a frame.
        deinterlace: make whole frames of interlaced ones.

    Attributes:
        info: what it is.
        levels: of the first frame.
        first_pts: when it is shown.
        time_base: seconds of one unit of :attr:`Frame.pts`.
        primaries, transfer: of its colours, by their numbers in ITU-T H.273; 2 is not said.
        bottom_first: whether the lower one of two fields comes first.
        warnings: what is odd, in plain sentences; more of them as frames are read.
        jumps: by how much frames are shown later than their times say, after each place where the
            clock of the film begins again (as of discs and of films that were joined).

    Raises:
        CorruptFilm: if no frame of it can be read.
        FilmTooLarge: if its frames have more than ``max_pixels``.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        path: Path,
        max_pixels: int,
        deinterlace: bool = False,
    ) -> None:
        self._container, self._stream, self._deinterlace = container, stream, deinterlace
        self._damaged = 0
        self._short: tuple[float, float] | None = None
        self._begins_again: bool | None = None
        self.jumps: list[int] = []
        self._path, name = path, path.name
        _require_size(stream.codec_context.width, stream.codec_context.height, name, max_pixels)
        self.time_base: Fraction = stream.time_base or Fraction(1, 90_000)
        first = next(self._read(), None)  # nothing has been read: it is at its beginning
        if first is None:
            raise CorruptFilm(f"{name} holds no frame that can be read.")
        _require_size(first.width, first.height, name, max_pixels)
        self._turns = round(first.rotation / 90) % 4
        self._size = first.width, first.height
        self.levels = levels_of(first)
        self.first_pts = first.pts or 0
        context = stream.codec_context
        self.primaries, self.transfer = context.color_primaries, context.color_trc
        self.bottom_first = context.field_order in _BOTTOM_FIRST
        self.info = info_of(container, stream, first, self._turns, self.levels.bits)

    @property
    def identity(self) -> str:
        """Another one if it is another film."""
        state = self._path.stat()
        return f"{self._path.name} {state.st_size} {state.st_mtime_ns}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """See the class."""
        found = []
        if self._damaged:
            found.append(f"Damaged places of the film are left out: {self._damaged}.")
        if self._short:
            found.append(
                "The pictures end after {:.1f} s, but the file says that it lasts {:.1f} s; "
                "it may be damaged or cut off.".format(*self._short)
            )
        return tuple(found)

    def state(self, first: int, stop: int) -> str:
        """Its frames do not change one by one: ""."""
        return ""

    @property
    def rate(self) -> Fraction:
        """Frames a second, on the average, or a usual number."""
        return self.info.rate or _USUAL_RATE

    def seconds(self, pts: int) -> float:
        """From the film's first frame."""
        return float((pts - self.first_pts) * self.time_base)

    def pts(self, seconds: float) -> int:
        """The time in the film's units."""
        return self.first_pts + round(Fraction(seconds) / self.time_base)

    def frames(self, start: int | None = None) -> Iterator[Frame]:
        """All frames from the first one with a pts of ``start`` or later.

        Damaged places are left out. Frames without a time, or not later than the one before, get
        the time that the film's rate gives them.
        """
        for frame, pts in self._timed(start):
            yield self._upright(frame, pts)

    def glimpses(self, count: int) -> Iterator[Frame]:
        """At most so many frames from all over it, quickly: those that need no others."""
        seen: set[int | None] = set()
        for number in range(count if self.info.duration else 0):
            time = (self.info.duration or 0) * (number + 0.5) / count
            frame = self._glimpse(self.pts(time))
            if frame is not None and frame.pts not in seen:
                seen.add(frame.pts)
                yield self._upright(frame, frame.pts or 0)
        if len(seen) < count / 2:
            most = min(self.info.frames or _MOST_READ, _MOST_READ)
            step = -(-most // max(count - len(seen), 1))
            yield from islice(self.frames(), 0, most, step)

    def _glimpse(self, pts: int) -> VideoFrame | None:
        """The frame before ``pts`` that needs no other, if it can be had in the usual size."""
        try:
            self._container.seek(max(pts, self.first_pts), stream=self._stream)
        except pyav().error.FFmpegError:
            return None
        frame = next(self._read(), None)
        return frame if frame and (frame.width, frame.height) == self._size else None

    def in_colour(self) -> Iterator[tuple[Frame, NDArray[np.uint8]]]:
        """As :meth:`frames`, each with its colours: sRGB' (H, W, 3) as players show it."""
        for frame, pts in self._timed(None):
            rgb = frame.to_ndarray(format="rgb24")
            yield self._upright(frame, pts), np.rot90(rgb, self._turns)

    def _timed(self, start: int | None) -> Iterator[tuple[VideoFrame, int]]:
        step = max(round(1 / self.rate / self.time_base), 1)
        clock = Clock(step, round(JUMP / self.time_base))
        self.jumps = clock.jumps
        last, shown = None, 0
        for frame, following in with_following(self._from(start)):
            last = clock.time(frame.pts, [other.pts for other in following], self.first_pts)
            shown = frame.duration or step
            if start is None or last >= start:
                if (frame.width, frame.height) != self._size:
                    frame = frame.reformat(width=self._size[0], height=self._size[1])
                yield frame, last
        if last is not None:
            self._ended(self.seconds(last + shown))

    def _ended(self, found: float) -> None:
        """All frames have been read: whether it is as long as its header says."""
        wanted = length_of(self._container, self._stream)
        if wanted is not None and "matroska" in self._container.format.name:  # it counts from 0
            wanted -= float(max(self.first_pts, 0) * self.time_base)
        if wanted is not None and found < _WHOLE * wanted:
            self._short = (found, wanted)

    @property
    def begins_again(self) -> bool:
        """Whether its clock may begin again somewhere, by the times of its packets."""
        if self._begins_again is None:
            self._begins_again = False
            if self._container.format.flags & DISCONTINUOUS:
                with opened(self._path) as (container, stream):
                    self._begins_again = goes_back(container.demux(stream), self.time_base)
        return self._begins_again

    def all_jumps(self) -> list[int]:
        """:attr:`jumps` of all of it, although it may not have been read."""
        if self.begins_again and not self.jumps:
            for _ in self._timed(None):
                pass
        return self.jumps

    def _upright(self, frame: VideoFrame, pts: int) -> Frame:
        luma = luma_of(frame)
        if self._turns:
            luma = np.ascontiguousarray(np.rot90(luma, self._turns))
        return Frame(luma, levels_of(frame), pts, frame.duration or 0, frame.interlaced_frame)

    def _from(self, start: int | None) -> Iterator[VideoFrame]:
        frames = self._decoded()
        if start is not None and start > self.first_pts:
            frames = self._sought(start)
        if self._deinterlace:
            frames = deinterlaced(frames, self._stream)
        return frames

    def _sought(self, start: int) -> Iterator[VideoFrame]:
        """From a frame before ``start``, or from the beginning where that cannot be found."""
        error = pyav().error.FFmpegError
        margin = round(1 / self.time_base)
        if self.begins_again:  # the same time is at several places
            return self._decoded()
        try:
            self._container.seek(max(start - margin, self.first_pts), stream=self._stream)
            frames = self._read()
            first = next(frames, None)
        except error:
            return self._decoded()
        if first is None or first.pts is None or first.pts > start:
            return self._decoded()
        return _after(first, frames)

    def _decoded(self) -> Iterator[VideoFrame]:
        """From the first frame, or from the first one that can be sought.

        By time some formats (MPEG's transport and program streams) are found behind it only; by
        bytes others go on where they are. A film that can be sought in neither way is there
        already, or ends.
        """
        error = pyav().error.FFmpegError
        places: list[dict[str, Any]] = [
            {"offset": self._stream.start_time or 0, "stream": self._stream},
            {"offset": 0, "stream": self._stream},
            {"offset": 0, "unsupported_byte_offset": True},
        ]
        behind: list[tuple[int, dict[str, Any]]] = []
        for place in places:
            try:
                self._container.seek(**place)
            except error:
                continue
            frames = self._read()
            first = next(frames, None)
            if first is None:
                continue
            if first.pts is None or first.pts <= self.first_pts:
                yield first
                yield from frames
                return
            behind.append((first.pts, place))
        if behind:
            _, nearest = min(behind, key=itemgetter(0))
            self._container.seek(**nearest)
        yield from self._read()

    def _read(self) -> Iterator[VideoFrame]:
        """From where the file is being read."""
        error = pyav().error
        begun = False
        try:
            for packet in self._container.demux(self._stream):
                try:
                    for frame in packet.decode():
                        begun = True
                        yield frame
                except error.InvalidDataError:
                    self._damaged += begun  # before, there may be nothing to begin with
        except error.EOFError:
            return
        except error.FFmpegError:  # the rest of the file is damaged
            return


def _after(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _require_size(width: int, height: int, name: str, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise FilmTooLarge(
            f"The frames of {name} have {width} x {height} = {width * height:,} pixels, "
            f"but the limit is {max_pixels:,}."
        )
