"""What is done of a film, in a folder beside its target, so that a run that was killed can go on.

The folder ``.NAME.parts`` (of a long name its beginning and a digest) has a file for each segment
of a film (pictures are in the target itself) and ``job.json``: what was asked for, which pieces are
whole, at which frame the next one begins and, if that is within a shot, in which file is what the
shot knows (:class:`.settling.Known`).
``job.json`` is replaced only when a piece is whole; what was begun after it is done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import atomic_file, fitting, write_atomically
from ..color.hints import Stroke
from ..color.upsample import LinearColour
from ..errors import OutputError
from .settling import Decision, Known

_JOB = "job.json"
#: of what is kept of a shot: a run that kept another is begun anew
FORMAT = 3


def was_begun(target: Path) -> bool:
    """Whether there is something of a run for this target that was stopped."""
    return _folder(target).is_dir()


def lock_of(target: Path) -> Path:
    """What a run for this target holds, so that there is no other one."""
    return _folder(target).with_suffix(".lock")


def _folder(target: Path) -> Path:
    target = target.absolute()
    name = fitting(target.name, len("..parts"))
    if name != target.name:  # there may be others that begin like it
        name += "." + hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
    return target.parent / f".{name}.parts"


@dataclass(frozen=True)
class Piece:
    """A segment, or some pictures, whole.

    Attributes:
        file: its name in the folder; of pictures only a name.
        begins, ends: when its first frame is shown and its last one is over, the film's units.
        frames, shots, keys: in it.
        source: what the frames in the source were, if they can change one by one; else "".
        open: whether the shot of its last frame goes on behind it.
        bytes: of the file; 0 of pictures, and where it is not known.
    """

    file: str
    begins: int
    ends: int
    frames: int
    shots: int
    keys: int
    source: str = ""
    open: bool = False
    bytes: int = 0


@dataclass
class Parts:
    """The folder of one target.

    Attributes:
        folder: where it is.
        asked: what was asked for, as JSON holds it.
        pieces: in their order.
        next_pts: of the first frame that is not done; None: the beginning.
        known: of the shot that it is in; None if a shot begins with it.
        done: whether all frames are in the pieces.
    """

    folder: Path
    asked: Mapping[str, Any]
    pieces: list[Piece] = field(default_factory=list)
    next_pts: int | None = None
    known: Known | None = None
    done: bool = False

    @classmethod
    def of(
        cls,
        target: Path,
        asked: Mapping[str, Any],
        resume: bool,
        holds: Callable[[Path, Piece, int], bool],
    ) -> Parts:
        """Of a run that asked for the same, if there was one and it is wanted; else new ones.

        From the first piece that does not hold on it is as if it had not been done.

        Args:
            holds: whether a piece is still there and good, by the folder, the piece, and how many
                frames there are before it.

        Raises:
            OutputError: if there can be no such folder.
        """
        folder = _folder(target)
        asked = json.loads(json.dumps(asked))
        if resume:
            with suppress(OSError, ValueError, KeyError, TypeError):
                return cls._read(folder, asked, holds)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
        return cls(folder, asked)

    @classmethod
    def _read(
        cls,
        folder: Path,
        asked: Mapping[str, Any],
        holds: Callable[[Path, Piece, int], bool],
    ) -> Parts:
        job = json.loads((folder / _JOB).read_text(encoding="utf-8"))
        if job["asked"] != asked:
            raise ValueError("something else was asked for")
        pieces = [Piece(**piece) for piece in job["pieces"]]
        before = 0
        for number, piece in enumerate(pieces):
            if not holds(folder, piece, before):
                return cls._of_whole_shots(folder, asked, pieces, number)
            before += piece.frames
        if job["known"] is None:
            return cls(folder, asked, pieces, job["next_pts"], None, job["done"])
        strokes = [Stroke(**{**s, "ab": tuple(s["ab"])}) for s in job["strokes"]]
        try:
            known = replace(_read_known(folder / job["known"]), strokes=tuple(strokes))
        except Exception:  # a damaged archive raises a zoo of exceptions
            return cls._of_whole_shots(folder, asked, pieces, len(pieces))
        return cls(folder, asked, pieces, job["next_pts"], known, job["done"])

    @classmethod
    def _of_whole_shots(
        cls, folder: Path, asked: Mapping[str, Any], pieces: list[Piece], count: int
    ) -> Parts:
        """The first ``count`` pieces, without those whose shot goes on: what it knew is lost."""
        while count and pieces[count - 1].open:
            count -= 1
        return cls(folder, asked, pieces[:count], pieces[count].begins if count else None)

    @property
    def frames(self) -> int:
        """In all pieces."""
        return sum(piece.frames for piece in self.pieces)

    def new_file(self) -> Path:
        """Where the next segment is to be written."""
        return self.folder / f"{len(self.pieces):06d}"

    def add(self, piece: Piece, next_pts: int | None, known: Known | None) -> None:
        """A segment is whole; ``next_pts`` is None if it was the last one.

        Raises:
            OSError: if that cannot be written down.
        """
        self.pieces.append(replace(piece, open=known is not None))
        self.next_pts, self.known, self.done = next_pts, known, next_pts is None
        name = None if known is None else f"{piece.file}.npz"
        if known is not None:
            _write_known(self.folder / f"{piece.file}.npz", known)
        job = {
            "asked": self.asked,
            "pieces": [asdict(piece) for piece in self.pieces],
            "next_pts": next_pts,
            "known": name,
            "strokes": [] if known is None else [asdict(stroke) for stroke in known.strokes],
            "done": self.done,
        }
        write_atomically(self.folder / _JOB, json.dumps(job).encode())
        for old in self.folder.glob("*.npz"):
            if old.name != name:
                old.unlink()

    def remove(self) -> None:
        """The film is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write_known(path: Path, known: Known) -> None:
    decision = known.decision
    with atomic_file(path) as file:
        np.savez(
            file,
            palette=decision.palette,
            more=np.zeros(0) if decision.more is None else decision.more,
            numbers=np.array([decision.gain, *decision.drift]),
            planes=known.planes,
            weight=known.weight,
            slope=known.colour.slope,
            offset=known.colour.offset,
        )


def _read_known(path: Path) -> Known:
    with path.open("rb") as file, np.load(file) as data:
        gain, *drift = (float(number) for number in data["numbers"])
        more = data["more"] if data["more"].size else None
        decision = Decision(data["palette"], more, gain, (drift[0], drift[1]))
        colour = LinearColour(data["slope"], data["offset"])
        return Known(decision, data["planes"], data["weight"], colour)
