"""A coloured film as one file, by way of segments that are encoded one after the other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from ..atomic import sync_file, sync_folder
from ..errors import OutputError
from ..folders import is_within
from ..photo.mount import Box
from .film import NO_OPACITY, Output
from .muxing import container_for, put_together
from .parts import Parts, Piece
from .sources import Source
from .writing import Form, Segment

#: seconds of film in a segment, at least
SEGMENT = 8.0


class IntoFilm:
    """A film; see :class:`.destination.Destination`.

    Args:
        target: the file.
        path, source: what is coloured, and the same opened.
        output: how it is written.
        deinterlace: whether its frames are made whole.
        note: for the film's comment; may be empty.
        start, end: seconds, of the part that is wanted, or None.
        part: of each frame, that is coloured; None: all of it.

    Raises:
        OutputError: if the target is a folder, or the film itself.
    """

    def __init__(
        self,
        target: Path,
        path: Path,
        source: Source,
        output: Output,
        deinterlace: bool,
        note: str,
        start: float | None,
        end: float | None,
        part: Box | None = None,
    ) -> None:
        if target.is_dir():
            raise OutputError(f"{target} is a folder, not a file.")
        if target.exists() and path.exists() and target.samefile(path):
            raise OutputError(f"{target} is the film itself; give the result another name.")
        if path.is_dir() and is_within(target, path):
            raise OutputError(f"{target} is in the folder of the frames, which stays as it is.")
        self._target, self._note, self._start, self._end = target, note, start, end
        self._path, self._source = None if path.is_dir() else path, source
        self._form = Form.of(source, output, deinterlace, part)

    @property
    def least_seconds(self) -> float:
        """Of a piece."""
        return SEGMENT

    def begin(self, file: Path, before: int) -> Segment:
        """See :class:`.destination.Destination`."""
        return Segment(file, self._form)

    def holds(self, folder: Path, piece: Piece, before: int) -> bool:
        """See :class:`.destination.Destination`."""
        file = folder / piece.file
        return file.is_file() and piece.bytes in (0, file.stat().st_size)

    def finish(self, parts: Parts, pieces: Sequence[Piece], stopped: bool) -> tuple[str, ...]:
        """See :class:`.destination.Destination`."""
        form, target = self._form, self._target
        unit = form.time_base
        begins = Fraction(0) if self._start is None else pieces[0].begins * unit
        ends = pieces[-1].ends * unit if stopped or self._end is not None else None
        if ends is not None and self._end is not None and not stopped:  # sound may be longer
            ends = max(ends, self._source.pts(self._end) * unit)
        temporary = parts.folder / f"whole{target.suffix}"
        timed = [(parts.folder / piece.file, piece.begins * unit) for piece in pieces]
        container = container_for(target, form.codec)
        jumps = [jump * unit for jump in self._source.all_jumps()]
        lost = put_together(
            timed, form, self._path, temporary, container, self._note, begins, ends, jumps
        )
        try:
            sync_file(temporary)
            os.replace(temporary, target)
            sync_folder(target.parent)
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
        if self._source.info.alpha:
            return (*lost, NO_OPACITY)
        return lost
