"""What is on a photograph, and of what colour, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import InvalidGuidance
from .checks import number, short

#: how strongly words count: none, as the model learned, twice that
WORDS_AMOUNTS = (0.0, 2.0)
#: characters of words at the most
MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Words:
    """What is on a photograph, and of what colour: "a woman in a red coat, autumn".

    Attributes:
        text: a sentence or a list, 1..1000 characters; :func:`colorizer.words.understand` says
            what is made of it.
        amount: 0..2; 1 is as the model of words was trained.

    Raises:
        InvalidGuidance: if one of them is not right.
    """

    text: str
    amount: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InvalidGuidance(f"Words are text, not {short(self.text)}.")
        text = " ".join(self.text.split())
        if not text:
            raise InvalidGuidance("The words are empty.")
        if len(text) > MOST_CHARACTERS:
            raise InvalidGuidance(f"Words of more than {MOST_CHARACTERS} characters are not read.")
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "amount", words_amount_of(self.amount))


def words_amount_of(value: Any) -> float:
    """How strongly words count, 0..2.

    Raises:
        InvalidGuidance: if it is not that.
    """
    amount = number(value, "The amount of words")
    low, high = WORDS_AMOUNTS
    if not low <= amount <= high:
        raise InvalidGuidance(
            f"The amount of words must be between {low:g} and {high:g}, not {amount:g}."
        )
    return amount
