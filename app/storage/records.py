"""Records of photographs, batches and films: what is written once when they come."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

from colorizer.batch import Colour
from colorizer.errors import InvalidSetting
from colorizer.photo import SALVAGED_FORMATS, TURNS

from ..errors import NotFound, Unreadable
from . import names

logger = logging.getLogger(__name__)

#: what may be done with colour photographs
COLOURS: tuple[Colour, ...] = get_args(Colour)


def new_id() -> str:
    """An id that cannot be guessed: 128 random bits as 22 characters."""
    return secrets.token_urlsafe(16)


def key_of(model: str, working_size: int) -> str:
    """What a prediction's files are called: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps([model, working_size]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Wanted:
    """One prediction that was asked for: what the queue carries."""

    id: str
    model: str
    working_size: int

    @property
    def key(self) -> str:
        """Name of its files."""
        return key_of(self.model, self.working_size)


@dataclass(frozen=True)
class Treatment:
    """What is wanted of a file when it is uploaded.

    Attributes:
        page: from 1.
        salvage: also the part that is there of a file that was cut off.
        colour: what is done with a colour photograph: "repaint" colours it anew, "skip" leaves it
            out, "keep" gives it back with its own colours.
        place: where it stands in its batch; what has none comes last, in the order of upload.
        turn: degrees clockwise, 0, 90, 180 or 270.
        negative: whether it is one, of which a positive is made.
        whole: whether a mount around the picture is coloured as a part of it.

    Raises:
        InvalidSetting: if ``colour`` or ``turn`` is none of these.
    """

    page: int = 1
    salvage: bool = False
    colour: Colour = "repaint"
    place: int | None = None
    turn: int = 0
    negative: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if self.colour not in COLOURS:
            raise InvalidSetting(f"colour must be one of {', '.join(COLOURS)}.")
        if self.turn not in TURNS:
            raise InvalidSetting(f"turn must be one of {', '.join(map(str, TURNS))} degrees.")

    @property
    def read_options(self) -> dict[str, Any]:
        """How the file is read: arguments of :func:`colorizer.photo.read`."""
        options = ("page", "salvage", "turn", "negative", "whole")
        return {name: getattr(self, name) for name in options}


#: what is wanted if nobody says anything
USUAL = Treatment()


@dataclass(frozen=True)
class PhotoRecord:
    """One uploaded photograph; written once.

    Attributes:
        id: 22 characters of A-Z, a-z, 0-9, ``_`` and ``-``; cannot be guessed.
        owner: who may see it.
        name: what the person called it, cleaned, 1..120 characters; never used as a path.
        format: by content: "JPEG", "PNG", ...
        width, height: upright, px.
        bytes: length of the original.
        created, expires: UTC.
        batch: id of the batch it belongs to, or None.
        page: of the file, from 1.
        pages: that the file has.
        salvage, colour, place, turn, negative, whole: as of :class:`Treatment`.
        still: whether it is a moment of a film.
    """

    id: str
    owner: str
    name: str
    format: str
    width: int
    height: int
    bytes: int
    created: datetime
    expires: datetime
    batch: str | None = None
    page: int = 1
    pages: int = 1
    salvage: bool = False
    colour: Colour = "repaint"
    place: int | None = None
    turn: int = 0
    negative: bool = False
    whole: bool = False
    still: bool = False

    @property
    def treatment(self) -> Treatment:
        """What was wanted when it was uploaded."""
        return Treatment(**{each.name: getattr(self, each.name) for each in fields(Treatment)})

    def is_of_file_of(self, other: PhotoRecord) -> bool:
        """Whether both are pages of one file, by all that is known of it."""
        files = {names.of_file(photo.name, photo.page) for photo in (self, other)}
        return len(files) == 1 and (self.bytes, self.pages) == (other.bytes, other.pages)

    @property
    def can_be_salvaged(self) -> bool:
        """Whether a part of it could be asked for if it turns out to be cut off."""
        return self.format in SALVAGED_FORMATS and not self.salvage

    @property
    def in_batch(self) -> tuple[float, datetime]:
        """By which the photographs of a batch are put in order."""
        return math.inf if self.place is None else self.place, self.created


@dataclass(frozen=True)
class BatchRecord:
    """Photographs that were uploaded together; written once. Times are UTC."""

    id: str
    owner: str
    created: datetime
    expires: datetime


@dataclass(frozen=True)
class FilmRecord:
    """One uploaded film; written once.

    Attributes:
        id, owner, name, bytes, created, expires: as those of a photograph.
        codec: of its pictures, as FFmpeg calls it.
        mimetype: of the file, as far as browsers have one.
        width, height: of its frames, upright, px.
        seconds, rate, frames: how long it is, frames a second and in all; None if nobody knows.
        interlaced: whether its frames are two fields.
        audio: how many soundtracks it has.
        stills: moments of it in order: seconds, and the id of the photograph.
    """

    id: str
    owner: str
    name: str
    codec: str
    mimetype: str
    width: int
    height: int
    seconds: float | None
    rate: float | None
    frames: int | None
    interlaced: bool
    audio: int
    bytes: int
    created: datetime
    expires: datetime
    stills: tuple[tuple[float, str], ...] = ()

    def __post_init__(self) -> None:
        stills = tuple((float(seconds), str(id)) for seconds, id in self.stills)
        object.__setattr__(self, "stills", stills)


Record = TypeVar("Record", PhotoRecord, BatchRecord, FilmRecord)


def dumped(record: PhotoRecord | BatchRecord | FilmRecord) -> bytes:
    """A record as JSON."""
    return json.dumps(asdict(record), default=datetime.isoformat).encode()


def loaded(kind: type[Record], path: Path) -> Record:
    """A record from its file; raises what :func:`parsed` does, and NotFound if there is none."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound() from None
    return parsed(kind, data, "/".join(path.parts[-3:]))


def parsed(kind: type[Record], data: bytes, name: str) -> Record:
    """A record from its bytes.

    Raises:
        NotFound: if its time is up.
        Unreadable: if it cannot be read.
    """
    expires = None
    try:
        values: dict[str, Any] = json.loads(data)
        for field in fields(kind):
            if field.type == "datetime":
                values[field.name] = datetime.fromisoformat(values[field.name])
        expired = values["expires"] <= datetime.now(UTC)
        expires = values["expires"]
        record = None if expired else kind(**known(kind, values))
    except (ValueError, TypeError, KeyError):
        tell_unreadable(name)
        raise Unreadable(expires) from None
    if record is None:
        raise NotFound()
    return record


def known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are fields of a dataclass: a later version may have written more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


@lru_cache(10_000)
def tell_unreadable(name: str) -> None:
    """Say, once for each file, that what it holds cannot be understood."""
    logger.error(
        "%s cannot be read and is left alone; a later version of Colorizer may have written it",
        name,
    )
