"""Where a coloured film goes: what the name of the target asks for, and what a target has to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..color.upsample import LinearColour
from ..errors import OutputError, UnsupportedFilm
from .film import Output, Pictures
from .muxing import CONTAINERS, container_for
from .parts import Parts, Piece
from .reading import Frame


class PieceWriter(Protocol):
    """Writes the frames of one piece."""

    def write(self, frame: Frame, colour: LinearColour) -> None:
        """One more frame."""

    def close(self, whole: bool = True) -> None:
        """It ends; not ``whole``: it is given up."""


class Destination(Protocol):
    """A film that comes to be.

    Attributes:
        least_seconds: of a piece.
    """

    @property
    def least_seconds(self) -> float: ...

    def begin(self, file: Path, before: int) -> PieceWriter:
        """A new piece.

        Args:
            file: for it.
            before: how many frames there are before it.
        """

    def holds(self, folder: Path, piece: Piece, before: int) -> bool:
        """Whether a piece of an earlier run is still there."""

    def finish(self, parts: Parts, pieces: Sequence[Piece], stopped: bool) -> tuple[str, ...]:
        """All pieces are written, or what there is if it was stopped.

        Returns:
            What could not be kept, in plain sentences.
        """


def is_folder(target: Path) -> bool:
    """Whether a target's name alone asks for a folder of pictures."""
    if target.suffix.lower() in CONTAINERS:
        return False
    return os.path.isdir(target) or not target.suffix


def output_for(target: Path, output: Output | Pictures | None) -> Output | Pictures:
    """How a target is written.

    Args:
        output: what is asked for; None is H.264, or pictures in a folder.

    Raises:
        UnsupportedFilm: if the target's name does not fit.
        OutputError: if there can be nothing of that name.
    """
    try:
        target.exists()
    except OSError as error:  # a name that is too long
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
    if output is None:
        output = Pictures() if is_folder(target) else Output()
    if isinstance(output, Pictures):
        if target.suffix.lower() in CONTAINERS:
            raise UnsupportedFilm(f"{target} is the name of a film; pictures go into a folder.")
    elif is_folder(target):
        raise UnsupportedFilm(
            f"{target} is a folder: its frames are png or tiff, not {output.codec}."
        )
    else:
        container_for(target, output.codec)
    return output
