"""What goes in and out about films, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field

from app.service import State
from app.storage.orders import FilmGuide, Order, VersionState
from colorizer.guidance import MOST_AB, REACHES, Hint
from colorizer.video import FilmHint
from colorizer.video.film import MOST_HINTS, Codec

from .schemas import ID, Empty, PathId, PictureSettings, Problem, Worded

if TYPE_CHECKING:
    from .schemas import Asked as _Settings
else:
    _Settings = PictureSettings

_KEY = r"^[0-9a-f]{16}$"


class FilmUpload(BaseModel):
    """The form of an upload."""

    file: FileStorage = Field(description="The film.")


_Ab = Annotated[float, Field(ge=-MOST_AB, le=MOST_AB, allow_inf_nan=False)]


class HintAtTime(Empty):
    """The colour of a place at a time; it goes with the motion, within its shot."""

    time: float = Field(
        ge=0,
        allow_inf_nan=False,
        description="Seconds from the film's beginning, as of a still; not after its end.",
    )
    x: float = Field(ge=0, le=1, description="From the left edge (0) to the right one (1).")
    y: float = Field(ge=0, le=1, description="From the upper edge (0) to the lower one (1).")
    colour: str | tuple[_Ab, _Ab] = Field(
        description="#rrggbb, a CSS name, keep-grey, or [a, b] in Lab units."
    )
    reach: float = Field(
        Hint.reach,
        ge=REACHES[0],
        le=REACHES[1],
        description="How far it is carried on; 1 is as far as the thing goes.",
    )

    def hint(self) -> FilmHint:
        """For the library.

        Raises:
            InvalidGuidance: if the colour is none.
        """
        return FilmHint(self.time, Hint(self.x, self.y, self.colour, self.reach))

    @classmethod
    def of(cls, given: FilmHint) -> HintAtTime:
        """Of the library's."""
        hint = given.hint
        return cls(time=given.time, x=hint.x, y=hint.y, colour=hint.colour, reach=hint.reach)


class VersionSettings(_Settings, Worded):
    """How a film is to be coloured and written, and what a person knows of it."""

    codec: Codec = Field(
        Order.codec,
        description="h264 (MP4, 8 bits: what browsers play), h265 (MP4), prores (422 HQ, "
        "QuickTime) or ffv1 (without loss, Matroska).",
    )
    deinterlace: bool = Field(
        Order.deinterlace, description="Make whole frames of interlaced ones."
    )
    whole: bool = Field(
        Order.whole, description="Colour bars beside the picture, too; otherwise they stay grey."
    )

    hints: list[HintAtTime] = Field(
        [], max_length=MOST_HINTS, description="Colours of places at moments of the film."
    )
    reference: str = Field(
        "", description="Id of a photograph of yours whose palette is taken for all of the film."
    )
    reference_amount: float = Field(
        FilmGuide.reference_amount, ge=0, le=1, allow_inf_nan=False, description="How much of it."
    )

    def guide(self) -> FilmGuide:
        """For the service.

        Raises:
            InvalidGuidance: if a hint is not right, or the words are not.
        """
        hints = tuple(hint.hint() for hint in self.hints)
        return FilmGuide(hints, self.reference, self.reference_amount, self.said())

    def order(self) -> Order:
        """For the service.

        Raises:
            InvalidSetting: if the model is not one of this server's.
        """
        return Order(self.settings(), self.codec, self.deinterlace, whole=self.whole)


class VersionPath(PathId):
    """A film's id in the address, and that of one of its versions."""

    version: str = Field(
        description="As the list of versions has it.", json_schema_extra={"pattern": _KEY}
    )


class StillLinks(BaseModel):
    """Where to go on from a moment of a film: it is a photograph."""

    photo: str
    preview: str
    grey: str
    image: str


class StillOut(BaseModel):
    """A moment of a film, to choose settings by."""

    time: float = Field(ge=0, description="Seconds from the film's beginning.")
    photo: str = Field(description="Its id.", json_schema_extra={"pattern": ID})
    state: State = Field(description="Of the prediction that the query names.")
    links: StillLinks


class VersionLinks(BaseModel):
    """Where to go on from a version of a film."""

    self: str
    file: str


class VersionOut(BaseModel):
    """A coloured version of a film."""

    id: str = Field(json_schema_extra={"pattern": _KEY})
    settings: dict[str, Any] = Field(description="Those that are not at their defaults.")
    codec: Codec
    deinterlace: bool
    whole: bool
    hints: list[HintAtTime]
    reference: str | None = Field(description="Id of the photograph whose palette was taken.")
    reference_amount: float | None = Field(description="How much of it.")
    words: str | None = Field(description="That were said of it.")
    words_amount: float | None = Field(description="How strongly they count.")
    asked: datetime
    state: VersionState
    position: int | None = Field(description="Among the films that wait; 1 is next.")
    frames: int = Field(ge=0, description="That are done.")
    total: int | None = Field(description="That there will be, as far as is known.")
    frames_per_second: float = Field(ge=0, description="Of the work.")
    seconds_left: float | None = Field(description="As far as is known.")
    bytes: int | None = Field(description="Of the finished file.")
    warnings: list[str] = Field(description="What could not be kept.")
    problem: Problem | None = Field(description="Why it failed.")
    links: VersionLinks


class FilmLinks(BaseModel):
    """Where to go on from a film."""

    self: str
    versions: str
    original: str
    page: str


class Film(BaseModel):
    """An uploaded film, moments of it, and its coloured versions."""

    id: str = Field(json_schema_extra={"pattern": ID})
    name: str
    codec: str = Field(description="Of its pictures, as FFmpeg calls it.")
    width: int = Field(ge=1, description="px")
    height: int = Field(ge=1, description="px")
    seconds: float | None = Field(description="How long it is, if the file says so.")
    rate: float | None = Field(description="Frames a second, if the file says so.")
    frames: int | None
    interlaced: bool
    audio: int = Field(ge=0, description="Soundtracks.")
    bytes: int = Field(ge=0)
    created: datetime
    expires: datetime = Field(description="When it is deleted, with all versions.")
    stills: list[StillOut]
    versions: list[VersionOut] = Field(description="The oldest first.")
    links: FilmLinks
