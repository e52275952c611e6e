r"""The colour field: a thing has one colour.

Decoded alone, neighbouring places of one coat come out red, blue and purple. Levin, Lischinski and
Weiss ("Colorization using Optimization", 2004) colour a picture from a few strokes by asking that
neighbours of like lightness have like colours. Here every place is a stroke, as strong as the
network is sure of it:

    minimise over x   sum_i c_i |x_i - d_i|^2  +  sum_(i,j) w_ij |x_i - x_j|^2

    c_i   :func:`confidence`, from the variance of the place's distribution
    w_ij  :func:`affinities` of neighbours to the right and below, from lightness and distributions
    d_i   what is to be made coherent at place i: a colour, or any other numbers

on the grid of the logits. It is the linear system (C + L) x = C d with the graph's Laplacian L, for
each plane of d by itself. C and L belong to the photograph alone: the matrix is factorised once
(QDLDL, as in the solver OSQP), and a slider costs back-substitutions, about a third of a
millisecond for two planes of 64 x 96 places. SciPy's SuperLU is slower, and leaks factors that one
thread makes and another one frees: a server would grow by two megabytes a photograph.

A grid of more than :data:`MOST_PLACES` is solved on blocks of 2 x 2, 3 x 3, ... of its places, the
solution enlarged and relaxed; so time and memory are bounded (docs/coherence.md).
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .upsample import enlarge, mean_of_blocks

Array = NDArray[np.float32]

#: strength of a place of the usual variance beside a neighbour of the same lightness, which has 1
STRENGTH = 0.02
#: usual variance of a distribution, Lab units squared (a* and b* together)
USUAL_VARIANCE = 400.0
#: a distribution of less variance than this is as sure as can be
LEAST_VARIANCE = 1e-4
#: L* by which neighbours may differ and still be one thing
LIGHTNESS_SCALE = 4.0
#: 1 - Bhattacharyya coefficient by which the distributions of one thing may differ
DISTRIBUTION_SCALE = 0.25
#: what is left between things: it keeps the system well-conditioned
LEAST_AFFINITY = 1e-4
#: places that are factorised at the most: an eighth of a second on one core
MOST_PLACES = 1 << 16
#: of an enlarged solution, on the fine grid
RELAXATIONS = 3


def confidence(variance: Array) -> Array:
    """c of the module's docstring: how strongly each place holds to its own colour.

    c = STRENGTH * USUAL_VARIANCE / variance

    Args:
        variance: (h, w), of each place's calibrated distribution, Lab units squared.
    """
    usual = np.float32(STRENGTH * USUAL_VARIANCE)
    return np.asarray(usual / np.maximum(variance, np.float32(LEAST_VARIANCE)))


def affinities(lightness: Array, masses: Array) -> tuple[Array, Array]:
    """w of the module's docstring: how much neighbouring places are of one thing.

    w_ij = exp(-(L_i - L_j)^2 / (2 LIGHTNESS_SCALE^2) - (1 - BC_ij) / DISTRIBUTION_SCALE)
           + LEAST_AFFINITY,      BC_ij = sum_k sqrt(m_ik m_jk)

    Args:
        lightness: (h, w) L*, on the grid of the logits.
        masses: (k, h, w) how likely each class of colours is at each place; they sum to 1.

    Returns:
        (h, w - 1) to the neighbour on the right, (h - 1, w) to that below; above 0, hardly above 1.
    """
    roots = np.sqrt(masses)
    right = np.einsum("kij,kij->ij", roots[:, :, :-1], roots[:, :, 1:])
    down = np.einsum("kij,kij->ij", roots[:, :-1], roots[:, 1:])
    return (
        _affinity(np.diff(lightness, axis=1), right),
        _affinity(np.diff(lightness, axis=0), down),
    )


def _affinity(step: Array, alike: Array) -> Array:
    exponent = -(step**2) / (2 * LIGHTNESS_SCALE**2) - (1 - alike) / DISTRIBUTION_SCALE
    found: Array = np.exp(exponent) + np.float32(LEAST_AFFINITY)
    return found


def prepare() -> None:
    """Load the solver, by solving a system of one place; a fifth of a second, once in a process."""
    one = np.ones((1, 1), np.float32)
    ColourField(one, one[:, :0], one[:0]).smooth(one[None])


class ColourField:
    """The system of one photograph; any number of threads may call :meth:`smooth` at once.

    Args:
        confidence: (h, w), above 0.
        right: (h, w - 1), affinities to the neighbour on the right, above 0.
        down: (h - 1, w), to that below.

    Raises:
        ValueError: if the shapes do not fit together.
    """

    def __init__(self, confidence: Array, right: Array, down: Array) -> None:
        height, width = confidence.shape
        if right.shape != (height, width - 1) or down.shape != (height - 1, width):
            raise ValueError(
                f"affinities {right.shape} and {down.shape} do not fit {confidence.shape} places"
            )
        self.confidence, self.right, self.down = confidence, right, down
        self._one_at_a_time = threading.Lock()  # the solver promises nothing for more
        self._block = int(np.ceil(np.sqrt(height * width / MOST_PLACES)))

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the grid."""
        height, width = self.confidence.shape
        return height, width

    def smooth(self, values: NDArray[Any]) -> Array:
        """x of the module's docstring for d = ``values``, (k, h, w) float32; the grid's own shape.

        A plane that is the same everywhere stays as it is, and so does a place of very great
        confidence.
        """
        if values.shape[1:] != self.shape:
            raise ValueError(f"values {values.shape} do not fit the grid {self.shape}")
        if self._block > 1:
            return self._smooth_blocks(values)
        pulled = (values * self.confidence).reshape(len(values), -1).astype(np.float64)
        with self._one_at_a_time:
            found = [self._factors.solve(plane) for plane in pulled]
        return np.array(found, np.float32).reshape(values.shape)

    def factorise(self) -> None:
        """Do now what is otherwise done when :meth:`smooth` is first called."""
        if self._block > 1:
            self._coarse.factorise()
        else:
            self._factors  # noqa: B018

    def response(self, place: int) -> Array:
        """(C + L)^-1 e: what a unit of colour at one place comes to everywhere, (h, w).

        Args:
            place: row * w + column. The grid has :data:`MOST_PLACES` places at the most.
        """
        unit = np.zeros(self.confidence.size)
        unit[place] = 1
        with self._one_at_a_time:
            found = self._factors.solve(unit)
        return np.asarray(found, np.float32).reshape(self.shape)

    @cached_property
    def _factors(self) -> Any:
        import qdldl

        return qdldl.Solver(self._upper_triangle(), upper=True)

    def _totals(self) -> NDArray[np.float64]:
        """Each place's confidence and affinities together: the matrix's diagonal."""
        total = self.confidence.astype(np.float64)
        total[:, :-1] += self.right
        total[:, 1:] += self.right
        total[:-1] += self.down
        total[1:] += self.down
        return total

    def _upper_triangle(self) -> Any:
        """C + L, which is symmetric, as a sparse matrix."""
        from scipy.sparse import csc_matrix

        place = np.arange(self.confidence.size, dtype=np.int32).reshape(self.shape)
        own = place.ravel()
        rows = np.concatenate([own, place[:, :-1].ravel(), place[:-1].ravel()])
        columns = np.concatenate([own, place[:, 1:].ravel(), place[1:].ravel()])
        values = np.concatenate([self._totals().ravel(), -self.right.ravel(), -self.down.ravel()])
        return csc_matrix((values, (rows, columns)), shape=(place.size, place.size))

    def _smooth_blocks(self, values: NDArray[Any]) -> Array:
        """The solution on blocks, enlarged, and relaxed on the fine grid (Jacobi's iteration)."""
        pulled = values * self.confidence
        coarse = mean_of_blocks(pulled, self._block)
        coarse /= mean_of_blocks(self.confidence[None], self._block)
        coarse = self._coarse.smooth(coarse)
        _, height, width = coarse.shape
        found = enlarge(coarse, height * self._block, width * self._block)
        found = found[:, : self.shape[0], : self.shape[1]]
        right, down, total = self.right, self.down, self._totals()
        for _ in range(RELAXATIONS):
            drawn = pulled.astype(np.float32)
            drawn[:, :, :-1] += right * found[:, :, 1:]
            drawn[:, :, 1:] += right * found[:, :, :-1]
            drawn[:, :-1] += down * found[:, 1:]
            drawn[:, 1:] += down * found[:, :-1]
            found = np.asarray(drawn / total, np.float32)
        return found

    @cached_property
    def _coarse(self) -> ColourField:
        """The system of blocks. Neighbouring blocks are joined as strongly as their places are.

        A block's confidence is its places' sum, as between blocks are only 1/n as many
        differences as between places: the field reaches as far as on the fine grid.
        """
        n = self._block
        right = np.pad(self.right, ((0, 0), (0, 1)), constant_values=LEAST_AFFINITY)
        down = np.pad(self.down, ((0, 1), (0, 0)), constant_values=LEAST_AFFINITY)
        return ColourField(
            mean_of_blocks(self.confidence[None], n)[0] * np.float32(n * n),
            mean_of_blocks(right[None], n)[0, :, :-1],
            mean_of_blocks(down[None], n)[0, :-1],
        )
