"""Names of colours."""

from __future__ import annotations

import pytest

from colorizer.words import colours
from colorizer.words.colours import hex_of, is_colour
from colorizer.words.languages import translations


@pytest.mark.parametrize(
    "name", ["red", "navy", "dark red", "navy blue", "sky blue", "light grey", "light-gray", "gold"]
)
def test_names_are_known(name: str) -> None:
    assert is_colour(tuple(name.split()))
    assert hex_of(name).startswith("#")
    assert len(hex_of(name)) == 7


@pytest.mark.parametrize("name", ["sand", "grass", "wine", "snow", "car", "dark", "red car", ""])
def test_things_are_no_colours(name: str) -> None:
    assert not is_colour(tuple(name.split()) or ("",))


def test_every_name_that_is_taken_for_a_colour_has_one() -> None:
    for name in colours._PLAIN:
        assert int(hex_of(name)[1:], 16) >= 0


def test_a_shade_that_no_list_has_is_its_colour() -> None:
    assert hex_of("vivid cyan") == hex_of("cyan")


def test_translated_colours_are_colours() -> None:
    for word in ("rotes", "hellblau", "verte", "azules"):
        assert is_colour(tuple(translations()[word].split()))


def test_what_is_no_colour_has_none() -> None:
    with pytest.raises(KeyError):
        hex_of("zyzzyva")
