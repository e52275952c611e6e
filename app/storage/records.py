"""What the service hands out: records of photographs and batches, and finished bytes."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args

from colorizer.batch import Colour
from colorizer.errors import CorruptImage, InvalidSetting
from colorizer.guidance import AMOUNT, Guidance, Hint, Words, amount_of
from colorizer.photo import SALVAGED_FORMATS, WRITABLE_FORMATS
from colorizer.words import Phrase

from ..errors import LeftOut, NotFound, Problem, type_of

logger = logging.getLogger(__name__)

_SURE = 0.5

State = Literal["missing", "queued", "working", "ready", "failed"]
#: what may be done with colour photographs
COLOURS: tuple[Colour, ...] = get_args(Colour)
OutputFormat = Literal["png", "jpeg", "webp", "tiff"]

#: format -> (MIME type, suffix of a file's name)
MIMETYPES: Mapping[str, tuple[str, str]] = {
    "png": ("image/png", "png"),
    "jpeg": ("image/jpeg", "jpg"),
    "webp": ("image/webp", "webp"),
    "tiff": ("image/tiff", "tif"),
}


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

    Raises:
        InvalidSetting: if ``colour`` is none of these.
    """

    page: int = 1
    salvage: bool = False
    colour: Colour = "repaint"
    place: int | None = None

    def __post_init__(self) -> None:
        if self.colour not in COLOURS:
            raise InvalidSetting(f"colour must be one of {', '.join(COLOURS)}.")


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
        salvage, colour, place: as of :class:`Treatment`.
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

    @property
    def treatment(self) -> Treatment:
        """What was wanted when it was uploaded."""
        return Treatment(self.page, self.salvage, self.colour, self.place)

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
        NotFound: if it cannot be read, or its time is up.
    """
    try:
        values: dict[str, Any] = json.loads(data)
        for field in fields(kind):
            if field.type == "datetime":
                values[field.name] = datetime.fromisoformat(values[field.name])
        record = kind(**values)
        expired = record.expires <= datetime.now(UTC)
    except (ValueError, TypeError, KeyError):
        logger.exception("%s cannot be read", name)
        raise NotFound() from None
    if expired:
        raise NotFound()
    return record


@dataclass(frozen=True)
class View:
    """A photograph and how far its prediction for some settings has come.

    Attributes:
        record: what was uploaded.
        state: "missing" is a prediction that nobody has asked for: call ``Service.request``.
        problem: why, if it failed.
        position: place in the queue, 1 is next; None when it is not in the queue.
        bit_depth: 8 or 16; None until the worker has opened the photograph.
        warnings: sentences about the photograph, from then on.
        kept: whether it is "ready" with its own colours, which it keeps.
    """

    record: PhotoRecord
    state: State
    problem: Problem | None = None
    position: int | None = None
    bit_depth: int | None = None
    warnings: tuple[str, ...] = ()
    kept: bool = False

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
        """Whether ``Service.grey_preview`` has something to show."""
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
class Sample:
    """A sample photograph: ``name`` is what ``Service.upload_sample`` takes."""

    name: str
    label: str
    credit: str


@dataclass(frozen=True)
class Guide:
    """What a person knows of one photograph: the library's guidance, the reference by its id.

    Attributes:
        hints: colours of some places.
        reference: id of another photograph of the same owner, or "".
        reference_amount: 0..1; how much of its palette is taken.
        words: what is on it, or None.

    Raises:
        InvalidGuidance: if there are too many hints, or the amount is out of range.
    """

    hints: tuple[Hint, ...] = ()
    reference: str = ""
    reference_amount: float = AMOUNT
    words: Words | None = None

    def __post_init__(self) -> None:
        Guidance(self.hints)
        amount_of(self.reference_amount)


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


#: what is asked for if a person knows nothing
UNGUIDED = Guide()


@dataclass(frozen=True)
class Output:
    """How a finished picture is to be written.

    Attributes:
        format: "png", "jpeg", "webp" or "tiff".
        quality: 1..100, of JPEG and WebP.
        bit_depth: 8, 16 (PNG and TIFF only), or None for the scan's own.
        provenance: whether the metadata say that the colours were added, and how.
        side_by_side: the grey photograph on the left of the coloured one.
        strip_private: leave out position, serial numbers, owner and thumbnail of the scan.

    Raises:
        InvalidSetting: if a value is not one of these.
    """

    format: str = "png"
    quality: int = 92
    bit_depth: int | None = None
    provenance: bool = True
    side_by_side: bool = False
    strip_private: bool = False

    def __post_init__(self) -> None:
        if self.format not in WRITABLE_FORMATS:
            names = ", ".join(WRITABLE_FORMATS)
            raise InvalidSetting(f"format must be one of {names}, not {self.format!r}.")
        if not 1 <= self.quality <= 100:
            raise InvalidSetting(f"quality must be between 1 and 100, not {self.quality}.")
        if self.bit_depth not in (None, 8, 16):
            raise InvalidSetting(f"bit_depth must be 8 or 16, not {self.bit_depth}.")
        if self.bit_depth == 16 and self.format not in ("png", "tiff"):
            raise InvalidSetting(f"{self.format} has 8 bits only; choose png or tiff for 16 bits.")
