"""Hints of a film: a place that is given a colour at a time goes with the motion, within its shot.

It is followed from frame to frame, back to the stretch's first frame and on to the shot's last one,
as long as the motion holds there and it is in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..color.hints import Stroke
from .film import FilmHint
from .flow import Way
from .stretches import Stretch

#: of a way, at the place of a hint
LEAST_HELD = 0.15


def strokes_of(
    stretch: Stretch,
    hints: Sequence[FilmHint],
    before: Sequence[Stroke],
    seconds: Callable[[int], float],
) -> list[list[Stroke]]:
    """Where the hints are in each key frame of a stretch.

    Args:
        hints: of the film.
        before: where those of the part of the shot before are in the first frame.
        seconds: of a pts.
    """
    count = len(stretch.pts)
    found: list[list[Stroke]] = [[] for _ in range(count)]
    times = [seconds(pts) for pts in stretch.pts]
    over = _over(stretch, times, seconds) - 1e-6
    for stroke in before:
        _follow(stretch, stroke, 0, 1, found)
    for hint in hints:
        number = max((i for i in range(count) if times[i] <= hint.time + 1e-6), default=None)
        if number is None or (number == count - 1 and hint.time >= over):
            continue
        given = hint.hint
        stroke = Stroke(given.y, given.x, given.ab, given.reach, given.lightness)
        _follow(stretch, stroke, number, 1, found)
        _follow(stretch, stroke, number, -1, found, with_first=False)
    return [found[key] for key in stretch.keys]


def _over(stretch: Stretch, times: Sequence[float], seconds: Callable[[int], float]) -> float:
    """From when on hints are not the last frame's: none is if it is the next stretch's, too."""
    if not stretch.ends:
        return -math.inf
    if stretch.until is not None:
        return seconds(stretch.until)
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 0.05)


def _follow(
    stretch: Stretch,
    stroke: Stroke,
    number: int,
    direction: int,
    found: list[list[Stroke]],
    with_first: bool = True,
) -> None:
    if with_first:
        found[number].append(stroke)
    while 0 <= number + direction < len(found):
        back, on = stretch.steps[number if direction > 0 else number - 1]
        moved = _moved(stroke, on if direction > 0 else back)
        if moved is None:
            return
        stroke = moved
        number += direction
        found[number].append(stroke)


def _moved(stroke: Stroke, way: Way) -> Stroke | None:
    height, width = way.holds.shape
    row, column = stroke.pixel(height, width)
    if way.holds[row, column] < LEAST_HELD:
        return None
    x = stroke.x + float(way.flow[row, column, 0]) / width
    y = stroke.y + float(way.flow[row, column, 1]) / height
    if not (0 <= x < 1 and 0 <= y < 1):
        return None
    return replace(stroke, x=x, y=y)
