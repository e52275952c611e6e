"""What is said of a person's values that are not right; all raise InvalidGuidance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import InvalidGuidance


def number(value: Any, name: str) -> float:
    """A finite number; ``name`` is what it is called in the error."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidGuidance(f"{name} must be a number, not {short(value)}.")
    return number


def listed(value: Any, message: str) -> list[Any]:
    """The items of a list or the like; text is none."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidGuidance(message)
    return list(value)


def of_type(value: Any, kind: type, what: str) -> None:
    """Raise if a value is not of a type."""
    if not isinstance(value, kind):
        raise InvalidGuidance(f"{what} must be of type {kind.__name__}, not {short(value)}.")


def only(data: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    """Raise if there are other keys than the known ones."""
    for name in data:
        if name not in known:
            raise InvalidGuidance(f"{what} cannot have {short(name)}.")


def short(value: Any) -> str:
    """A value as an error shows it, 60 characters at most."""
    try:
        text = repr(value)
    except ValueError:  # of a whole number with thousands of digits
        text = "a huge number"
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"
