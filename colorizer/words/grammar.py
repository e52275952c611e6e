"""From a sentence to phrases: things, and the colours that are said of them. Plain rules, English.

* A colour belongs to the last thing of the words that follow it ("red wooden chair": chair), to
  the thing before "is" ("the car is red"), to the clothes if nothing follows "in" or "wearing", and
  to the thing before it if it is in a language that says so ("manteau rouge"). A colour of its own
  ("mostly blue") belongs to the whole picture.
* Things without a colour are phrases too: "grass" says something by itself.
* People are one thing, whoever they are, and have no colours; how people look is left out.

Words of other languages are looked up in a table (:mod:`.languages`). What is neither in it nor
among the things that the model knows, nor a word of grammar, is returned as unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .colours import MOST_WORDS, SHADES, is_colour, spelled
from .languages import translations
from .lexicon import (
    CLOTHES,
    COPULA,
    EVERYWHERE,
    FUNCTION,
    JOINING,
    LOOKS,
    PEOPLE,
    QUALITIES,
    SAME,
    THINGS_IN_ING,
    WEARING,
)

#: what people are called
PERSON = "person"
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|[.,;:!?&]")


@dataclass(frozen=True)
class Phrase:
    """What a sentence says of one thing.

    Attributes:
        text: as it was written, without what is between: "red coat".
        thing: what the model calls it, in the singular; "" for the picture as a whole.
        colours: their names, in English; () if none was said.
        everywhere: whether it is for the whole palette rather than for a place.
    """

    text: str
    thing: str
    colours: tuple[str, ...] = ()
    everywhere: bool = False


@dataclass(frozen=True)
class Understanding:
    """What was made of a sentence.

    Attributes:
        phrases: in the order in which they were said; every thing once for each set of colours.
        unknown: words that say nothing to the model, as they were written.
    """

    phrases: tuple[Phrase, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass
class _Word:
    """A token: its kind is "colour", "thing", "person", "looks", "unknown", "small" or "stop"."""

    kind: str
    written: str
    name: str
    #: whether it was said in another language
    foreign: bool = False


def parse(text: str, things: Collection[str], ignored: Collection[str] = ()) -> Understanding:
    """The phrases of a sentence.

    Args:
        things: what the model knows, in the singular and in lower case.
        ignored: words that are known to say nothing of colours: verbs, most adjectives.
    """
    words = list(_words(text, things, ignored))
    phrases: list[Phrase] = []
    unknown: list[str] = [w.written for w in words if w.kind == "unknown"]
    index = 0
    while index < len(words):
        word = words[index]
        if word.kind == "colour":
            index, found, left_out = _coloured(words, index, phrases)
            phrases = found
            unknown += left_out
            continue
        if word.kind == "looks":
            unknown.append(word.written)
        elif word.kind in ("thing", "person"):
            phrases.append(_phrase(word.written, word.name))
        index += 1
    return Understanding(tuple(dict.fromkeys(phrases)), tuple(dict.fromkeys(unknown)))


def _coloured(
    words: list[_Word], index: int, phrases: list[Phrase]
) -> tuple[int, list[Phrase], list[str]]:
    """One or more colours from ``index`` on: the next index, all phrases, what is left out."""
    start = index
    colours = [words[index]]
    index += 1
    while index < len(words):
        joined = words[index].written in JOINING and index + 1 < len(words)
        following = index + 1 if joined else index
        if following < len(words) and words[following].kind == "colour":
            colours.append(words[following])
            index = following + 1
        else:
            break
    names = tuple(dict.fromkeys(colour.name for colour in colours))
    said = " and ".join(colour.written for colour in colours)
    run = index
    while run < len(words) and words[run].kind in ("thing", "person", "looks", "unknown"):
        if words[run].kind == "person" and run > index:
            break
        run += 1
    before = words[start - 1] if start else None
    heads = [w for w in words[index:run] if w.kind != "unknown"]
    # after the thing, as in French, or in a list: "coat red"
    after = before is not None and before.kind == "thing" and bool(phrases)
    if after and (colours[0].foreign or not heads):
        last = phrases.pop()
        return index, [*phrases, _phrase(f"{last.text} {said}", last.thing, names)], []
    if heads:
        head = heads[-1]
        if head.kind == "thing":
            return run, [*phrases, _phrase(f"{said} {head.written}", head.name, names)], []
        left_out = [f"{said} {head.written}"]
        if head.kind == "person":
            phrases = [*phrases, _phrase(head.written, head.name)]
        return run, phrases, left_out
    if run > index:  # of something that is not known
        return run, phrases, [said]
    if before is not None and before.written in WEARING:
        return index, [*phrases, _phrase(said, CLOTHES, names)], []
    if before is not None and before.written in COPULA and phrases:
        last = phrases[-1]
        if last.thing == PERSON:
            return index, phrases, [said]
        if not last.colours:
            return index, [*phrases[:-1], _phrase(f"{said} {last.text}", last.thing, names)], []
    return index, [*phrases, Phrase(said, "", names, True)], []


def _phrase(text: str, thing: str, colours: tuple[str, ...] = ()) -> Phrase:
    return Phrase(text, thing, colours, thing in EVERYWHERE and not colours)


def tokens_of(text: str) -> list[str]:
    """Words in lower case and marks of punctuation."""
    composed = unicodedata.normalize("NFC", text)  # a letter and its accent are one
    return [t.lower().replace("’", "'").removesuffix("'s") for t in _TOKEN.findall(composed)]


def _words(text: str, things: Collection[str], ignored: Collection[str]) -> Iterator[_Word]:
    tokens = [part for token in tokens_of(text) for part in _parts(token, things, ignored)]
    index = 0
    while index < len(tokens):
        if count := _colour_at(tokens, index):
            name = " ".join(tokens[index : index + count])
            yield _Word("colour", name, spelled(name))
            index += count
            continue
        yield _word(tokens[index], things, ignored)
        index += 1


def _parts(token: str, things: Collection[str], ignored: Collection[str]) -> list[str]:
    """A word with hyphens that is not known as it is, taken apart."""
    known = token in FUNCTION or token in LOOKS or token in ignored or _thing(token, things)
    if "-" not in token or known or is_colour((token,)):
        return [token]
    return token.split("-")


def _colour_at(tokens: list[str], index: int) -> int:
    """How many words the name of a colour has that begins here; 0 if none does."""
    for count in range(MOST_WORDS, 0, -1):
        words = tuple(tokens[index : index + count])
        if len(words) == count and all(w.isalpha() or "-" in w for w in words) and is_colour(words):
            return count
    return 0


def _word(token: str, things: Collection[str], ignored: Collection[str]) -> _Word:
    word = _english(token, things, ignored)
    meaning = translations().get(token) if word is None else None
    if word is not None or meaning is None:
        return word or _Word("unknown", token, token)
    if not meaning:
        return _Word("small", token, token)
    if is_colour(tuple(meaning.split())):
        return _Word("colour", token, meaning, True)
    word = _english(meaning, things, ignored)  # not looked up again: it may mean itself
    return _Word(word.kind, token, word.name, True) if word else _Word("unknown", token, meaning)


def _english(token: str, things: Collection[str], ignored: Collection[str]) -> _Word | None:
    """What English and the model make of a word; None if they do not know it."""
    if not token[0].isalpha():
        return _Word("small" if token in JOINING or token in COPULA else "stop", token, token)
    grammar = JOINING, WEARING, COPULA, FUNCTION, SHADES, QUALITIES
    if any(token in words for words in grammar):
        return _Word("small", token, token)
    if token in LOOKS:
        return _Word("looks", token, token)
    if token in PEOPLE:
        return _Word("person", token, PERSON)
    if thing := _thing(token, things):
        return _Word("thing", token, thing)
    if token in ignored:
        return _Word("stop", token, token)
    return None


def _thing(token: str, things: Collection[str]) -> str:
    """What the model calls this word; "" if it is none of the things that it knows."""
    if token.endswith("ing") and token not in THINGS_IN_ING:
        return ""
    for form in (token, *singulars(token)):
        name = SAME.get(form, form)
        if name in things:
            return name
    return ""


def singulars(word: str) -> list[str]:
    """What a word may be the plural of."""
    found = []
    if word.endswith("ies") and len(word) > 4:
        found.append(f"{word[:-3]}y")
    if word.endswith("ves"):
        found += [f"{word[:-3]}f", f"{word[:-3]}fe"]
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        found.append(word[:-1])
    return found
