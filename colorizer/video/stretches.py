r"""A film in stretches: shots, or parts of long ones, with their motion and their key frames.

A new shot begins where the motion found between two frames holds hardly anywhere, both ways, and
what it brings along is another grey than what is there:

    mean of holds < :data:`LEAST_HELD`   and   mean |grey - carried grey| > :data:`LEAST_STEP`

Fades and camera moves hold, and flicker changes grey alone. A key frame, which the network sees, is
the first and the last frame of a shot, and every frame to which less than :data:`LEAST_TRUST` of
the one before can be carried, or :data:`MOST_BETWEEN` frames after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..prediction import Prediction
from .carrying import Grey, trusted
from .flow import Motion, Way, remapped, small
from .reading import Frame

#: mean of holds in a shot; at cuts it is below 0.2
LEAST_HELD = 0.3
#: of 255, mean over the picture; at cuts it is above 15
LEAST_STEP = 8.0
#: mean trust in what is carried from a key frame
LEAST_TRUST = 0.8
#: frames from one key frame to the next
MOST_BETWEEN = 24
LEAST_BETWEEN = 3
#: frames of a stretch: with its motion a third of a megabyte each
MOST_FRAMES = 64


@dataclass
class Stretch:
    """Frames of one shot, one after the other.

    Attributes:
        begins: whether the shot begins with it.
        ends: whether the shot ends with it; else its last frame is a key frame, and the first one
            of the next stretch, too.
        until: pts from which on its last frame is not shown any more; None: that is not known.
        pts: of its frames.
        greys: of its frames, see :func:`.flow.small`.
        steps: of each frame but the first, see :meth:`.flow.Motion.between`, halved.
        keys: which frames are key frames, the first and the last among them.
        predictions: of the key frames.
    """

    begins: bool
    ends: bool = False
    until: int | None = None
    pts: list[int] = field(default_factory=list)
    greys: list[Grey] = field(default_factory=list)
    steps: list[tuple[Way, Way]] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)

    @property
    def shown(self) -> int:
        """How many of its frames are not those of the next stretch."""
        return len(self.pts) - (not self.ends)


def is_cut(before: Grey, after: Grey, back: Way, on: Way) -> bool:
    """Whether a new shot begins with ``after``."""
    if max(float(back.holds.mean()), float(on.holds.mean())) >= LEAST_HELD:
        return False
    step = after.astype(np.float32) - remapped(before.astype(np.float32), back.flow)
    return float(np.abs(step).mean()) > LEAST_STEP


def stretches(
    frames: Iterable[Frame],
    predict: Callable[[Frame], Prediction],
    every: int | None = None,
    begins: bool = True,
) -> Iterator[Stretch]:
    """Cut a film up.

    Args:
        frames: of the film, in their order.
        predict: what the network says of a frame.
        every: frames from one key frame to the next, :data:`MOST_FRAMES` at most; None: by the
            motion.
        begins: whether a shot begins with the first frame.
    """
    motion = Motion()
    most = MOST_BETWEEN if every is None else min(every, MOST_FRAMES)
    current = Stretch(begins)
    last: Frame | None = None
    way: Way | None = None  # from the frame back to the last key frame

    def key(frame: Frame) -> None:
        current.keys.append(len(current.pts) - 1)
        current.predictions.append(predict(frame))

    def append(frame: Frame, grey: Grey) -> None:
        current.pts.append(frame.pts)
        current.greys.append(grey)

    for frame in frames:
        grey = small(frame.luma, frame.levels)
        if last is None:
            append(frame, grey)
            key(frame)
            last = frame
            continue
        back, on = motion.between(current.greys[-1], grey)
        if is_cut(current.greys[-1], grey, back, on):
            if current.keys[-1] != len(current.pts) - 1:
                key(last)
            current.ends, current.until = True, frame.pts
            yield current
            current, way = Stretch(True), None
            append(frame, grey)
            key(frame)
            last = frame
            continue
        current.steps.append((back.halved(), on.halved()))
        append(frame, grey)
        last = frame
        way = back if way is None else way.after(back)
        distance = len(current.pts) - 1 - current.keys[-1]
        if distance < most and not (
            every is None
            and distance >= LEAST_BETWEEN
            and trusted(way, grey, current.greys[current.keys[-1]]).holds.mean() < LEAST_TRUST
        ):
            continue
        key(frame)
        way = None
        if len(current.pts) >= MOST_FRAMES:
            yield current
            prediction = current.predictions[-1]
            current = Stretch(False)
            append(frame, grey)
            current.keys.append(0)
            current.predictions.append(prediction)
    if last is not None:
        if current.keys[-1] != len(current.pts) - 1:
            key(last)
        current.ends = True
        current.until = last.pts + last.duration if last.duration else None
        yield current
