"""What goes in and out over the API, as pydantic models.

The query of a picture is made from :data:`colorizer.settings.PARAMETERS` and from the fields of
:class:`app.service.Output`, so that no range and no default is written twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model

from app.context import service
from app.service import Guide, Output, State
from colorizer.batch import Colour as Colouring
from colorizer.errors import InvalidSetting
from colorizer.guidance import MOST_CHARACTERS, MOST_HINTS, WORDS_AMOUNTS, Hint, Words
from colorizer.settings import DEFAULT_MODEL, PARAMETERS, Parameter, Settings

ID = r"^[A-Za-z0-9_-]{22}$"
_TYPES: dict[str, type] = {"float": float, "int": int, "choice": str}


class Empty(BaseModel):
    """A query or body that has no parameters; unknown ones are an error."""

    model_config = ConfigDict(extra="forbid")


class Asked(Empty):
    """What a person set: the parameters of the library, and how the file is to be written."""

    def settings(self) -> Settings:
        """The library's settings; what was not given has its default.

        Raises:
            InvalidSetting: if the model is not one of this server's.
        """
        settings = Settings(**{name: value for name, value in self if name in PARAMETERS})
        if settings.model != DEFAULT_MODEL and settings.model not in service.models():
            raise InvalidSetting(f"There is no model {settings.model!r} here; see /api/v1/models.")
        return settings

    def output(self) -> Output:
        """How the file is to be written.

        Raises:
            InvalidSetting: if the values do not go together.
        """
        names = {field.name for field in dataclasses.fields(Output)}
        return Output(**{name: value for name, value in self if name in names})


def _parameter(parameter: Parameter) -> Any:
    kind: Any = _TYPES[parameter.kind]
    if parameter.choices:
        kind = Literal[parameter.choices]
    unit = f" Unit: {parameter.unit}" if parameter.unit else ""
    text = f"{parameter.label}. {parameter.help}{unit}"
    limits: dict[str, Any] = {"ge": parameter.minimum, "le": parameter.maximum}
    if kind is float:
        limits["allow_inf_nan"] = False
    return kind, Field(parameter.default, description=text, **limits)


def _parameters(stages: Iterable[str]) -> dict[str, Any]:
    return {name: _parameter(p) for name, p in PARAMETERS.items() if p.stage in stages}


def _output() -> dict[str, Any]:
    hints = get_type_hints(Output)
    return {field.name: (hints[field.name], field.default) for field in dataclasses.fields(Output)}


if TYPE_CHECKING:
    PredictionSettings = Asked
    PictureSettings = Asked
    FileSettings = Asked
else:
    PredictionSettings = create_model(
        "PredictionSettings", __base__=Asked, **_parameters({"predict"})
    )
    PictureSettings = create_model(
        "PictureSettings", __base__=Asked, **_parameters({"predict", "render"})
    )
    FileSettings = create_model("FileSettings", __base__=PictureSettings, **_output())


class Worded(BaseModel):
    """What is on a photograph or in a film, in words."""

    words: str = Field(
        "",
        max_length=MOST_CHARACTERS,
        description="What is on it, and of what colour: a woman in a red coat, autumn. "
        "/api/v1/words says what is understood of it.",
    )
    words_amount: float = Field(
        Words.amount,
        ge=WORDS_AMOUNTS[0],
        le=WORDS_AMOUNTS[1],
        allow_inf_nan=False,
        description="How strongly words count.",
    )

    def said(self) -> Words | None:
        """The words, or None."""
        return Words(self.words, self.words_amount) if self.words.strip() else None


class _Guided(Worded):
    """What a person knows of a photograph."""

    hint: list[str] = Field(
        [],
        max_length=MOST_HINTS,
        description="Colours of places: x,y,colour or x,y,colour,reach. x and y are 0..1 from the "
        "left and the top; colour is #rrggbb, a CSS name, keep-grey, or a:b in Lab units; reach "
        "is 0.1..4, 1 being as far as the thing goes.",
    )
    reference: str = Field(
        "", description="Id of another photograph of yours whose palette is taken."
    )
    reference_amount: float = Field(
        Guide.reference_amount, ge=0, le=1, allow_inf_nan=False, description="How much of it."
    )

    def guide(self) -> Guide:
        """For the service.

        Raises:
            InvalidGuidance: if a hint is not right.
        """
        hints = tuple(map(Hint.parse, self.hint))
        return Guide(hints, self.reference, self.reference_amount, self.said())


class GuidedPicture(_Guided, PictureSettings):
    """Settings of a small picture, and what a person knows of it."""


class GuidedFile(_Guided, FileSettings):
    """Settings of a finished picture, and what a person knows of it."""


class ArchivedFile(Worded, FileSettings):
    """Settings of the finished pictures of a batch, and what is on all of them."""


class Sentence(Empty):
    """Words, whatever they are about."""

    words: str = Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="What is on a photograph, and of what colour: a woman in a red coat, autumn.",
    )


class SentenceSettings(Sentence, PredictionSettings):
    """Words about a photograph, and in which prediction their things are looked for."""


class PhraseSettings(SentenceSettings):
    """One phrase of words about a photograph."""

    number: int = Field(0, ge=0, description="Of the phrase, in the order of `understood`.")


class PointSettings(PredictionSettings):
    """A point of a photograph, and which prediction is asked about it."""

    x: float = Field(ge=0, le=1, description="From the left edge (0) to the right one (1).")
    y: float = Field(ge=0, le=1, description="From the upper edge (0) to the lower one (1).")
    count: int = Field(6, ge=1, le=313, description="How many colours, the likeliest first.")


class PathId(BaseModel):
    """The id in the address. What does not look like one is simply not found."""

    id: str = Field(description="As the upload returned it.", json_schema_extra={"pattern": ID})


class Upload(BaseModel):
    """The form of an upload."""

    file: FileStorage = Field(description="The photograph.")
    batch: str | None = Field(None, description="The batch that it belongs to.")
    page: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        1, description="Which page of a TIFF that has several; all: a photograph for each page."
    )
    salvage: bool = Field(
        False, description="Take the part that is there of a JPEG or PNG that is cut off."
    )
    colour: Colouring = Field(
        "repaint",
        description="What is done with a colour photograph: repaint colours it anew, skip leaves "
        "it out (it fails as left-out), keep gives it back with its own colours.",
    )
    place: int | None = Field(
        None,
        ge=0,
        description="Where it stands in its batch; those without come last, in the order of "
        "upload.",
    )
    turn: int = Field(
        0,
        ge=0,
        le=270,
        multiple_of=90,
        description="Degrees clockwise by which it is turned: the network hardly recognises what "
        "lies on its side.",
    )
    negative: bool = Field(
        False,
        description="It is a negative: a positive is made of it (each value v becomes white - v), "
        "which is then coloured.",
    )
    whole: bool = Field(
        False,
        description="Colour a mount or border around the picture, too. Otherwise it is looked for "
        "and stays grey, and the network sees the picture alone.",
    )


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="Names the kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="One sentence about this very problem.")
    instance: str | None = Field(None, description="The address that was asked for.")


class PhotoLinks(BaseModel):
    """Where to go on from a photograph."""

    self: str
    image: str
    preview: str
    grey: str
    uncertainty: str
    colours: str
    words: str
    original: str
    predictions: str
    page: str


class Photo(BaseModel):
    """An uploaded photograph and how far its colours have come."""

    id: str = Field(json_schema_extra={"pattern": ID})
    name: str
    format: str = Field(description="By content, not by name.")
    width: int = Field(ge=1, description="px")
    height: int = Field(ge=1, description="px")
    page: int = Field(ge=1, description="Of the file.")
    pages: int = Field(ge=1, description="That the file has.")
    turn: int = Field(description="Degrees clockwise by which it was turned, as was asked.")
    negative: bool = Field(description="Whether it was taken for one, as was asked.")
    bit_depth: int | None = Field(description="8 or 16; null until the photograph was opened.")
    warnings: list[str] = Field(
        description="What is odd or damaged, once the photograph was opened."
    )
    bytes: int = Field(ge=0)
    created: datetime
    expires: datetime = Field(description="When it is deleted.")
    batch: str | None
    state: State = Field(description="missing: nobody asked for these settings' prediction yet.")
    position: int | None = Field(description="In the queue; 1 is next.")
    problem: Problem | None = Field(description="Why it failed.")
    kept: bool = Field(description="Whether it is a colour photograph that keeps its own colours.")
    mount: bool = Field(description="Whether the picture lies on a mount, which stays grey.")
    links: PhotoLinks


class BatchLinks(BaseModel):
    """Where to go on from a batch."""

    self: str
    photos: str
    zip: str
    page: str


class Batch(BaseModel):
    """Photographs that belong together."""

    id: str = Field(json_schema_extra={"pattern": ID})
    created: datetime
    expires: datetime
    counts: dict[str, int] = Field(description="How many photographs are in each state.")
    photos: list[Photo]
    links: BatchLinks


class Uploaded(RootModel[Photo | Batch]):
    """A photograph; or the batch that the pages of a file are in."""


class Colour(BaseModel):
    """A colour that the network holds possible at a point."""

    a: float = Field(description="CIE a*")
    b: float = Field(description="CIE b*")
    probability: float = Field(ge=0, le=1)
    rgb: str = Field(pattern="^#[0-9a-f]{6}$", description="sRGB at the photograph's lightness.")


class Colours(BaseModel):
    """The likeliest colours at a point, the likeliest first."""

    colours: list[Colour]


class Phrase(BaseModel):
    """What words say of one thing."""

    text: str = Field(description="As it was written.")
    thing: str = Field(description="What it was taken for; empty for the picture as a whole.")
    colours: list[str] = Field(description="Their names; empty if none was said.")
    everywhere: bool = Field(description="Whether it is said of the whole picture.")


class FoundPhrase(Phrase):
    """What words say of one thing, and where it acts."""

    found: bool = Field(description="Whether it acts anywhere on the photograph.")
    surest: float = Field(
        ge=0,
        le=1,
        description="How surely its thing is where it is likeliest. A thing with a colour is taken "
        "to be somewhere, if anything looks a little like it.",
    )
    share: float = Field(ge=0, le=1, description="Of the picture.")
    place: str = Field(
        description="Address of a picture of where it acts, to lay over the preview."
    )


class Understood(BaseModel):
    """What was made of words."""

    understood: list[Phrase]
    unknown: list[str] = Field(description="Words that say nothing to the model.")


class Found(BaseModel):
    """What was made of words about a photograph."""

    understood: list[FoundPhrase]
    unknown: list[str] = Field(description="Words that say nothing to the model.")


class Models(BaseModel):
    """The models that this server can use."""

    default: str
    models: list[str]


class ParameterOut(BaseModel):
    """A parameter that a person may set."""

    name: str
    kind: str
    default: float | str
    label: str
    help: str
    stage: str = Field(description="predict: the network runs again; render: it does not.")
    minimum: float | None
    maximum: float | None
    step: float | None
    choices: list[str]
    unit: str


class PresetOut(BaseModel):
    """Some parameters under one name."""

    name: str
    label: str
    help: str
    changes: dict[str, float | str]


class Limits(BaseModel):
    """What this server takes."""

    max_upload_mb: int
    max_megapixels: int
    max_batch: int
    max_film_seconds: float = Field(description="0: no films are taken.")
    max_film_mb: int
    time_to_live_hours: float


class Parameters(BaseModel):
    """Everything that can be set, and the limits."""

    parameters: list[ParameterOut]
    presets: list[PresetOut]
    formats: list[str] = Field(description="That results are written in.")
    limits: Limits
