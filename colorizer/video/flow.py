"""Motion between frames: dense optical flow, both ways, and where it holds.

Flow is OpenCV's DIS (Kroeger, Timofte, Dai and Van Gool, "Fast Optical Flow using Dense Inverse
Search", 2016) on small grey pictures. A flow f of a picture says where each of its places was in
another one: place x of this one is place x + f(x) of the other. It holds where going there and
back ends where it began:

    holds(x) = exp( -( |f(x) + g(x + f(x))| / (TOLERANCE + SLACK |f(x)|) )^2 )

with g the other's flow; it is nearly 0 for what the other picture does not show (Sundaram, Brox
and Keutzer, "Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow", 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .luma import Levels

Array = NDArray[np.float32]

#: px of the short side of the pictures between which flow is looked for
SHORT_SIDE = 144
#: px of each side at least: in lower ones that are wide OpenCV's search reads beyond its memory
LEAST_SIDE = 32
#: px of the way there and back
TOLERANCE, SLACK = 0.6, 0.05


def small(luma: NDArray[Any], levels: Levels) -> NDArray[np.uint8]:
    """A frame's luma (H, W) as flow is looked for in it: grey of 8 bits, :data:`SHORT_SIDE` px."""
    height, width = luma.shape
    factor = min(SHORT_SIDE / min(height, width), 1.0)
    size = max(round(width * factor), LEAST_SIDE), max(round(height * factor), LEAST_SIDE)
    found = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return np.asarray(levels.grey(found) >> 8, np.uint8)


@dataclass(frozen=True)
class Way:
    """Where each place of a picture was in another one.

    Attributes:
        flow: (h, w, 2), x and y, px.
        holds: (h, w), 0..1.
    """

    flow: Array
    holds: Array

    @classmethod
    def standing(cls, shape: tuple[int, int]) -> Way:
        """From a picture to itself."""
        return cls(np.zeros((*shape, 2), np.float32), np.ones(shape, np.float32))

    def halved(self) -> Way:
        """The same in half the memory, to be kept: float16."""
        return Way(self.flow.astype(np.float16), self.holds.astype(np.float16))

    def whole(self) -> Way:
        """What was :meth:`halved`, to be used."""
        return Way(self.flow.astype(np.float32), self.holds.astype(np.float32))

    def after(self, step: Way) -> Way:
        """First ``step``, then this way: from the step's picture to this way's other one."""
        flow = step.flow + remapped(self.flow, step.flow)
        return Way(flow, np.minimum(step.holds, remapped(self.holds, step.flow)))

    def carried(self, planes: Array) -> Array:
        """What the other picture has, (h', w', k) of any size, brought here."""
        height, width = planes.shape[:2]
        flow = self.flow
        if flow.shape[:2] != (height, width):
            flow = resized(flow, height, width)
        return remapped(planes, flow)

    def holds_at(self, height: int, width: int) -> Array:
        """``holds`` at another size."""
        if self.holds.shape == (height, width):
            return self.holds
        return np.asarray(cv2.resize(self.holds, (width, height), interpolation=cv2.INTER_AREA))


def resized(flow: Array, height: int, width: int) -> Array:
    """A flow between pictures of another size."""
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA) * scale)


def remapped(planes: Array, flow: Array) -> Array:
    """planes(x + flow(x)), bilinear; the border is repeated. (h, w) or (h, w, k)."""
    height, width = flow.shape[:2]
    places = flow + _grid(height, width)
    if planes.ndim == 3 and planes.shape[2] > 4:
        parts = [planes[..., i : i + 4] for i in range(0, planes.shape[2], 4)]
        return np.concatenate([remapped(np.ascontiguousarray(p), flow) for p in parts], axis=2)
    found = cv2.remap(planes, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(height, width, *planes.shape[2:]))


@cache
def _grid(height: int, width: int) -> Array:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y], axis=-1).astype(np.float32)


class Motion:
    """Finds flows; not for several threads at once."""

    def __init__(self) -> None:
        self._search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[Way, Way]:
        """From ``after`` back to ``before``, and from ``before`` on to ``after``."""
        back: Array = self._search.calc(after, before, None)
        on: Array = self._search.calc(before, after, None)
        return Way(back, _holds(back, on)), Way(on, _holds(on, back))


def _holds(flow: Array, other: Array) -> Array:
    error = flow + remapped(other, flow)
    length = np.hypot(flow[..., 0], flow[..., 1])
    ratio = np.hypot(error[..., 0], error[..., 1]) / (TOLERANCE + SLACK * length)
    return np.asarray(np.exp(-ratio * ratio))
