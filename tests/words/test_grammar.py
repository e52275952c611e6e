"""From sentences to phrases."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer.words.grammar import Phrase, parse
from colorizer.words.languages import translations
from colorizer.words.lexicon import words_of

THINGS = words_of(
    "coat car train dog fence wood sky grass shirt dress flower leaf ball chair autumn sunset "
    "person clothes pants street building skirt"
)
IGNORED = words_of("walking jumps runs parked")


def said(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(p.thing, p.colours) for p in parse(text, THINGS, IGNORED).phrases]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A red coat", [("coat", ("red",))]),
        ("grass", [("grass", ())]),
        ("red wooden chair", [("chair", ("red",))]),
        ("a wooden fence", [("wood", ()), ("fence", ())]),
        ("a black and white dog jumps", [("dog", ("black", "white"))]),
        ("red, white and blue skirts", [("skirt", ("red", "white", "blue"))]),
        ("The car is dark green", [("car", ("dark green",))]),
        ("dress: navy blue", [("dress", ("navy blue",))]),
        ("wine-red dresses", [("dress", ("wine red",))]),
        ("the dog's ball", [("dog", ()), ("ball", ())]),
        ("two yellow taxis", [("car", ("yellow",))]),
        ("gray buildings", [("building", ("grey",))]),
        ("pink flowers and green leaves", [("flower", ("pink",)), ("leaf", ("green",))]),
        ("a brown dog walking on grass", [("dog", ("brown",)), ("grass", ())]),
        ("mostly blue", [("", ("blue",))]),
        ("a red-and-white shirt", [("shirt", ("red", "white"))]),
    ],
)
def test_colours_belong_to_things(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize("text", ["a man in red", "woman wearing red", "dressed in red"])
def test_a_colour_that_is_worn_is_of_clothes(text: str) -> None:
    assert ("clothes", ("red",)) in said(text)


@pytest.mark.parametrize(
    ("text", "thing", "colour"),
    [
        ("ein rotes Auto", "car", "red"),
        ("der dunkelblaue Mantel", "coat", "dark blue"),
        ("une femme en manteau rouge", "coat", "red"),
        ("un coche amarillo", "car", "yellow"),
        ("el cielo azul", "sky", "blue"),
    ],
)
def test_other_languages(text: str, thing: str, colour: str) -> None:
    found = parse(text, THINGS)
    assert (thing, (colour,)) in [(p.thing, p.colours) for p in found.phrases]
    assert found.unknown == ()


@pytest.mark.parametrize("text", ["ein grüner Mantel", "un árbol en otoño"])
def test_letters_may_be_apart_from_their_accents(text: str) -> None:
    """As macOS has them in names."""
    assert parse(unicodedata.normalize("NFD", text), THINGS) == parse(text, THINGS)


@pytest.mark.parametrize(
    "text", ["a white man", "The black woman", "an Asian girl", "brown hair", "the man is brown"]
)
def test_how_people_look_is_left_out_and_told(text: str) -> None:
    found = parse(text, THINGS)
    assert all(p.thing == "person" and not p.colours for p in found.phrases)
    assert found.unknown


def test_people_are_one_thing() -> None:
    assert {thing for thing, _ in said("a man, a woman and two girls")} == {"person"}


def test_unknown_words_are_told_as_they_were_written() -> None:
    found = parse("A quux and a green zyzzyva in autumn", THINGS)
    assert found.unknown == ("quux", "zyzzyva", "green")
    assert found.phrases == (Phrase("autumn", "autumn", (), True),)


def test_words_of_the_whole_picture_have_no_place() -> None:
    assert parse("sunset", THINGS).phrases[0].everywhere
    assert not parse("a red sunset", THINGS).phrases[0].everywhere


def test_known_words_that_say_nothing_are_not_told() -> None:
    assert parse("the large dog runs, parked", THINGS, IGNORED).unknown == ()


def test_every_word_of_the_table_can_be_read_by_a_model_that_knows_little() -> None:
    for word in translations():
        assert parse(word, {"person", "clothes"}).unknown in ((), (word,))
    assert parse("sand, uniform, winter", {"person"}).unknown == ("sand", "uniform", "winter")


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = parse(text, THINGS, IGNORED)
    assert all(p.thing in THINGS or not p.thing for p in found.phrases)
