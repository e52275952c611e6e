"""What a person knows of a photograph: colours of places, a picture of like palette, words.

A :class:`Guidance` belongs to one photograph, as :class:`~colorizer.settings.Settings` do to any;
:func:`colorizer.render` takes both. It is written to JSON and read from it, with a version:

    {"version": 1,
     "hints": [{"x": 0.42, "y": 0.61, "colour": "#1f3a5f", "reach": 1.0}, ...],
     "reference": {"name": "other.jpg", "amount": 0.7, "palette": [313 shares]},
     "words": {"text": "a woman in a red coat, autumn", "amount": 1.0}}
"""

from __future__ import annotations

from .guidance import MOST_HINTS, VERSION, Guidance
from .hint import KEEP_GREY, MOST_AB, REACHES, Hint
from .reference import AMOUNT, Reference, amount_of
from .words import MOST_CHARACTERS, WORDS_AMOUNTS, Words, words_amount_of

__all__ = [
    "AMOUNT",
    "KEEP_GREY",
    "MOST_AB",
    "MOST_CHARACTERS",
    "MOST_HINTS",
    "REACHES",
    "VERSION",
    "WORDS_AMOUNTS",
    "Guidance",
    "Hint",
    "Reference",
    "Words",
    "amount_of",
    "words_amount_of",
]
