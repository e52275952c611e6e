"""The colour of one place, as a person says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..errors import InvalidGuidance
from .checks import number, short

#: how far a hint's reach may be turned down and up
REACHES = (0.1, 4.0)
#: a*, b* of a hint are at most this in amount; sRGB ends at 107
MOST_AB = 128.0
#: what a hint's colour may be called to leave a place without colour
KEEP_GREY = "keep grey"


@dataclass(frozen=True)
class Hint:
    """The colour of one place.

    Attributes:
        x, y: the place, 0..1 from the left and the top of the upright picture.
        colour: "#rrggbb", a colour name of CSS, "keep grey", or (a*, b*) in Lab units. How light
            the place is stays the photograph's business: a colour that is much darker or lighter
            becomes paler there (:mod:`colorizer.color.hints`); (a*, b*) are taken as they are.
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
            object.__setattr__(self, name, number(getattr(self, name), f"{name} of a hint"))
            if not low <= getattr(self, name) <= high:
                raise InvalidGuidance(
                    f"{name} of a hint must be between {low:g} and {high:g}, "
                    f"not {getattr(self, name):g}."
                )
        if isinstance(self.colour, str):
            object.__setattr__(self, "colour", self.colour.strip().lower().replace("-", " "))
        elif isinstance(self.colour, tuple | list) and len(self.colour) == 2:
            pair = tuple(number(c, "a* or b* of a hint") for c in self.colour)
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

    def turned(self, degrees: int) -> Hint:
        """The same place of the picture turned clockwise by 0, 90, 180 or 270 degrees."""
        x, y = self.x, self.y
        for _ in range(degrees // 90 % 4):
            x, y = 1 - y, x
        return replace(self, x=x, y=y)

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
                f"A hint is written x,y,colour or x,y,colour,reach, not {short(text)}."
            )
        x, y, colour, *reach = parts
        pair = colour.split(":")
        wanted: Any = colour if len(pair) != 2 else (pair[0], pair[1])
        return cls(number(x, "x of a hint"), number(y, "y of a hint"), wanted, *map(_reach, reach))

    @property
    def text(self) -> str:
        """The short form; :meth:`parse` makes the same hint of it, rgb(...) written as #rrggbb."""
        colour = self.colour if isinstance(self.colour, str) else "{:g}:{:g}".format(*self.colour)
        if "," in colour:
            colour = "#{:02x}{:02x}{:02x}".format(*_rgb_of(colour))
        reach = "" if self.reach == 1 else f",{self.reach:g}"
        return f"{self.x:.6g},{self.y:.6g},{colour}{reach}"


@lru_cache(1024)
def _lab_of(colour: str) -> tuple[float, float, float]:
    import numpy as np

    from ..color.lab import srgb_to_lab

    found = srgb_to_lab(np.array([[_rgb_of(colour)]], np.float32) / 255)[0, 0]
    lightness, a, b = (round(float(value), 3) for value in found)
    return lightness, a, b


def _rgb_of(colour: str) -> tuple[int, ...]:
    """Red, green and blue, 0..255."""
    from PIL.ImageColor import getrgb

    try:
        rgb = getrgb(colour)[:3]
    except ValueError:
        raise _no_colour(colour) from None
    if not all(0 <= value <= 255 for value in rgb):  # rgb(300, 0, 0)
        raise _no_colour(colour)
    return rgb


def _no_colour(value: Any) -> InvalidGuidance:
    return InvalidGuidance(
        f"{short(value)} is not a colour; #rrggbb, a name such as navy, and {KEEP_GREY!r} are."
    )


def _reach(text: str) -> float:
    return number(text, "reach of a hint")
