r"""Hints: a person's colours at some places, carried on as far as the thing reaches.

The optimisation of Levin, Lischinski and Weiss ("Colorization using Optimization", 2004) as in the
colour field (:mod:`.field`), with hints as the strong strokes and the automatic colours d as weak
ones. With the system A = C + L of the photograph, and a hint of strength HOLD at each place k,

    u_k = HOLD (A + HOLD sum_k e_k e_k^T)^-1 e_k

is the share that hint k has in each place; all shares and that of the automatic colours sum to 1.
A is factorised once for a photograph; each hinted place costs one back-substitution, and a small
dense system (Woodbury's identity) joins them. With x = A^-1 C d and u = sum_k u_k,

    colour = (1 - u) d + u x + sum_k u_k (t_k - x_k)

is the solution of the whole system plus (1 - u)(d - x): where no hint reaches it is d itself, to
the bit. A hint's (a, b) follow the light: t_k = f (a, b) (L + 16) / (L_k + 16). A colour of another
lightness M than the place has is paler there, f = min(r, 1/r) with r = (M + 16) / (L_k + 16): navy
on pale cloth is greyish blue, and a bright blue on black cloth nearly black.

Hints must stay within their thing. So places are joined less over edges than in the colour field,
by lightness and by the automatic colours, which know more of things than lightness does:

    w_ij = exp(-(L_i - L_j)^2 / (2 LIGHTNESS_SCALE^2) - |y_i - y_j|^2 / (2 COLOUR_SCALE^2))
           + LEAST_AFFINITY

y are the automatic colours at the usual settings. A person means a thing, not a neighbourhood: so u
becomes u' = u^2 / (u^2 + (1 - u)^2), all shares in proportion, and 0 below LEAST_SHARE. ``reach`` r
of a hint takes u_k to the power 1 / r: its share falls off r times as slowly with the way. The
constants were chosen on validation photographs with simulated hints (docs/hints.md).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .field import MOST_PLACES, ColourField
from .upsample import enlarge, mean_of_blocks

Array = NDArray[np.float32]

#: strength of an automatic colour beside a like neighbour's 1, however sure the network is of it
STRENGTH = 1.5e-4
#: strength of a hint
HOLD = 1000.0
#: L* by which neighbours may differ and still be one thing
LIGHTNESS_SCALE = 3.5
#: Lab units by which the automatic colours of neighbours may
COLOUR_SCALE = 1.0
#: what is left over edges
LEAST_AFFINITY = 3e-5
#: all hints together have no share in a place where it would be less than this
LEAST_SHARE = 0.02
#: back-substitutions that are kept: those of as many hints as a photograph may have
_KEPT = 200


@dataclass(frozen=True)
class Stroke:
    """A hint on the grid.

    Attributes:
        y, x: its place, 0..1 from the top and the left.
        ab: its colour, Lab units.
        reach: above 0; 1 is as far as the thing goes.
        lightness: L* that the colour has itself; None is that of the place, whatever it is.
    """

    y: float
    x: float
    ab: tuple[float, float]
    reach: float = 1.0
    lightness: float | None = None

    def pixel(self, height: int, width: int) -> tuple[int, int]:
        """Row and column in a picture of that size."""
        return min(int(self.y * height), height - 1), min(int(self.x * width), width - 1)


class HintField:
    """What hints of one photograph need; any number of threads may call :meth:`painted` at once.

    Args:
        lightness: (h, w) L*, on the grid of the logits.
        colours: (2, h, w) automatic colours at the usual settings.
        size: (H, W) working size, px; the grid may reach a little over it.
        stride: side of a place, px.
    """

    def __init__(
        self,
        lightness: Array,
        colours: Array,
        size: tuple[int, int],
        stride: int,
    ) -> None:
        planes = np.concatenate([lightness[None], colours])
        while planes[0].size > MOST_PLACES:
            planes, stride = mean_of_blocks(planes, 2), 2 * stride
        self._size, self._stride = size, stride
        self._lightness = planes[0]
        own = np.full_like(planes[0], STRENGTH)
        self._field = ColourField(own, _affinity(planes, axis=2), _affinity(planes, axis=1))
        self._responses: OrderedDict[int, Array] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the grid."""
        return self._field.shape

    def painted(self, ab: Array, lightness: Array, strokes: Sequence[Stroke]) -> Array:
        """Colours with hints; where none reaches, those of ``ab`` to the bit.

        Args:
            ab: (2, H, W) automatic colours at working size, as the settings have them.
            lightness: (H, W) L* at working size.
            strokes: of two at one place of the grid the later one counts.
        """
        if not strokes:
            return ab
        height, width = self._size
        there = {self._place(stroke): stroke for stroke in strokes}
        places = list(there)
        shares = self._shares(places, np.array([s.reach for s in there.values()]))
        x = self._field.smooth(self._on_grid(ab))
        before = x.reshape(2, -1)[:, places]
        light = self._lightness.ravel()[places]
        wanted = np.array([s.ab for s in there.values()], np.float32).T
        wanted *= paler(light, [s.lightness for s in there.values()]) / (light + 16)
        together = shares.sum(axis=0)
        planes = np.concatenate(
            [
                together[None],
                np.tensordot(wanted, shares, 1),
                together * x - np.tensordot(before, shares, 1),
            ]
        )
        full = enlarge(planes, self.shape[0] * self._stride, self.shape[1] * self._stride)
        share, tinted, rest = full[:1, :height, :width], full[1:3, :height, :width], full[3:]
        coloured = tinted * (lightness + np.float32(16)) + rest[:, :height, :width]
        return np.asarray(np.where(share > 0, ab * (1 - share) + coloured, ab), np.float32)

    def shares(self, strokes: Sequence[Stroke]) -> Array:
        """u_k of the module's docstring, (n, h, w), 0..1; their sum is 1 at most."""
        places = [self._place(stroke) for stroke in strokes]
        return self._shares(places, np.array([stroke.reach for stroke in strokes]))

    def _place(self, stroke: Stroke) -> int:
        row, column = stroke.pixel(*self._size)
        return row // self._stride * self.shape[1] + column // self._stride

    def _shares(self, places: list[int], reach: NDArray[np.float64]) -> Array:
        responses = np.stack([self._response(place) for place in places])  # A^-1 e_k
        among = np.eye(len(places)) + HOLD * responses[:, places].astype(np.float64)
        mixing = (HOLD * np.linalg.inv(among)).astype(np.float32)
        shares: Array = np.maximum(mixing.T @ responses, 0)
        if (reach != 1).any():
            shares = shares ** (1 / reach[:, None]).astype(np.float32)
        total = shares.sum(axis=0)
        shares *= _settled(np.minimum(total, 1)) / np.maximum(total, np.float32(LEAST_SHARE))
        return shares.astype(np.float32).reshape(-1, *self.shape)

    def _response(self, place: int) -> Array:
        with self._lock:
            found = self._responses.get(place)
            if found is not None:
                self._responses.move_to_end(place)
                return found
        found = self._field.response(place).ravel()
        with self._lock:
            self._responses[place] = found
            while len(self._responses) > _KEPT:
                self._responses.popitem(last=False)
        return found

    def _on_grid(self, ab: Array) -> Array:
        missing = [n * self._stride - m for n, m in zip(self.shape, self._size, strict=True)]
        full = np.pad(ab, ((0, 0), (0, missing[0]), (0, missing[1])), mode="edge")
        return mean_of_blocks(full, self._stride)


def paler(light: Array, own: Sequence[float | None]) -> Array:
    """f of the module's docstring, (n,), by the L* of n places and of their hints' colours."""
    known = [place if m is None else m for m, place in zip(own, light, strict=True)]
    ratio = (np.array(known) + 16) / (light + 16)
    return np.minimum(ratio, 1 / ratio).astype(np.float32)


def _settled(share: Array) -> Array:
    """u' of u: a place is of the hints or it is not, as far as that can be told."""
    ours, others = share**2, (1 - share) ** 2
    settled = ours / (ours + others)
    found: Array = np.where(settled < LEAST_SHARE, np.float32(0), settled)
    return found


def _affinity(planes: Array, axis: int) -> Array:
    """w between neighbours along an axis; planes are lightness, a*, b*."""
    step = np.diff(planes, axis=axis) ** 2
    exponent = -step[0] / (2 * LIGHTNESS_SCALE**2) - step[1:].sum(axis=0) / (2 * COLOUR_SCALE**2)
    return np.asarray(np.exp(exponent) + LEAST_AFFINITY, np.float32)
