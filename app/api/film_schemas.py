"""What goes in and out about films, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field

from app.service import State
from app.storage.orders import Order, VersionState
from colorizer.video.film import Codec

from .schemas import ID, PathId, PictureSettings, Problem

if TYPE_CHECKING:
    from .schemas import Asked as _Settings
else:
    _Settings = PictureSettings

_KEY = r"^[0-9a-f]{16}$"


class FilmUpload(BaseModel):
    """The form of an upload."""

    file: FileStorage = Field(description="The film.")


class VersionSettings(_Settings):
    """How a film is to be coloured and written."""

    codec: Codec = Field(
        Order.codec,
        description="h264 (MP4, 8 bits: what browsers play), h265 (MP4), prores (422 HQ, "
        "QuickTime) or ffv1 (without loss, Matroska).",
    )
    deinterlace: bool = Field(
        Order.deinterlace, description="Make whole frames of interlaced ones."
    )

    def order(self) -> Order:
        """For the service.

        Raises:
            InvalidSetting: if the model is not one of this server's.
        """
        return Order(self.settings(), self.codec, self.deinterlace)


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
