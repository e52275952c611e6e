"""What a person knows of a photograph: colours of places, a picture of like palette, words.

A :class:`Guidance` belongs to one photograph, as :class:`~colorizer.settings.Settings` do to any;
:func:`colorizer.render` takes both. It is written to JSON and read from it, with a version:

    {"version": 1,
     "hints": [{"x": 0.42, "y": 0.61, "colour": "#1f3a5f", "reach": 1.0}, ...],
     "reference": {"name": "other.jpg", "amount": 0.7, "palette": [313 shares]},
     "words": {"text": "a woman in a red coat, autumn", "amount": 1.0}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import InvalidGuidance

if TYPE_CHECKING:
    from .photo import Photo
    from .prediction import Prediction
    from .settings import Settings

#: how much of a reference's palette is taken if nobody says
AMOUNT = 0.7
#: how strongly words count: none, as the model learned, twice that
WORDS_AMOUNTS = (0.0, 2.0)
#: characters of words at the most
MOST_CHARACTERS = 1000
#: hints of one photograph at the most
MOST_HINTS = 200
#: how far a hint's reach may be turned down and up
REACHES = (0.1, 4.0)
#: a*, b* of a hint are at most this in amount; sRGB ends at 107
MOST_AB = 128.0
#: what a hint's colour may be called to leave a place without colour
KEEP_GREY = "keep grey"
VERSION = 1
_BINS = 313
#: characters of a guidance in JSON: 200 hints and a palette with room to spare
_LONGEST = 100_000
_SHORT_SIDE = 256


@dataclass(frozen=True)
class Hint:
    """The colour of one place.

    Attributes:
        x, y: the place, 0..1 from the left and the top of the upright picture.
        colour: "#rrggbb", a colour name of CSS, "keep grey", or (a*, b*) in Lab units. How light
            the place is stays the photograph's business: a colour that is much darker or lighter
            becomes paler there (:mod:`.color.hints`); (a*, b*) are taken as they are.
        reach: 0.1..4; how far it is carried on, 1 being as far as the thing goes.

    Raises:
        InvalidGuidance: if one of them is not right.
    """

    x: float
    y: float
    colour: str | tuple[float, float]
    reach: float = 1.0

    def __post_init__(self) -> None:
        for name, low, high in (("x", 0.0, 1.0), ("y", 0.0, 1.0), ("reach", *REACHES)):
            object.__setattr__(self, name, _number(getattr(self, name), f"{name} of a hint"))
            if not low <= getattr(self, name) <= high:
                raise InvalidGuidance(
                    f"{name} of a hint must be between {low:g} and {high:g}, "
                    f"not {getattr(self, name):g}."
                )
        if isinstance(self.colour, str):
            object.__setattr__(self, "colour", self.colour.strip().lower().replace("-", " "))
        elif isinstance(self.colour, Sequence) and len(self.colour) == 2:
            pair = tuple(_number(c, "a* or b* of a hint") for c in self.colour)
            if max(map(abs, pair)) > MOST_AB:
                raise InvalidGuidance(
                    f"a* and b* of a hint must be within {MOST_AB:g}, not {pair[0]:g}, {pair[1]:g}."
                )
            object.__setattr__(self, "colour", pair)
        else:
            raise _no_colour(self.colour)
        self.ab  # noqa: B018 # a colour that is none is found now

    @property
    def ab(self) -> tuple[float, float]:
        """a*, b* that are wanted, Lab units."""
        if isinstance(self.colour, tuple):
            return self.colour
        if self.colour == KEEP_GREY:
            return 0.0, 0.0
        return _lab_of(self.colour)[1:]

    @property
    def lightness(self) -> float | None:
        """L* of the colour itself, 0..100; None if it has none of its own."""
        if isinstance(self.colour, tuple) or self.colour == KEEP_GREY:
            return None
        return _lab_of(self.colour)[0]

    @classmethod
    def parse(cls, text: str) -> Hint:
        """A hint of its short form: ``X,Y,COLOUR`` or ``X,Y,COLOUR,REACH``, as :attr:`text`.

        COLOUR may be ``A:B``, Lab units.

        Raises:
            InvalidGuidance: if it is none.
        """
        parts = text.split(",")
        if len(parts) not in (3, 4):
            raise InvalidGuidance(
                f"A hint is written x,y,colour or x,y,colour,reach, not {_short(text)}."
            )
        x, y, colour, *reach = parts
        pair = colour.split(":")
        wanted: Any = colour if len(pair) != 2 else (pair[0], pair[1])
        return cls(
            _number(x, "x of a hint"), _number(y, "y of a hint"), wanted, *map(_reach, reach)
        )

    @property
    def text(self) -> str:
        """The short form; :meth:`parse` makes the same hint of it."""
        colour = self.colour if isinstance(self.colour, str) else "{:g}:{:g}".format(*self.colour)
        reach = "" if self.reach == 1 else f",{self.reach:g}"
        return f"{self.x:.6g},{self.y:.6g},{colour}{reach}"


@dataclass(frozen=True)
class Reference:
    """A picture whose palette another one is to take.

    Attributes:
        palette: share of each of the 313 bins, :func:`.color.palette.palette_of`.
        amount: 0..1.
        name: what people call it; goes into the note of the result.

    Raises:
        InvalidGuidance: if one of them is not right.
    """

    palette: tuple[float, ...]
    amount: float = AMOUNT
    name: str = ""

    def __post_init__(self) -> None:
        shares = [_number(share, "A share of a reference's palette") for share in self.palette]
        if len(shares) != _BINS or min(shares) < 0 or not 0.9 < sum(shares) < 1.1:
            raise InvalidGuidance(f"The palette of a reference is {_BINS} shares that sum to 1.")
        object.__setattr__(self, "palette", tuple(shares))
        object.__setattr__(self, "amount", amount_of(self.amount))

    @classmethod
    def of(cls, photo: Photo, amount: float = AMOUNT, name: str = "") -> Reference:
        """The palette of a photograph in colour, (H, W, 3).

        Raises:
            InvalidGuidance: if it is a grey one.
        """
        from .color.lab import srgb_to_lab

        if photo.is_grey:
            raise InvalidGuidance(f"{name or 'The reference'} has no colours to take.")
        step = max(min(photo.height, photo.width) // _SHORT_SIDE, 1)
        pixels = photo.pixels[::step, ::step]
        top = 255 if pixels.dtype.itemsize == 1 else 65535
        ab = srgb_to_lab((pixels / top).astype("float32"))[..., 1:]
        return cls(_palette(ab), amount, name)

    @classmethod
    def of_result(
        cls, prediction: Prediction, settings: Settings, amount: float = AMOUNT, name: str = ""
    ) -> Reference:
        """The palette that a grey photograph's result has with these settings."""
        from .prediction import LOGIT_STRIDE
        from .working import working_ab

        places = working_ab(prediction, settings, Guidance())[:, ::LOGIT_STRIDE, ::LOGIT_STRIDE]
        return cls(_palette(places.transpose(1, 2, 0)), amount, name)


@dataclass(frozen=True)
class Words:
    """What is on a photograph, and of what colour: "a woman in a red coat, autumn".

    Attributes:
        text: a sentence or a list, 1..1000 characters; :func:`.words.understand` says what is made
            of it.
        amount: 0..2; 1 is as the model of words was trained.

    Raises:
        InvalidGuidance: if one of them is not right.
    """

    text: str
    amount: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InvalidGuidance(f"Words are text, not {_short(self.text)}.")
        text = " ".join(self.text.split())
        if not text:
            raise InvalidGuidance("The words are empty.")
        if len(text) > MOST_CHARACTERS:
            raise InvalidGuidance(f"Words of more than {MOST_CHARACTERS} characters are not read.")
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "amount", words_amount_of(self.amount))


@dataclass(frozen=True)
class Guidance:
    """What is known of one photograph. Hints win over words; words go with a reference.

    Attributes:
        hints: at most 200; where two are at one place the later one counts.
        reference: a picture of like palette, or None.
        words: what is on it, or None.

    Raises:
        InvalidGuidance: if there are too many hints.
    """

    hints: tuple[Hint, ...] = ()
    reference: Reference | None = None
    words: Words | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        if len(self.hints) > MOST_HINTS:
            raise InvalidGuidance(
                f"A photograph takes {MOST_HINTS} hints at most, not {len(self.hints)}."
            )

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.hints) or self.reference is not None or self.words is not None

    def as_dict(self) -> dict[str, Any]:
        """Numbers, text, lists and dictionaries: what JSON can hold."""
        found: dict[str, Any] = {"version": VERSION}
        if self.hints:
            found["hints"] = [
                {
                    "x": hint.x,
                    "y": hint.y,
                    "colour": hint.colour if isinstance(hint.colour, str) else list(hint.colour),
                    "reach": hint.reach,
                }
                for hint in self.hints
            ]
        if self.reference is not None:
            reference = self.reference
            found["reference"] = {
                "name": reference.name,
                "amount": reference.amount,
                "palette": list(reference.palette),
            }
        if self.words is not None:
            found["words"] = {"text": self.words.text, "amount": self.words.amount}
        return found

    def as_note(self) -> dict[str, Any]:
        """As :meth:`as_dict`, without the palette: for the note in a result's metadata."""
        found = self.as_dict()
        found.get("reference", {}).pop("palette", None)
        return found

    def to_json(self) -> str:
        """JSON text; :meth:`from_json` makes an equal guidance of it."""
        return json.dumps(self.as_dict())

    @classmethod
    def from_dict(cls, data: Any) -> Guidance:
        """Of what :meth:`as_dict` gives.

        Raises:
            InvalidGuidance: if it is not that, or of a version that is not known.
        """
        if not isinstance(data, Mapping):
            raise InvalidGuidance("Hints are an object with a version and a list of hints.")
        if data.get("version") != VERSION:
            raise InvalidGuidance(
                f"Hints of version {VERSION} are read, not {_short(data.get('version'))}."
            )
        _only(data, ("version", "hints", "reference", "words"), "Hints")
        hints = data.get("hints", [])
        if not isinstance(hints, list) or not all(isinstance(hint, Mapping) for hint in hints):
            raise InvalidGuidance("The hints are a list of objects with x, y and colour.")
        for hint in hints:
            _only(hint, ("x", "y", "colour", "reach"), "A hint")
            if missing := {"x", "y", "colour"} - hint.keys():
                raise InvalidGuidance(f"A hint has no {min(missing)}.")
        reference = data.get("reference")
        if reference is not None:
            if not isinstance(reference, Mapping) or not isinstance(reference.get("palette"), list):
                raise InvalidGuidance("A reference is an object with a palette and an amount.")
            _only(reference, ("name", "amount", "palette"), "A reference")
            reference = Reference(**{**reference, "palette": tuple(reference["palette"])})
        words = data.get("words")
        if words is not None:
            if not isinstance(words, Mapping) or "text" not in words:
                raise InvalidGuidance("Words are an object with a text and an amount.")
            _only(words, ("text", "amount"), "Words")
            words = Words(**words)
        return cls(tuple(Hint(**hint) for hint in hints), reference, words)

    @classmethod
    def from_json(cls, text: str | bytes) -> Guidance:
        """Of what :meth:`to_json` gives.

        Raises:
            InvalidGuidance: if it is not that.
        """
        if len(text) > _LONGEST:
            raise InvalidGuidance(f"Hints of more than {_LONGEST // 1000} kB are not read.")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidGuidance("The hints are not JSON.") from None
        return cls.from_dict(data)


@lru_cache(1024)
def _lab_of(colour: str) -> tuple[float, float, float]:
    import numpy as np
    from PIL.ImageColor import getrgb

    from .color.lab import srgb_to_lab

    try:
        red, green, blue = getrgb(colour)[:3]
    except ValueError:
        raise _no_colour(colour) from None
    if not all(0 <= value <= 255 for value in (red, green, blue)):  # rgb(300, 0, 0)
        raise _no_colour(colour)
    found = srgb_to_lab(np.array([[(red, green, blue)]], np.float32) / 255)[0, 0]
    lightness, a, b = (round(float(value), 3) for value in found)
    return lightness, a, b


def _no_colour(value: Any) -> InvalidGuidance:
    return InvalidGuidance(
        f"{_short(value)} is not a colour; #rrggbb, a name such as navy, and {KEEP_GREY!r} are."
    )


def _reach(text: str) -> float:
    return _number(text, "reach of a hint")


def _palette(ab: Any) -> tuple[float, ...]:
    """Of a*, b* (..., 2), rounded as it is written."""
    from .color.palette import palette_of

    return tuple(palette_of(ab).round(7).tolist())


def amount_of(value: Any) -> float:
    """How much of a reference is taken, 0..1.

    Raises:
        InvalidGuidance: if it is not that.
    """
    amount = _number(value, "The amount of a reference")
    if not 0 <= amount <= 1:
        raise InvalidGuidance(f"The amount of a reference must be between 0 and 1, not {amount:g}.")
    return amount


def words_amount_of(value: Any) -> float:
    """How strongly words count, 0..2.

    Raises:
        InvalidGuidance: if it is not that.
    """
    amount = _number(value, "The amount of words")
    low, high = WORDS_AMOUNTS
    if not low <= amount <= high:
        raise InvalidGuidance(
            f"The amount of words must be between {low:g} and {high:g}, not {amount:g}."
        )
    return amount


def _number(value: Any, name: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidGuidance(f"{name} must be a number, not {_short(value)}.")
    return number


def _only(data: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for name in data:
        if name not in known:
            raise InvalidGuidance(f"{what} cannot have {_short(name)}.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"
