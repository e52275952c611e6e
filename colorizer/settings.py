"""Every parameter that a person may set, defined once.

The command line's options, the web form, the JSON schema and the OpenAPI page are derived from
:data:`PARAMETERS`; nothing else repeats a range or a default.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from os import PathLike
from typing import Any, Literal

from .errors import InvalidSetting
from .names import suggestion

DEFAULT_MODEL = "eccv16-vgg16"

Kind = Literal["float", "int", "choice"]
Stage = Literal["predict", "render"]


@dataclass(frozen=True)
class Parameter:
    """One parameter: what it is called, what it may be, and what it does.

    ``stage`` says which half of the pipeline it belongs to: a ``predict`` parameter needs the
    network to run again, a ``render`` parameter does not.
    """

    name: str
    kind: Kind
    default: Any
    label: str
    help: str
    stage: Stage
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""

    def parse(self, value: Any) -> Any:
        """Return ``value`` (text or number) as this parameter's type.

        Raises:
            InvalidSetting: if it is not of the type or outside the range.
        """
        if self.kind == "choice":
            if not isinstance(value, str | PathLike):
                raise InvalidSetting(f"{self.name} must be text, not {value!r}.")
            text = str(value)
            if self.choices and text not in self.choices:
                raise InvalidSetting(
                    f"{self.name} must be one of {', '.join(self.choices)}, not {text!r}."
                )
            if not text:
                raise InvalidSetting(f"{self.name} must not be empty.")
            return text
        if isinstance(value, bool):
            raise InvalidSetting(f"{self.name} must be a number, not {value!r}.")
        try:
            number = float(value)
        except OverflowError:
            raise InvalidSetting(f"{self.name} is far too large a number.") from None
        except (TypeError, ValueError):
            raise InvalidSetting(f"{self.name} must be a number, not {value!r}.") from None
        if not math.isfinite(number):
            raise InvalidSetting(f"{self.name} must be a finite number, not {value!r}.")
        if self.kind == "int" and number != int(number):
            raise InvalidSetting(f"{self.name} must be a whole number, not {value!r}.")
        low, high = self.minimum, self.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            unit = f" {self.unit}" if self.unit else ""
            raise InvalidSetting(
                f"{self.name} must be between {low:g} and {high:g}{unit}, not {number:g}."
            )
        return int(number) if self.kind == "int" else number


_ALL = (
    Parameter(
        "model",
        "choice",
        DEFAULT_MODEL,
        "Model",
        "Which model chooses the colours, by its name; on the command line and in Python a file of "
        "weights will do as well.",
        "predict",
    ),
    Parameter(
        "working_size",
        "int",
        256,
        "Working size",
        "How large the photograph is when the network looks at it (its short side). Larger sees "
        "more small things, smaller keeps large areas more even.",
        "predict",
        128,
        1024,
        32,
        unit="px",
    ),
    Parameter(
        "temperature",
        "float",
        0.7,
        "Vividness",
        "Vivid takes the likeliest colour, which is bolder and more often wrong; calm takes the "
        "average of all likely colours. The value is the temperature of the annealed mean: 0 is "
        "the most vivid (100 % on the page), 1 the calmest (0 %).",
        "render",
        0.0,
        1.0,
        0.01,
    ),
    Parameter(
        "rebalancing",
        "float",
        0.5,
        "Rare colours",
        "How readily colours are chosen that are rare in photographs, such as strong reds and "
        "blues: at 0 as rarely as they occur; towards 1 (100 %) and above bolder, and more often "
        "wrong. Pictures that are likely to be colourful get more of it than others.",
        "render",
        0.0,
        2.0,
        0.05,
        unit="×",
    ),
    Parameter(
        "coherence",
        "float",
        1.0,
        "Evenness",
        "How far a thing has one colour: at 0 every place is coloured by itself, which is patchy; "
        "at 1 (100 %) places that belong together settle on a colour together.",
        "render",
        0.0,
        1.0,
        0.05,
    ),
    Parameter(
        "second_look",
        "float",
        1.0,
        "Second look",
        "How far a small network that sees the whole picture may change what the large one chose "
        "place by place. It acts on what Evenness makes of the colours; models without it go "
        "without.",
        "render",
        0.0,
        1.0,
        0.05,
    ),
    Parameter(
        "saturation",
        "float",
        1.0,
        "Saturation",
        "How strong the colours are: 0 is grey, 1 (100 %) leaves them as they are, 2 doubles them.",
        "render",
        0.0,
        2.0,
        0.05,
        unit="×",
    ),
    Parameter(
        "warmth",
        "float",
        0.0,
        "Warmth",
        "Makes everything warmer (above 0, towards yellow) or cooler (below 0, towards blue); "
        "added to b*.",
        "render",
        -30.0,
        30.0,
        0.5,
        unit="b*",
    ),
    Parameter(
        "tint",
        "float",
        0.0,
        "Tint",
        "Makes everything pinker (above 0, towards magenta) or greener (below 0); added to a*.",
        "render",
        -30.0,
        30.0,
        0.5,
        unit="a*",
    ),
    Parameter(
        "cast_removal",
        "float",
        0.5,
        "Cast removal",
        "How much of an overall cast of the colours, often brownish, is taken away: 0 none, 1 "
        "(100 %) all that was measured. With half of it or more, a picture that would be brown all "
        "over is given the other colours that are likely in it.",
        "render",
        0.0,
        1.0,
        0.05,
    ),
    Parameter(
        "strength",
        "float",
        1.0,
        "Strength",
        "How much colour is blended in: 0 is the original, 1 (100 %) the full colours.",
        "render",
        0.0,
        1.0,
        0.05,
    ),
    Parameter(
        "edge_refinement",
        "float",
        1.0,
        "Edge refinement",
        "How closely colours follow the edges in the photograph: 0 lets them run softly across "
        "(plain bilinear enlargement), 1 (100 %) keeps to the edges.",
        "render",
        0.0,
        1.0,
        0.05,
    ),
)

PARAMETERS: dict[str, Parameter] = {p.name: p for p in _ALL}


@dataclass(frozen=True)
class Preset:
    """A look with a name: the parameters that it changes, and to what."""

    name: str
    label: str
    help: str
    changes: Mapping[str, Any]


PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset("natural", "Natural", "The default settings.", {}),
        Preset(
            "vivid",
            "Vivid",
            "Likelier and rarer colours, strong, and more often wrong.",
            {"temperature": 0.4, "rebalancing": 0.8, "saturation": 1.15},
        ),
        Preset(
            "muted",
            "Muted",
            "Calm and pale, where little may be wrong.",
            {"temperature": 1.0, "rebalancing": 0.0, "saturation": 0.8},
        ),
        Preset(
            "hand-tinted",
            "Hand-tinted",
            "Like a hand-coloured postcard: gentle, soft at the edges, a little warm.",
            {"saturation": 0.85, "warmth": 6.0, "edge_refinement": 0.0,
             "strength": 0.9},
        ),
    )
}  # fmt: skip


def _default(name: str) -> Any:
    return field(default=PARAMETERS[name].default)


@dataclass(frozen=True)
class Settings:
    """A full set of parameters. Values are checked and converted on construction.

    Raises:
        InvalidSetting: if a value is not of its parameter's type or outside its range.
    """

    model: str = _default("model")
    working_size: int = _default("working_size")
    temperature: float = _default("temperature")
    rebalancing: float = _default("rebalancing")
    coherence: float = _default("coherence")
    second_look: float = _default("second_look")
    saturation: float = _default("saturation")
    warmth: float = _default("warmth")
    tint: float = _default("tint")
    cast_removal: float = _default("cast_removal")
    strength: float = _default("strength")
    edge_refinement: float = _default("edge_refinement")

    def __post_init__(self) -> None:
        for parameter in _ALL:
            value = parameter.parse(getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Settings:
        """Build from names and values (numbers or text); unknown names raise InvalidSetting."""
        return cls().with_changes(values)

    def with_changes(self, values: Mapping[str, Any]) -> Settings:
        """Return a copy with some parameters changed; unknown names raise InvalidSetting."""
        unknown = sorted(set(values) - set(PARAMETERS))
        if unknown:
            raise InvalidSetting(
                f"Unknown parameter {', '.join(map(repr, unknown))}; known are "
                f"{', '.join(PARAMETERS)}.{suggestion(unknown[0], PARAMETERS)}"
            )
        return replace(self, **dict(values))

    @classmethod
    def preset(cls, name: str) -> Settings:
        """The settings of one of :data:`PRESETS`; unknown names raise InvalidSetting."""
        if name not in PRESETS:
            raise InvalidSetting(f"preset must be one of {', '.join(PRESETS)}, not {name!r}.")
        return cls().with_changes(PRESETS[name].changes)

    def as_dict(self) -> dict[str, Any]:
        """All parameters as plain numbers and text, in their order of definition."""
        return asdict(self)

    def changes(self) -> dict[str, Any]:
        """Only the parameters that differ from their defaults."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if getattr(self, f.name) != PARAMETERS[f.name].default
        }


def parse_assignments(text: str | Iterable[str]) -> dict[str, str]:
    """Split ``"temperature=1.0,saturation=1.2"`` into names and values (not yet checked).

    Raises:
        InvalidSetting: if a part is not of the form ``name=value``.
    """
    parts = text.split(",") if isinstance(text, str) else list(text)
    values: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.strip().partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InvalidSetting(f"{part!r} is not of the form name=value.")
        values[name.strip()] = value.strip()
    return values
