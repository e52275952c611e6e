"""Colours of all frames of a stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from ..color.upsample import LinearColour
from ..settings import Settings
from .carrying import back_ways, between, on_ways, packed, trusted, unpacked
from .film import FilmGuidance
from .flow import Way
from .hinting import strokes_of
from .settling import Known, settled
from .stretches import Stretch


def coloured(
    stretch: Stretch,
    settings: Settings,
    guidance: FilmGuidance | None = None,
    before: Known | None = None,
    seconds: Callable[[int], float] = float,
) -> tuple[Iterator[LinearColour], Known]:
    """Colours of the frames that a stretch shows, one after the other.

    Args:
        guidance: of the film.
        before: of the stretch before, if this one goes on with its shot.
        seconds: of a pts.

    Returns:
        The colours, and what is known for the next stretch.
    """
    ways = [_between_keys(stretch, a, b) for a, b in pairwise(stretch.keys)]
    guidance = guidance or FilmGuidance()
    earlier = before.strokes if before else ()
    strokes = strokes_of(stretch, guidance.hints, earlier, seconds)
    keys, known = settled(
        stretch.predictions, ways, settings, guidance.reference, strokes, before, guidance.words
    )
    stretch.predictions.clear()  # megabytes each, and no more needed
    return _of_frames(stretch, keys), known


def _between_keys(stretch: Stretch, a: int, b: int) -> tuple[Way, Way]:
    steps = stretch.steps[a:b]
    *_, back = back_ways(steps)
    on = on_ways(steps)[0]
    one, other = stretch.greys[a], stretch.greys[b]
    return trusted(back, other, one), trusted(on, one, other)


def _of_frames(stretch: Stretch, keys: list[LinearColour]) -> Iterator[LinearColour]:
    height, width = stretch.greys[0].shape
    planes = [packed(key, height, width) for key in keys]
    for number, (a, b) in enumerate(pairwise(stretch.keys)):
        yield unpacked(planes[number])
        found = between(
            planes[number], planes[number + 1], stretch.greys[a : b + 1], stretch.steps[a:b]
        )
        yield from map(unpacked, found)
    if stretch.ends:
        yield unpacked(planes[-1])
