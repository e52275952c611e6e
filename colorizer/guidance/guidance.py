"""All that is known of one photograph, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidGuidance
from .checks import listed, of_type, only, short
from .hint import Hint
from .reference import Reference
from .words import Words

#: hints of one photograph at the most
MOST_HINTS = 200
VERSION = 1
#: characters of a guidance in JSON: 200 hints and a palette with room to spare
_LONGEST = 100_000


@dataclass(frozen=True)
class Guidance:
    """What is known of one photograph. Hints win over words; words go with a reference.

    Attributes:
        hints: at most 200; where two are at one place the later one counts.
        reference: a picture of like palette, or None.
        words: what is on it, or None.

    Raises:
        InvalidGuidance: if there are too many hints, or something is of another type.
    """

    hints: tuple[Hint, ...] = ()
    reference: Reference | None = None
    words: Words | None = None

    def __post_init__(self) -> None:
        hints = listed(self.hints, f"Hints are a list of them, not {short(self.hints)}.")
        object.__setattr__(self, "hints", tuple(hints))
        for hint in self.hints:
            of_type(hint, Hint, "A hint")
        if self.reference is not None:
            of_type(self.reference, Reference, "A reference")
        if self.words is not None:
            of_type(self.words, Words, "What words say")
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
                f"Hints of version {VERSION} are read, not {short(data.get('version'))}."
            )
        only(data, ("version", "hints", "reference", "words"), "Hints")
        hints = data.get("hints", [])
        if not isinstance(hints, list) or not all(isinstance(hint, Mapping) for hint in hints):
            raise InvalidGuidance("The hints are a list of objects with x, y and colour.")
        for hint in hints:
            only(hint, ("x", "y", "colour", "reach"), "A hint")
            if missing := {"x", "y", "colour"} - hint.keys():
                raise InvalidGuidance(f"A hint has no {min(missing)}.")
        reference = data.get("reference")
        if reference is not None:
            if not isinstance(reference, Mapping) or not isinstance(reference.get("palette"), list):
                raise InvalidGuidance("A reference is an object with a palette and an amount.")
            only(reference, ("name", "amount", "palette"), "A reference")
            reference = Reference(**{**reference, "palette": tuple(reference["palette"])})
        words = data.get("words")
        if words is not None:
            if not isinstance(words, Mapping) or "text" not in words:
                raise InvalidGuidance("Words are an object with a text and an amount.")
            only(words, ("text", "amount"), "Words")
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
