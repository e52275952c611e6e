"""Coloured versions of a film: how one was ordered, how far it is, and what has come of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from colorizer.guidance import AMOUNT, Reference, Words, amount_of
from colorizer.settings import Settings
from colorizer.video.film import Codec, FilmGuidance, FilmHint, Output

from ..errors import Problem
from .wishes import Guide

VersionState = Literal["queued", "working", "ready", "failed"]

#: codec -> (MIME type, suffix of a file's name)
FILM_TYPES: Mapping[Codec, tuple[str, str]] = {
    "h264": ("video/mp4", "mp4"),
    "h265": ("video/mp4", "mp4"),
    "prores": ("video/quicktime", "mov"),
    "ffv1": ("video/x-matroska", "mkv"),
}
#: what browsers play, if both sides are even: with odd ones its chroma is at full resolution
PLAYABLE: Codec = "h264"
_SAME_MOMENT = 1e-3  # s
_OF_AN_ORDER = {
    "settings",
    "codec",
    "deinterlace",
    "hints",
    "palette",
    "reference",
    "words",
    "whole",
}


@dataclass(frozen=True)
class FilmGuide:
    """What a person knows of one film: as :class:`.records.Guide` is of a photograph.

    Attributes:
        hints: colours of places at moments.
        reference: id of a photograph of the same owner, or "".
        reference_amount: 0..1; how much of its palette is taken.
        words: said of all of it, or None.

    Raises:
        InvalidGuidance: if there are too many hints, or the amount is out of range.
    """

    hints: tuple[FilmHint, ...] = ()
    reference: str = ""
    reference_amount: float = AMOUNT
    words: Words | None = None

    def __post_init__(self) -> None:
        FilmGuidance(self.hints)
        amount_of(self.reference_amount)

    def at(self, seconds: float) -> Guide:
        """What is known of the photograph that a moment of the film is."""
        hints = (h.hint for h in self.hints if abs(h.time - max(seconds, 0)) < _SAME_MOMENT)
        return Guide(tuple(hints), self.reference, self.reference_amount, self.words)


#: what is asked for if a person knows nothing
UNGUIDED_FILM = FilmGuide()


@dataclass(frozen=True)
class Order:
    """How a film is to be coloured and written.

    Attributes:
        settings: all parameters.
        codec: see :class:`colorizer.video.film.Output`.
        deinterlace: make whole frames of interlaced ones.
        guidance: what is known of the film; the reference with its palette, so that its photograph
            may be deleted.
        reference: id of that photograph, or "".
        whole: colour bars beside the picture, too.

    Raises:
        InvalidSetting: if there is no such codec.
    """

    settings: Settings = field(default_factory=Settings)
    codec: Codec = "h264"
    deinterlace: bool = False
    guidance: FilmGuidance = field(default_factory=FilmGuidance)
    reference: str = ""
    whole: bool = False

    def __post_init__(self) -> None:
        Output(self.codec)

    @property
    def key(self) -> str:
        """Name of its files: 16 hexadecimal digits."""
        return hashlib.sha256(self.dumped()).hexdigest()[:16]

    @property
    def output(self) -> Output:
        """For the library: what is to be played has the 8 bits that browsers know."""
        return Output(self.codec, bits=8 if self.codec == PLAYABLE else None)

    @property
    def guide(self) -> FilmGuide:
        """What it was ordered with."""
        taken = self.guidance.reference
        amount = AMOUNT if taken is None else taken.amount
        return FilmGuide(self.guidance.hints, self.reference, amount, self.guidance.words)

    def dumped(self) -> bytes:
        """As JSON."""
        taken = self.guidance.reference
        values: dict[str, Any] = {
            "settings": asdict(self.settings),
            "codec": self.codec,
            "deinterlace": self.deinterlace,
            "hints": [hint.text for hint in self.guidance.hints],
            "palette": None if taken is None else asdict(taken),
            "reference": self.reference,
        }
        if self.guidance.words is not None:  # else as before there were any: it names the files
            values["words"] = asdict(self.guidance.words)
        if self.whole:  # likewise
            values["whole"] = True
        return json.dumps(values).encode()

    @classmethod
    def loaded(cls, data: bytes) -> Order:
        """From JSON.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: if it is not that, or says more than
                is known here.
        """
        values = json.loads(data)
        if unknown := set(values) - _OF_AN_ORDER:
            raise ValueError(f"{unknown} of an order is not known")
        taken = None if values["palette"] is None else Reference(**values["palette"])
        words = Words(**values["words"]) if "words" in values else None
        return cls(
            Settings(**values["settings"]),
            values["codec"],
            values["deinterlace"],
            FilmGuidance(tuple(map(FilmHint.parse, values["hints"])), taken, words),
            values["reference"],
            values.get("whole", False),
        )


@dataclass(frozen=True)
class Steps:
    """How far a version is.

    Attributes:
        frames: that are written.
        total: how many it will be; None where nobody knows.
        rate: frames a second.
        seconds_left: None where nobody knows.
    """

    frames: int = 0
    total: int | None = None
    rate: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float | None:
        """0..1 of the film, if its length is known."""
        return min(self.frames / self.total, 1.0) if self.total else None


@dataclass(frozen=True)
class Finished:
    """What has come of a version.

    Attributes:
        frames: in it.
        seconds: that it took, from the last start on.
        bytes: of its file.
        playable: whether browsers can show it.
        warnings: what could not be kept, in sentences.
    """

    frames: int
    seconds: float
    bytes: int
    playable: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    """One coloured version of a film.

    Attributes:
        key: names it among those of its film.
        asked: when, UTC.
        state: "queued" until the worker is at it.
        position: versions of all films that are before it, and itself; None if it does not wait.
        steps: how far it is, while it is being worked on.
        finished: what has come of it, if it is ready.
        problem: why nothing has, if it failed.
    """

    key: str
    order: Order
    asked: datetime
    state: VersionState
    position: int | None = None
    steps: Steps | None = None
    finished: Finished | None = None
    problem: Problem | None = None

    @property
    def is_playable(self) -> bool:
        """Whether browsers can show it."""
        return self.finished is not None and self.finished.playable
