"""What the pages' forms ask for: the two forms that change something, and the settings in a URL.

The settings form is made from :data:`colorizer.settings.PARAMETERS`; nothing here repeats a range,
a default or an explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import MultipleFileField

from colorizer.errors import InvalidSetting
from colorizer.guidance import Hint, Words, amount_of, words_amount_of
from colorizer.photo import WRITABLE_FORMATS
from colorizer.settings import PARAMETERS, PRESETS, Parameter, Settings
from colorizer.video import FilmHint

from ..storage.orders import FilmGuide
from ..storage.records import Treatment
from ..storage.wishes import Guide, Output

#: where a parameter stands in the form, if not under the first heading
_GROUPS = {"edge_refinement": "Detail"}
_FIRST_GROUP = "Colour"
_PREDICT_GROUP = "Advanced"

#: what a parameter that may be negative is called on either side of zero
_WORDS = {"warmth": ("cooler", "warmer"), "tint": ("greener", "pinker")}

#: the names that are written differently from their keys
_FORMAT_LABELS = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP", "tiff": "TIFF"}


class UploadForm(FlaskForm):  # type: ignore[misc] # flask-wtf has no types
    """One photograph or many."""

    files = MultipleFileField("Photographs")


class ActionForm(FlaskForm):  # type: ignore[misc]
    """A button that changes something: all it carries is the session's token."""


@dataclass(frozen=True)
class Control:
    """One parameter and its value in force, ready for a template.

    Attributes:
        parameter: its definition.
        value: in force.
        choices: what may be chosen, for a parameter of kind "choice".
        without: the changed settings less this one: what a link that resets it carries.
    """

    parameter: Parameter
    value: Any
    choices: tuple[str, ...]
    without: Mapping[str, str]

    @property
    def changed(self) -> bool:
        """Whether it differs from its default."""
        return bool(self.value != self.parameter.default)

    @property
    def text(self) -> str:
        """The value as a person reads it: "60 %", "12 warmer", "neutral", "256 px".

        Vividness is the other end of the temperature. ``controls.js`` writes the same.
        """
        if self.parameter.kind == "choice":
            return str(self.value)
        if self.words:
            return f"{abs(self.value):g} {self.words[self.value > 0]}" if self.value else "neutral"
        if self.unit != "%":
            return f"{self.value:g} {self.unit}"
        share = 1 - self.value if self.parameter.name == "temperature" else self.value
        return f"{100 * share:.0f} %"

    @property
    def unit(self) -> str:
        """What it is shown in: a fraction is shown as per cent."""
        return "%" if self.parameter.kind == "float" else self.parameter.unit

    @property
    def words(self) -> tuple[str, ...]:
        """What it is called below and above zero; empty if it is shown with its unit."""
        return _WORDS.get(self.parameter.name, ())


@dataclass(frozen=True)
class PresetLink:
    """One preset: its words, the settings its link carries, and whether they are in force."""

    name: str
    label: str
    help: str
    changes: Mapping[str, str]
    active: bool


def controls(settings: Settings, models: list[str]) -> dict[str, list[Control]]:
    """Every parameter that leaves a choice, under "Colour", "Detail" or "Advanced"."""
    groups: dict[str, list[Control]] = {_FIRST_GROUP: [], "Detail": [], _PREDICT_GROUP: []}
    changes = query_of(settings)
    for name, parameter in PARAMETERS.items():
        predicts = parameter.stage == "predict"
        group = _PREDICT_GROUP if predicts else _GROUPS.get(name, _FIRST_GROUP)
        choices = tuple(models) if name == "model" else parameter.choices
        if parameter.kind == "choice" and len(choices) < 2:
            continue
        without = {key: value for key, value in changes.items() if key != name}
        groups[group].append(Control(parameter, getattr(settings, name), choices, without))
    return groups


def presets(settings: Settings) -> list[PresetLink]:
    """Every preset, on top of the model and working size in force."""
    changes = settings.changes()
    kept = {name: value for name, value in changes.items() if PARAMETERS[name].stage == "predict"}
    links = []
    for preset in PRESETS.values():
        after = Settings.from_mapping({**kept, **preset.changes})
        links.append(
            PresetLink(preset.name, preset.label, preset.help, query_of(after), after == settings)
        )
    return links


def query_of(settings: Settings) -> dict[str, str]:
    """What differs from the defaults, as short as it can stand in an address: "12", not "12.0"."""
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in settings.changes().items()
    }


def in_words(settings: Settings) -> str:
    """What differs from the defaults, as a person reads it; empty if nothing does."""
    changed = [
        Control(PARAMETERS[name], value, (), {}) for name, value in settings.changes().items()
    ]
    return ", ".join(f"{c.parameter.label} {c.text}" for c in changed)


def settings_from(values: MultiDict[str, str]) -> Settings:
    """The settings among a query's values; empty ones are defaults, foreign names are not ours.

    Raises:
        InvalidSetting: if a value is not of its parameter's type or out of range.
    """
    return Settings.from_mapping(
        {name: values[name] for name in PARAMETERS if values.get(name, "").strip()}
    )


def output_from(values: MultiDict[str, str], default_format: str = "png") -> Output:
    """How the download is to be written, from a query's values.

    A form sends ``0`` before each ticked box's ``1``, so the last value counts.

    Raises:
        InvalidSetting: if a value is not possible.
    """
    return Output(
        format=values.get("format") or default_format,
        quality=whole_from(values, "quality", Output.quality),
        bit_depth=whole_from(values, "bit_depth", 0) or None,
        provenance=_ticked(values, "provenance", Output.provenance),
        side_by_side=_ticked(values, "side_by_side", Output.side_by_side),
        strip_private=_ticked(values, "strip_private", Output.strip_private),
    )


def treatment_from(values: MultiDict[str, str]) -> Treatment:
    """What is wanted of uploaded files, from the form's values.

    Raises:
        InvalidSetting: if a value is not possible.
    """
    colour: Any = values.get("colour") or Treatment.colour
    salvage = _ticked(values, "salvage", Treatment.salvage)
    negative = _ticked(values, "negative", Treatment.negative)
    return Treatment(salvage=salvage, colour=colour, negative=negative)


def guide_from(values: MultiDict[str, str]) -> Guide:
    """Hints, the reference and the words among a query's values.

    Raises:
        InvalidGuidance: if they are not right.
    """
    hints = tuple(Hint.parse(text) for text in values.getlist("hint") if text.strip())
    return Guide(hints, *_reference_from(values), words_from(values))


def own_from(texts: Iterable[str]) -> dict[str, tuple[Settings, Guide]]:
    """What is wanted of single photographs of a batch: of ``ID?query``, by id.

    Raises:
        InvalidSetting, InvalidGuidance: if one of them is not right.
    """
    found = {}
    for text in texts:
        id, _, query = text.partition("?")
        values = MultiDict(parse_qsl(query))
        found[id] = settings_from(values), guide_from(values)
    return found


def film_guide_from(values: MultiDict[str, str]) -> FilmGuide:
    """Hints of a film, the reference and the words among a query's values.

    Raises:
        InvalidGuidance: if they are not right.
    """
    hints = tuple(FilmHint.parse(text) for text in values.getlist("hint") if text.strip())
    return FilmGuide(hints, *_reference_from(values), words_from(values))


def _reference_from(values: MultiDict[str, str]) -> tuple[str, float]:
    amount = values.get("reference_amount", "").strip() or Guide.reference_amount
    return values.get("reference", "").strip(), amount_of(amount)


def words_from(values: MultiDict[str, str]) -> Words | None:
    """The words among a query's values; None if there are none.

    Raises:
        InvalidGuidance: if they are not right.
    """
    text = values.get("words", "").strip()
    amount = words_amount_of(values.get("words_amount", "").strip() or Words.amount)
    return Words(text, amount) if text else None


def query_of_guide(guide: Guide | FilmGuide) -> dict[str, str | list[str]]:
    """A guide as it stands in an address; what is not set is not there."""
    found: dict[str, str | list[str]] = {}
    if guide.hints:
        found["hint"] = [hint.text for hint in guide.hints]
    if guide.reference:
        found["reference"] = guide.reference
        if guide.reference_amount != Guide.reference_amount:
            found["reference_amount"] = f"{guide.reference_amount:g}"
    return found | query_of_words(guide.words)


def query_of_all(settings: Settings, guide: Guide | FilmGuide) -> dict[str, Any]:
    """Settings and a guide as they stand in an address."""
    return {**query_of(settings), **query_of_guide(guide)}


def guides_without(guide: Guide | FilmGuide) -> dict[str, dict[str, str | list[str]]]:
    """A guide as it stands in an address, without one part of it, by that part's name."""
    words = guide.words and Words(guide.words.text)
    changes: dict[str, dict[str, Any]] = {
        "hint": {"hints": ()},
        "reference": {"reference": ""},
        "reference_amount": {"reference_amount": Guide.reference_amount},
        "words": {"words": None},
        "words_amount": {"words": words},
    }
    return {part: query_of_guide(replace(guide, **change)) for part, change in changes.items()}


def query_of_words(words: Words | None) -> dict[str, str]:
    """The words as they stand in an address."""
    if words is None:
        return {}
    usual = words.amount == Words.amount
    return {"words": words.text} | ({} if usual else {"words_amount": f"{words.amount:g}"})


def format_choices() -> list[tuple[str, str]]:
    """(value, label) of the formats that results can be had in."""
    return [(name, _FORMAT_LABELS.get(name, name.upper())) for name in WRITABLE_FORMATS]


def likely_format(source: str) -> str:
    """The format to offer first for a scan of format ``source``: its own, or else PNG."""
    return source.lower() if source.lower() in WRITABLE_FORMATS else "png"


def whole_from(values: MultiDict[str, str], name: str, default: int) -> int:
    """A whole number among a query's values.

    Raises:
        InvalidSetting: if it is none.
    """
    text = values.get(name, "").strip()
    try:
        return int(text) if text else default
    except ValueError:
        raise InvalidSetting(f"{name} must be a whole number, not {text!r}.") from None


def _ticked(values: MultiDict[str, str], name: str, default: bool) -> bool:
    given = values.getlist(name)
    return given[-1].lower() in {"1", "true", "on", "yes"} if given else default
