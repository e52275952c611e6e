"""Colouring a film, from file to file.

The film is read twice, at two places: one reader runs ahead and finds shots, motion and what the
network says of key frames (:mod:`.stretches`), the other one fetches the frames that are coloured
and encoded. So what is held is small pictures and motion of a few seconds, and frames one at a
time. Segments of :data:`SEGMENT` seconds or more are kept in :mod:`.parts`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Any

from .. import __version__
from ..color.upsample import LinearColour
from ..errors import ColorizerError, CorruptFilm, InvalidSetting, OutputError
from ..photo import Photo
from ..pipeline import Colorizer, Prediction
from ..settings import Settings
from .ahead import ahead
from .colouring import coloured
from .container import opened
from .film import FilmGuidance, Output, Progress, Result
from .muxing import container_for, put_together
from .parts import Parts, Piece
from .reading import MAX_PIXELS, Film, Frame, Path_
from .stretches import Stretch, stretches
from .writing import Form, Segment

#: seconds of film in a segment, at least
SEGMENT = 8.0
#: seconds from one report of progress to the next
_REPORT = 0.2


def colorize(
    source: Path_,
    target: Path_,
    colorizer: Colorizer,
    settings: Settings | None = None,
    *,
    guidance: FilmGuidance | None = None,
    output: Output | None = None,
    start: float | None = None,
    end: float | None = None,
    every: int | None = None,
    deinterlace: bool = False,
    provenance: bool = True,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> Result:
    """Colour a film. Luma stays what it is, to within the codec's loss.

    What is done is kept in segments in a folder beside ``target`` (``.NAME.parts``) until the film
    is whole, so that a run that was killed can go on.

    Args:
        source: the film; a colour film is coloured by its luma.
        target: the result: .mp4, .m4v, .mov or .mkv; is written over.
        colorizer: the model.
        settings: all parameters.
        guidance: what a person knows of the film.
        output: how it is written.
        start, end: seconds; only this part of the film. None is its beginning and its end.
        every: frames from one look of the network to the next; None: as the motion demands.
        deinterlace: make whole frames of interlaced ones.
        provenance: say in the film's comment that the colours were added, and by what.
        progress: called now and then.
        cancelled: asked often; once it says True the film is ended where it is.
        resume: go on where a run with the same arguments was stopped; False begins anew.
        max_pixels: of a frame.

    Raises:
        FilmError: of its kinds, see :func:`.probe`; UnsupportedFilm also if the container of
            ``target`` cannot hold the codec.
        InvalidSetting: for what is out of range.
        OutputError: if the result cannot be written.
    """
    began = time.monotonic()
    source, target = Path(source), Path(target)
    settings, output = settings or Settings(), output or Output()
    guidance = guidance or FilmGuidance()
    container = container_for(target, output.codec)
    _require_span(start, end, every)
    _require_place(source, target)
    with opened(source) as one, opened(source) as other:
        reader = Film(*one, source.name, max_pixels)
        painter = Film(*other, source.name, max_pixels)
        form = Form.of(painter, output, deinterlace)
        asked = _asked(source, colorizer, settings, guidance, output)
        asked |= {"start": start, "end": end, "every": every, "deinterlace": deinterlace}
        parts = Parts.of(target, asked, resume)
        span = _Span(reader, start, end, deinterlace)

        def predict(frame: Frame) -> Prediction:
            return colorizer.predict(Photo(frame.grey), working_size=settings.working_size)

        run = _Run(parts, form, span, progress, cancelled or (lambda: False))
        if not parts.done:
            frames = span.frames(reader, parts.next_pts)
            found = stretches(frames, predict, every, begins=parts.known is None)
            with closing(ahead(found)) as waiting:
                todo = span.frames(painter, parts.next_pts)
                try:
                    run.render(waiting, todo, settings, guidance, painter.seconds)
                except OSError as error:
                    if isinstance(error, ColorizerError):
                        raise
                    raise OutputError(f"{target} cannot be written: {error}.") from error
    if not run.pieces:
        parts.remove()
        if not run.stopped:
            raise CorruptFilm(f"There are no frames in this part of {source.name}.")
        return Result(None, 0, False, 0, 0, time.monotonic() - began)
    note = colorizer.provenance(settings).sentence if provenance else ""
    begins = Fraction(0) if start is None else run.pieces[0].begins * form.time_base
    stops = run.pieces[-1].ends * form.time_base if run.stopped or end is not None else None
    temporary = parts.folder / f"whole{target.suffix}"
    lost = put_together(run.timed(), form, source, temporary, container, note, begins, stops)
    try:
        os.replace(temporary, target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
    if not run.stopped:
        parts.remove()
    return Result(
        target,
        sum(piece.frames for piece in run.pieces),
        not run.stopped,
        sum(piece.shots for piece in run.pieces),
        sum(piece.keys for piece in run.pieces),
        time.monotonic() - began,
        lost,
    )


def _require_place(source: Path, target: Path) -> None:
    if target.is_dir():
        raise OutputError(f"{target} is a folder, not a file.")
    if target.exists() and source.exists() and target.samefile(source):
        raise OutputError(f"{target} is the film itself; give the result another name.")


def _require_span(start: float | None, end: float | None, every: int | None) -> None:
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        raise InvalidSetting("The part of a film begins at 0 or later and ends after it begins.")
    if every is not None and every < 1:
        raise InvalidSetting(f"every must be 1 or more, not {every}.")


def _asked(
    source: Path,
    colorizer: Colorizer,
    settings: Settings,
    guidance: FilmGuidance,
    output: Output,
) -> dict[str, Any]:
    """What tells whether an earlier run was for the same."""
    state = source.stat()
    palette = guidance.reference.palette if guidance.reference else ()
    return {
        "source": [source.name, state.st_size, state.st_mtime_ns],
        "weights": colorizer.weights.sha256,
        "settings": settings.as_dict(),
        "guidance": [guidance.as_note(), list(palette)],
        "output": asdict(output),
        "version": __version__,
    }


class _Span:
    """The part of a film that is wanted."""

    def __init__(
        self, film: Film, start: float | None, end: float | None, deinterlace: bool
    ) -> None:
        self._first = None if start is None else film.pts(start)
        self._end = None if end is None else film.pts(end)
        self._deinterlace = deinterlace
        self.total = film.info.frames
        if film.info.duration is not None and (start is not None or end is not None):
            length = min(end or film.info.duration, film.info.duration) - (start or 0)
            self.total = max(round(length * film.rate), 0)

    def frames(self, film: Film, pts: int | None) -> Iterator[Frame]:
        """From ``pts`` or, if that is None, from the beginning of the part."""
        found = film.frames(self._first if pts is None else pts, self._deinterlace)
        if self._end is None:
            return found
        last = self._end
        return takewhile(lambda frame: frame.pts < last, found)


class _Run:
    """Renders stretches into segments."""

    def __init__(
        self,
        parts: Parts,
        form: Form,
        span: _Span,
        progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._parts, self._form, self._total = parts, form, span.total
        self._progress, self._cancelled = progress, cancelled
        self.stopped = False
        self._rest: list[Piece] = []  # what was begun when it was stopped
        self._before, self._rendered = parts.frames, 0
        self._begun, self._told = time.monotonic(), 0.0

    @property
    def pieces(self) -> list[Piece]:
        """All that there are."""
        return self._parts.pieces + self._rest

    def timed(self) -> list[tuple[Path, Fraction]]:
        """Each file, and when it begins."""
        folder, unit = self._parts.folder, self._form.time_base
        return [(folder / piece.file, piece.begins * unit) for piece in self.pieces]

    def render(
        self,
        found: Iterator[Stretch],
        frames: Iterator[Frame],
        settings: Settings,
        guidance: FilmGuidance,
        seconds: Callable[[int], float],
    ) -> None:
        """All stretches, to the end or until it is stopped."""
        known = self._parts.known
        last: _Open | None = None
        for stretch in found:
            if last is not None and last.seconds >= SEGMENT:
                next_pts = stretch.pts[0]
                self._parts.add(last.close(), next_pts, None if stretch.begins else known)
                last = None
            if last is None:
                last = _Open(self._parts.new_file(), self._form)
            before = None if stretch.begins else known
            try:
                colours, known = coloured(stretch, settings, guidance, before, seconds)
                last.shots += stretch.begins
                last.keys += len(stretch.keys) - (not stretch.ends)
                for colour in colours:
                    frame = next(frames, None)
                    if frame is None:
                        raise CorruptFilm("The film does not read the same twice.")
                    last.write(frame, colour)
                    self._rendered += 1
                    self._tell(_REPORT)
                    if self._cancelled():
                        self._stop(last)
                        return
            except BaseException:
                last.give_up()
                raise
        if last is not None:
            self._parts.add(last.close(), None, None)
            self._tell(0)

    def _stop(self, last: _Open) -> None:
        self.stopped = True
        self._rest.append(last.close())

    def _tell(self, pause: float) -> None:
        """How far it is, if the last time is so many seconds ago."""
        now = time.monotonic()
        if self._progress is None or now - self._told < pause:
            return
        self._told = now
        done = self._before + self._rendered
        rate = self._rendered / max(now - self._begun, 1e-6)
        left = None if self._total is None else max(self._total - done, 0) / rate
        self._progress(Progress(done, self._total, rate, left))


class _Open:
    """A segment that is being written."""

    def __init__(self, path: Path, form: Form) -> None:
        self._path, self._form = path, form
        self._segment = Segment(path, form)
        self._first, self._end, self._frames = 0, 0, 0
        self.shots = self.keys = 0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float((self._end - self._first) * self._form.time_base)

    def write(self, frame: Frame, colour: LinearColour) -> None:
        """One more frame."""
        if not self._frames:
            self._first = frame.pts
        self._end = frame.pts + (
            frame.duration or round(1 / self._form.rate / self._form.time_base)
        )
        self._frames += 1
        self._segment.write(self._form.picture(frame, colour))

    def close(self) -> Piece:
        """It is whole."""
        self._segment.close()
        return Piece(self._path.name, self._first, self._end, self._frames, self.shots, self.keys)

    def give_up(self) -> None:
        """It will not be whole."""
        self._segment.close(whole=False)
