"""Which words of some captions are things, and which say nothing of colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..words.colours import SHADES, is_colour
from ..words.grammar import singulars, tokens_of
from ..words.lexicon import (
    CLOTHES,
    COPULA,
    EVERYWHERE,
    FUNCTION,
    LOOKS,
    PEOPLE,
    QUALITIES,
    SAME,
    THINGS_IN_ING,
    WEARING,
    words_of,
)

#: a word of fewer occurrences is not learned
LEAST = 5
#: share of a verb's, and of another word's, occurrences that follow an article, a number, a
#: preposition or a colour, above which it is taken for a thing
_VERBS, _OTHERS = 0.45, 0.3
_BEFORE_THINGS = words_of(
    "a an the his her their its two three four five some several many of with in on into "
    "through near at by over under along across and"
)


def vocabulary_of(captions: Iterable[str]) -> tuple[list[str], list[str]]:
    """The things that captions name, in the singular, and other words of theirs; both sorted.

    Who is a person, and what people look like, are neither (:mod:`..words.lexicon`).
    """
    total: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for caption in captions:
        before = "the"
        for token in tokens_of(caption):
            if token[0].isalpha():
                total[token] += 1
                named[token] += before in _BEFORE_THINGS or is_colour((before,))
            before = token
    things: Counter[str] = Counter()
    ignored = []
    for word, count in total.items():
        if not _may_be_learned(word):
            continue
        if _is_thing(word, named[word] / count, total):
            things[_singular(word, total)] += count
        elif count >= LEAST:
            ignored.append(word)
    found = {thing for thing, count in things.items() if count >= LEAST}
    found = {SAME.get(thing, thing) for thing in found} - PEOPLE | {CLOTHES, "person"}
    return sorted(found), sorted(set(ignored) | (QUALITIES & total.keys()))


def _may_be_learned(word: str) -> bool:
    grammar = FUNCTION | COPULA | WEARING | SHADES | QUALITIES | LOOKS | PEOPLE
    return word not in grammar and not is_colour((word,)) and word.isascii() and len(word) > 1


def _is_thing(word: str, share: float, total: Counter[str]) -> bool:
    if word in EVERYWHERE or word in SAME or word in THINGS_IN_ING:
        return True
    if word.endswith(("ing", "ly")):
        return False
    verb = any(f"{stem}ing" in total for stem in _stems(word)) or word.endswith("ed")
    return share >= (_VERBS if verb else _OTHERS)


def _stems(word: str) -> set[str]:
    forms = {word, *singulars(word)}
    return forms | {f[:-1] for f in forms if f.endswith("e")} | {f + f[-1] for f in forms}


def _singular(word: str, total: Counter[str]) -> str:
    """The singular, if the captions have it."""
    return next((form for form in singulars(word) if total[form]), word)
