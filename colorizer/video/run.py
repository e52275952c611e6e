"""Frames with their colours, piece by piece, as far as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ..color.upsample import LinearColour
from ..errors import CorruptFilm
from ..settings import Settings
from .colouring import coloured
from .destination import Destination, PieceWriter
from .film import FilmGuidance, Progress
from .parts import Parts, Piece
from .reading import Frame
from .sources import Source
from .stretches import Stretch

#: seconds from one report of progress to the next
REPORT = 0.2


class Run:
    """Renders stretches into pieces.

    Args:
        parts: what is done.
        into: where the frames go.
        source: where they are from.
        total: how many there are likely to be.
        progress, cancelled: see :func:`.colorize`.

    Attributes:
        stopped: whether it was cancelled.
    """

    def __init__(
        self,
        parts: Parts,
        into: Destination,
        source: Source,
        total: int | None,
        progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._parts, self._into, self._source, self._total = parts, into, source, total
        self._progress, self._cancelled = progress, cancelled
        self.stopped = False
        self._rest: list[Piece] = []  # what was begun when it was stopped
        self._before, self._rendered = parts.frames, 0
        self._begun, self._told = time.monotonic(), 0.0

    @property
    def pieces(self) -> list[Piece]:
        """All that there are."""
        return self._parts.pieces + self._rest

    def render(
        self,
        found: Iterator[Stretch],
        frames: Iterator[Frame],
        settings: Settings,
        guidance: FilmGuidance,
    ) -> None:
        """All stretches, to the end or until it is stopped."""
        known = self._parts.known
        last: _Open | None = None
        try:
            for stretch in found:
                if last is None:
                    last = _Open(self._parts, self._into, self._source)
                before = None if stretch.begins else known
                seconds = self._source.seconds
                colours, known = coloured(stretch, settings, guidance, before, seconds)
                last.shots += stretch.begins
                last.keys += len(stretch.keys) - (not stretch.ends)
                if not self._write(last, colours, frames):
                    self.stopped = True
                    self._rest.append(last.close())
                    return
                if last.seconds >= self._into.least_seconds:
                    after = stretch.pts[-1] + stretch.ends
                    self._parts.add(last.close(), after, None if stretch.ends else known)
                    last = None
        except BaseException:
            if last is not None:
                last.give_up()
            raise
        if last is not None:
            self._parts.add(last.close(), None, None)
        self._parts.done = True
        next(frames, None)  # the film ends, and knows then how
        self._tell(0)

    def _write(self, last: _Open, colours: Iterator[LinearColour], frames: Iterator[Frame]) -> bool:
        """Frames with these colours; False if it is to be stopped."""
        for colour in colours:
            frame = next(frames, None)
            if frame is None:
                raise CorruptFilm("The film does not read the same twice.")
            last.write(frame, colour)
            self._rendered += 1
            self._tell(REPORT)
            if self._cancelled():
                return False
        return True

    def _tell(self, pause: float) -> None:
        """How far it is, if the last time is so many seconds ago."""
        now = time.monotonic()
        if self._progress is None or now - self._told < pause:
            return
        self._told = now
        done = self._before + self._rendered
        rate = self._rendered / max(now - self._begun, 1e-6)
        left = None if self._total is None or not rate else max(self._total - done, 0) / rate
        self._progress(Progress(done, self._total, rate, left))


class _Open:
    """A piece that is being written."""

    def __init__(self, parts: Parts, into: Destination, source: Source) -> None:
        self._file, self._source = parts.new_file(), source
        self._writer: PieceWriter = into.begin(self._file, parts.frames)
        self._usual = round(1 / source.rate / source.time_base)
        self._first, self._end, self._frames = 0, 0, 0
        self.shots = self.keys = 0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float((self._end - self._first) * self._source.time_base)

    def write(self, frame: Frame, colour: LinearColour) -> None:
        """One more frame."""
        if not self._frames:
            self._first = frame.pts
        self._end = frame.pts + (frame.duration or self._usual)
        self._frames += 1
        self._writer.write(frame, colour)

    def close(self) -> Piece:
        """It is whole."""
        self._writer.close()
        state = self._source.state(self._first, self._end)
        numbers = self._first, self._end, self._frames, self.shots, self.keys
        length = self._file.stat().st_size if self._file.exists() else 0
        return Piece(self._file.name, *numbers, state, bytes=length)

    def give_up(self) -> None:
        """It will not be whole."""
        self._writer.close(whole=False)
