"""What is said of a film."""

from __future__ import annotations

import pytest

from colorizer.errors import InvalidGuidance
from colorizer.guidance import Hint
from colorizer.video import FilmHint
from colorizer.video.film import seconds_of


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (FilmHint(0, Hint(0.25, 0.5, "navy")), "0@0.25,0.5,navy"),
        (FilmHint(3725.0416667, Hint(0, 1, (12, -30), 0.5)), "3725.041667@0,1,12:-30,0.5"),
        (FilmHint(12.5, Hint(0.1, 0.2, "keep-grey")), "12.5@0.1,0.2,keep grey"),
    ],
)
def test_the_short_form_of_a_hint(hint: FilmHint, text: str) -> None:
    assert hint.text == text
    again = FilmHint.parse(text)
    assert again.hint == hint.hint
    assert again.time == pytest.approx(hint.time, abs=1e-6)
    assert again.text == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1:30", 90), ("0:01:30.5", 90.5), ("x", None), ("1:2:3:4", None), ("-1", None)],
)
def test_times(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_the_time_of_a_hint_may_have_minutes_and_its_colour_commas() -> None:
    hint = FilmHint.parse("1:30@0.4,0.6,navy,2")
    assert (hint.time, hint.hint.x, hint.hint.reach) == (90, 0.4, 2)
    assert FilmHint(1, Hint(0, 0, "rgb(200, 10, 10)")).text == "1@0,0,#c80a0a"


@pytest.mark.parametrize(
    "text", ["", "0.4,0.6,navy", "x@0.4,0.6,navy", "-1@0,0,navy", "nan@0,0,red", "1@0,0,blurple"]
)
def test_what_is_no_hint_is_refused(text: str) -> None:
    with pytest.raises(InvalidGuidance, match=r"\.$"):
        FilmHint.parse(text)
