"""What the service hands out: how far photographs have come, and files that can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, Literal, TypeVar

from colorizer.errors import CorruptImage
from colorizer.words import Phrase

from ..errors import LeftOut, Problem, type_of
from ..storage.records import PhotoRecord

_SURE = 0.5

State = Literal["missing", "queued", "working", "ready", "failed"]


@dataclass(frozen=True)
class View:
    """A photograph and how far its prediction for some settings has come.

    Attributes:
        record: what was uploaded.
        state: "missing" is a prediction that nobody has asked for: call ``PhotoDesk.request``.
        problem: why, if it failed.
        position: place in the queue, 1 is next; None when it is not in the queue.
        bit_depth: 8 or 16; None until the worker has opened the photograph.
        warnings: sentences about the photograph, from then on.
        kept: whether it is "ready" with its own colours, which it keeps.
        mount: whether the picture lies on a mount, which stays grey.
    """

    record: PhotoRecord
    state: State
    problem: Problem | None = None
    position: int | None = None
    bit_depth: int | None = None
    warnings: tuple[str, ...] = ()
    kept: bool = False
    mount: bool = False

    @property
    def left_out(self) -> bool:
        """Whether it "failed" only because colour photographs are not wanted."""
        return self._failed_by(LeftOut)

    @property
    def can_be_salvaged(self) -> bool:
        """Whether a part of it may be there although it "failed"."""
        return self.record.can_be_salvaged and self._failed_by(CorruptImage)

    def _failed_by(self, kind: type[Exception]) -> bool:
        return self.problem is not None and self.problem.type == type_of(kind)

    @property
    def has_preview(self) -> bool:
        """Whether ``PhotoDesk.grey_preview`` has something to show."""
        return self.bit_depth is not None


@dataclass(frozen=True)
class BatchView:
    """A batch, its photographs in the order of upload, and how many are in each state."""

    id: str
    created: datetime
    expires: datetime
    photos: list[View]
    counts: dict[State, int]


@dataclass(frozen=True)
class Blob:
    """A small file in memory."""

    data: bytes
    mimetype: str


@dataclass(frozen=True)
class ResultFile:
    """A file on the disk, to be sent under ``name`` (Unicode)."""

    path: Path
    mimetype: str
    name: str


Made = TypeVar("Made", bound="Blob | ResultFile", covariant=True)


@dataclass(frozen=True)
class Offer(Generic[Made]):
    """A file that can be had: who knows its ETag (without quotes) need not have it made.

    ``make`` raises what keeps the file from being made.
    """

    etag: str
    make: Callable[[], Made]


@dataclass(frozen=True)
class Place:
    """What words say of one thing, and how far it acts on a photograph.

    Attributes:
        phrase: as the library has it.
        surest: 0..1; how surely its thing is where it is likeliest. A thing with a colour is taken
            to be somewhere, if anything looks a little like it.
        share: 0..1; of the picture.
    """

    phrase: Phrase
    surest: float
    share: float

    @property
    def is_there(self) -> bool:
        """Whether it acts anywhere."""
        return self.surest >= _SURE
