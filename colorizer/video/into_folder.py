"""A coloured film as a folder of pictures, one for each frame, painted as photographs are.

Each picture is written atomically under its own name: it is there and whole, or not there. What the
picture that a frame was read from has besides its pixels, it keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..atomic import fitting, remove_leftovers
from ..color.upsample import LinearColour
from ..errors import InvalidSetting, OutputError
from ..folders import is_within, same_place
from ..photo import Photo, Provenance, write
from ..photo.formats import FORMAT_TO_SUFFIX, SUFFIX_TO_FORMAT
from ..photo.mount import Box
from ..pipeline import render_part
from ..plan import Input, plan
from .film import NO_OPACITY, FilmInfo, PictureFormat, Pictures
from .parts import Parts, Piece
from .reading import Frame
from .sequence import ImageSequence
from .sources import Source


class IntoFolder:
    """A folder of frames; see :class:`.destination.Destination`.

    Args:
        target: the folder; it is made if it is not there.
        path, source: what is coloured, and the same opened.
        pictures: how frames are written.
        note: for each of them, or None.
        first: number of the first frame that is wanted.
        part: of each frame, that is coloured; None: all of it.

    Raises:
        OutputError: if the target is a file, cannot be made, or is the folder of the frames
            themselves, or if a result would replace one of them.
    """

    least_seconds = 0.0

    def __init__(
        self,
        target: Path,
        path: Path,
        source: Source,
        pictures: Pictures,
        note: Provenance | None,
        first: int,
        part: Box | None = None,
    ) -> None:
        if target.suffix.lower() in SUFFIX_TO_FORMAT or (target.exists() and not target.is_dir()):
            raise OutputError(f"{target} is the name of a file; frames need a folder.")
        require_another_folder(target, path)
        self._target, self._bits, self._note = target, pictures.bits, note
        self._format = pictures.format or _format_of(source)
        self._stem, self._info = fitting(path.stem, len("-0000000.tif")), source.info
        self._part, self._begun = part, False
        self._names: list[Path] | None = None
        if isinstance(source, ImageSequence):
            self._names = _names(source.files, target, self._format)[first:]
        self._count = len(self._names or ()) or source.info.frames or 0

    def file(self, number: int) -> Path:
        """Of a frame, counted from 0 and from the first one that is wanted."""
        if self._names is not None:
            return self._names[number]
        return self._target / f"{self._stem}-{number + 1:06d}{FORMAT_TO_SUFFIX[self._format]}"

    def begin(self, file: Path, before: int) -> _Writer:
        """See :class:`.destination.Destination`.

        Raises:
            OutputError: if the folder cannot be made.
        """
        try:
            self._target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {self._target} could not be made: {error.strerror or error}."
            ) from error
        if not self._begun:
            remove_leftovers(self.file(number) for number in range(self._count))
            self._begun = True
        return _Writer(self, before)

    def holds(self, folder: Path, piece: Piece, before: int) -> bool:
        """See :class:`.destination.Destination`."""
        return all(self.file(before + number).is_file() for number in range(piece.frames))

    def finish(self, parts: Parts, pieces: Sequence[Piece], stopped: bool) -> tuple[str, ...]:
        """See :class:`.destination.Destination`."""
        opacity = [NO_OPACITY] * (self._info.alpha and self._names is None)  # pictures keep it
        return (*_lost(self._info), *opacity)

    def write(self, frame: Frame, colour: LinearColour, number: int) -> None:
        """Paint a frame at its full size, and write it."""
        photo = frame.photo or Photo(frame.grey, bit_depth=8 if frame.levels.bits == 8 else 16)
        depth = self._bits or photo.bit_depth
        photo = replace(photo, bit_depth=depth)
        result = replace(photo, pixels=render_part(photo, self._part, colour))
        file = self.file(number)
        write(result, file, format=self._format, bit_depth=depth, provenance=self._note)


def require_another_folder(target: Path, frames: Path) -> None:
    """Leave a folder of frames as it is.

    Raises:
        OutputError: if the target is this folder, or lies in it.
    """
    if is_within(target, frames):
        raise OutputError(f"{target} is in the folder of the frames, which stays as it is.")
    if same_place(target, frames):
        raise OutputError(
            f"{target} is the folder of the frames themselves; give the coloured ones another."
        )


class _Writer:
    def __init__(self, folder: IntoFolder, before: int) -> None:
        self._folder, self._number = folder, before

    def write(self, frame: Frame, colour: LinearColour) -> None:
        self._folder.write(frame, colour, self._number)
        self._number += 1

    def close(self, whole: bool = True) -> None:
        """Nothing is open."""


def _format_of(source: Source) -> PictureFormat:
    return "tiff" if source.info.codec == "TIFF" else "png"


def _names(files: Sequence[Path], target: Path, format: PictureFormat) -> list[Path]:
    try:
        tasks = plan([Input(file, Path(file.name)) for file in files], target, format=format)
    except InvalidSetting as error:
        raise OutputError(str(error)) from error
    return [task.output for task in tasks]


def _lost(info: FilmInfo) -> list[str]:
    """What a film has that pictures have not."""
    streams = {"sound": info.audio, "subtitles": info.subtitles, "chapters": info.chapters}
    names = [name for name, count in streams.items() if count]
    found = [f"A folder of pictures does not hold the film's {' and '.join(names)}."] * bool(names)
    if info.pixel_aspect != 1:
        found.append("The pixels of the film are not square; the pictures do not say so.")
    return found
