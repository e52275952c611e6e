r"""Colours between key frames: carried along the motion from the one before and from the one after.

With the ways W_a, W_b from frame t back to key frame a and on to key frame b (:mod:`.flow`), and
what they have there, x_a and x_b,

    x_t = sum_k u_k W_k x_k / sum_k u_k,    u_a = (1 - s)(v_a + LEAST),  u_b = s (v_b + LEAST)

s = (t - a) / (b - a), so that at a key frame its own colours are whole and change is gradual; v is
how well a way holds, and that the lightness it brings along is the frame's (:func:`agreement`):
what only one of the key frames shows takes its colours from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..color.upsample import LinearColour
from .flow import Way, remapped

Array = NDArray[np.float32]
Grey = NDArray[np.uint8]

#: share of a way that does not hold
LEAST = 0.01
#: difference of grey, of 255, over which what was carried is something else
GREY_SCALE = 14.0
#: px over which grey is compared
_BLUR = 2.0


def agreement(here: Grey, there: Grey, way: Way) -> Array:
    """How much the grey that a way brings along is the one that is here, (h, w) 0..1.

    A difference of the whole picture, as of films that flicker, does not count.
    """
    step = here.astype(np.float32) - remapped(there.astype(np.float32), way.flow)
    step -= np.float32(np.median(step))
    step = np.asarray(cv2.GaussianBlur(step, (0, 0), _BLUR), np.float32)
    return np.asarray(np.exp(-((step / np.float32(GREY_SCALE)) ** 2)))


def trusted(way: Way, here: Grey, there: Grey) -> Way:
    """The way, holding only where grey agrees too."""
    return Way(way.flow, way.holds * agreement(here, there, way))


def back_ways(steps: Sequence[tuple[Way, Way]]) -> Iterator[Way]:
    """From each frame after the first back to it.

    Args:
        steps: of each frame after the first to the one before it and back, see
            :meth:`.flow.Motion.between`; they may be halved.
    """
    way: Way | None = None
    for step, _ in steps:
        back = step.whole()
        way = back if way is None else way.after(back)
        yield way


def on_ways(steps: Sequence[tuple[Way, Way]]) -> list[Way]:
    """From each frame but the last on to it; arguments as for :func:`back_ways`."""
    ways: list[Way] = []
    for _, step in reversed(steps):
        on = step.whole()
        ways.append(on if not ways else ways[-1].after(on))
    return ways[::-1]


def packed(colour: LinearColour, height: int, width: int) -> Array:
    """Slope and offset at the size of the flow, (h, w, 4)."""
    planes = np.concatenate([colour.slope, colour.offset]).transpose(1, 2, 0)
    size = (width, height)
    return np.asarray(cv2.resize(planes, size, interpolation=cv2.INTER_AREA), np.float32)


def unpacked(planes: Array) -> LinearColour:
    """The other way round."""
    parts = np.ascontiguousarray(planes.transpose(2, 0, 1))
    return LinearColour(parts[:2], parts[2:])


def between(
    first: Array, last: Array, greys: Sequence[Grey], steps: Sequence[tuple[Way, Way]]
) -> Iterator[Array]:
    """What the frames between two key frames have, (h, w, k) each.

    Args:
        first, last: what the key frames have.
        greys: of the first key frame, those between and the last, n + 2.
        steps: of each but the first, n + 1.
    """
    count = len(steps)
    ways_on = on_ways(steps)
    for number, way in enumerate(back_ways(steps), 1):
        if number == count:
            return
        share = np.float32(number / count)
        here = greys[number]
        back = trusted(way, here, greys[0])
        on = trusted(ways_on[number], here, greys[-1])
        one = ((1 - share) * (back.holds + np.float32(LEAST)))[..., None]
        other = (share * (on.holds + np.float32(LEAST)))[..., None]
        mixed = (one * back.carried(first) + other * on.carried(last)) / (one + other)
        yield np.asarray(mixed, np.float32)
