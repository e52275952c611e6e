"""Colouring a film: a file or a folder of frames, into either.

The film is read twice, at two places: one reader runs ahead and finds shots, motion and what the
network says of key frames (:mod:`.stretches`), the other one fetches the frames that are coloured
and written. So what is held is small pictures and motion of a few seconds, and frames one at a
time. What is written is kept piece by piece, see :mod:`.parts`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, astuple, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from .. import __version__
from ..ahead import ahead
from ..errors import ColorizerError, CorruptFilm, InvalidGuidance, InvalidSetting, OutputError
from ..locks import only_one
from ..photo import Photo, Provenance
from ..pipeline import Colorizer
from ..prediction import Prediction
from ..settings import Settings
from .bars import inside, picture_of
from .destination import Destination, output_for
from .film import FilmGuidance, FilmHint, Output, Pictures, Progress, Result
from .into_film import IntoFilm
from .into_folder import IntoFolder
from .parts import FORMAT, Parts, Piece, lock_of
from .reading import MAX_PIXELS, Frame, Path_
from .run import Run
from .sources import Rate, Source, sources
from .stretches import stretches

_TOLERANCE = 1.0  # s by which a film may last longer than its header says
_SAME = 1e-6  # s between times that are the same


def colorize(
    source: Path_,
    target: Path_,
    colorizer: Colorizer,
    settings: Settings | None = None,
    *,
    guidance: FilmGuidance | None = None,
    output: Output | Pictures | None = None,
    frame_rate: Rate | None = None,
    start: float | None = None,
    end: float | None = None,
    every: int | None = None,
    deinterlace: bool = False,
    whole: bool = False,
    provenance: bool = True,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> Result:
    """Colour a film. Luma stays what it is, to within the codec's loss.

    What is done is kept in a folder beside ``target`` (``.NAME.parts``) until the film is whole, so
    that a run that was killed can go on.

    Args:
        source: the film, or a folder of numbered pictures, see :mod:`.sequence`; colours that it
            has are replaced.
        target: the result: .mp4, .m4v, .mov, .mkv, or a folder for pictures, which are called as
            those that they are made of, or are numbered. Is written over.
        colorizer: the model.
        settings: all parameters.
        guidance: what a person knows of the film.
        output: how it is written; None is H.264, or pictures in a folder.
        frame_rate: frames a second of a folder of pictures: a number, or text as "24000/1001";
            None is 24.
        start, end: seconds; only this part of the film. None is its beginning and its end.
        every: frames from one look of the network to the next; None: as the motion demands.
        deinterlace: make whole frames of interlaced ones.
        whole: colour bars beside the picture, too; else they are looked for, and stay grey.
        provenance: say in the film's comment, or in each picture as in photographs, that the
            colours were added, and by what.
        progress: called now and then.
        cancelled: asked often; once it says True the film is ended where it is.
        resume: go on where a run with the same arguments was stopped; False begins anew.
        max_pixels: of a frame.

    Raises:
        FilmError, ImageError: of their kinds, see :func:`.probe`; UnsupportedFilm also if
            ``target`` cannot hold what ``output`` says. An ImageError names a frame of a folder.
        InvalidSetting: for what is out of range.
        InvalidGuidance: if a hint is at a time that the film, or the part of it, does not have.
        OutputError: if the result cannot be written, would replace what it is made of, or is being
            written by another process.
        WordsUnavailable: if there are words and the model has no features for them.
        WeightsMissing, WeightsCorrupt: if there are words and no model of words.
    """
    began = time.monotonic()
    source, target = Path(source), Path(target)
    settings, guidance = settings or Settings(), guidance or FilmGuidance()
    output = output_for(target, output)
    _require_span(start, end, every)
    if guidance.words is not None:
        from ..words.model import load

        weights = colorizer.weights
        load(weights.features_id, weights.folder).require(weights.features_id, colorizer.name)
    with ExitStack() as held:
        with sources(source, 2, max_pixels, deinterlace, frame_rate) as (reader, painter):
            note = _note(colorizer, settings, guidance) if provenance else None
            span = _Span(reader, start, end)
            guidance = span.guidance(guidance)
            picture = None if whole else picture_of(reader, source, max_pixels)
            guidance, told = inside(guidance, picture)
            into: Destination
            if isinstance(output, Pictures):
                into = IntoFolder(target, source, painter, output, note, span.first, picture)
            else:
                sentence = note.sentence if note else ""
                into = IntoFilm(
                    target, source, painter, output, deinterlace, sentence, start, end, picture
                )
            asked = _asked(reader, colorizer, settings, guidance)
            asked |= {"output": asdict(output), "start": start, "end": end, "every": every}
            asked |= {"deinterlace": deinterlace, "rate": str(reader.rate)}
            asked |= {"picture": None if picture is None else astuple(picture)}
            if isinstance(output, Pictures):
                asked["provenance"] = provenance  # in each of them

            def holds(folder: Path, piece: Piece, before: int) -> bool:
                state = painter.state(piece.begins, piece.ends)
                return piece.source == state and into.holds(folder, piece, before)

            held.enter_context(
                only_one(lock_of(target), f"{target} is being written by another run.", remove=True)
            )
            parts = Parts.of(target.absolute(), asked, resume, holds)

            def predict(frame: Frame) -> Prediction:
                return colorizer.predict(Photo(frame.grey), working_size=settings.working_size)

            run = Run(parts, into, painter, span.total, progress, cancelled or (lambda: False))
            if not parts.done:
                frames = (frame.part(picture) for frame in span.frames(reader, parts.next_pts))
                found = stretches(frames, predict, every, begins=parts.known is None)
                with closing(ahead(found)) as waiting:
                    todo = span.frames(painter, parts.next_pts)
                    try:
                        run.render(waiting, todo, settings, guidance)
                    except OSError as error:
                        if isinstance(error, ColorizerError):
                            raise
                        raise OutputError(f"{target} cannot be written: {error}.") from error
            odd = (*told, *painter.warnings)
        if not run.pieces:
            parts.remove()
            if not run.stopped:
                raise CorruptFilm(f"There are no frames in this part of {source.name}.")
            return Result(None, 0, False, 0, 0, time.monotonic() - began)
        lost = into.finish(parts, run.pieces, run.stopped)
        if not run.stopped:
            parts.remove()
        return Result(
            target,
            sum(piece.frames for piece in run.pieces),
            not run.stopped,
            sum(piece.shots for piece in run.pieces),
            sum(piece.keys for piece in run.pieces),
            time.monotonic() - began,
            (*odd, *lost),
            picture,
        )


def _require_span(start: float | None, end: float | None, every: int | None) -> None:
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        raise InvalidSetting("The part of a film begins at 0 or later and ends after it begins.")
    if every is not None and every < 1:
        raise InvalidSetting(f"every must be 1 or more, not {every}.")


def _note(colorizer: Colorizer, settings: Settings, guidance: FilmGuidance) -> Provenance:
    note = colorizer.provenance(settings)
    known = guidance.as_note()
    return replace(note, settings={**note.settings, "guidance": known}) if known else note


def _asked(
    source: Source,
    colorizer: Colorizer,
    settings: Settings,
    guidance: FilmGuidance,
) -> dict[str, Any]:
    """What tells whether an earlier run was for the same."""
    palette = guidance.reference.palette if guidance.reference else ()
    return {
        "source": source.identity,
        "weights": colorizer.weights.sha256,
        "settings": settings.as_dict(),
        "guidance": [guidance.as_note(), list(palette)],
        "version": __version__,
        "format": FORMAT,
    }


class _Span:
    """The part of a film that is wanted."""

    def __init__(self, film: Source, start: float | None, end: float | None) -> None:
        self._film, self._times = film, (start, end)
        self.first = film.first_pts if start is None else film.pts(start)
        self._start = None if start is None else self.first
        self._end = None if end is None else film.pts(end)
        self.total = film.info.frames
        duration = film.info.duration
        if duration is not None and (start is not None or (end or duration) < duration):
            length = min(end or duration, duration) - (start or 0)
            self.total = max(round(length * film.rate), 0)

    def guidance(self, guidance: FilmGuidance) -> FilmGuidance:
        """The same, with hints that are given for the beginning of the part at its first frame.

        Raises:
            InvalidGuidance: if a hint is at no time of the part.
        """
        duration = self._film.info.duration
        if duration is not None and not self._film.begins_again:
            for hint in guidance.hints:
                if hint.time > duration + _TOLERANCE:
                    raise InvalidGuidance(
                        f"A hint is at {hint.time:g} s, but the film lasts {duration:.1f} s."
                    )
        first = self._first_shown() if guidance.hints else 0.0
        hints = (self._hint(hint, first) for hint in guidance.hints)
        return replace(guidance, hints=tuple(hints))

    def _first_shown(self) -> float:
        if self._start is None:
            return 0.0
        frame = next(self._film.frames(self._start), None)
        return self._film.seconds(self._start if frame is None else frame.pts)

    def _hint(self, hint: FilmHint, first: float) -> FilmHint:
        start, end = self._times
        if start is not None and hint.time < min(start, first) - _SAME:
            raise InvalidGuidance(
                f"A hint is at {hint.time:g} s, but the part of the film begins at {start:g} s."
            )
        if self._end is not None and hint.time > self._film.seconds(self._end) - _SAME:
            raise InvalidGuidance(
                f"A hint is at {hint.time:g} s, but the part of the film ends at {end:g} s."
            )
        return replace(hint, time=max(hint.time, first))

    def frames(self, film: Source, pts: int | None) -> Iterator[Frame]:
        """From ``pts`` or, if that is None, from the beginning of the part."""
        found = film.frames(self._start if pts is None else pts)
        if self._end is None:
            return found
        last = self._end
        return takewhile(lambda frame: frame.pts < last, found)
