"""Two rows against each other, photograph by photograph.

Because both rows saw the same photographs, the interval of the difference is much narrower than
the rows' own intervals suggest: what makes a photograph hard makes it hard for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidSetting
from .bootstrap import interval
from .columns import METRICS
from .scores import RowValues

GREY = "grey"
DEFAULT = "default"


@dataclass(frozen=True)
class Side:
    """One side of ``--compare``.

    Attributes:
        row: name of its row in the report.
        setting: settings text that makes the row, or ``None``.
        model: name or file of the model that makes the row, or ``None``.
    """

    row: str
    setting: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Difference:
    """One metric of B minus that of A.

    Attributes:
        mean: of B minus A; for metrics of the set, the difference of the two.
        interval: the middle 95 % of that, see :mod:`.bootstrap`.
        better: share of photographs where B is strictly better, 0..1; ``None`` where photographs
            have no value of their own.
    """

    mean: float
    interval: tuple[float, float]
    better: float | None


@dataclass(frozen=True)
class Comparison:
    """B minus A: the names of their rows, and a difference for each of :data:`METRICS`."""

    a: str
    b: str
    metrics: dict[str, Difference]

    def as_dict(self) -> dict[str, Any]:
        """As the JSON file has it."""
        return asdict(self)


def sides(texts: Sequence[str], model: str) -> tuple[Side, Side]:
    """What the two texts of ``--compare`` name.

    Args:
        texts: of A and B: "grey", "default", settings like ``"temperature=1.0"``, or the name or
            file of a model.
        model: the model of all rows whose text names no other.

    Raises:
        InvalidSetting: if both are the same row.
    """
    first, second = (_side(text, model) for text in texts)
    if first == second:
        raise InvalidSetting("Two different rows are needed to compare.")
    if first.row == second.row:  # two files of one name
        first, second = (
            Side(f"{side.row} ({letter})", side.setting, side.model)
            for side, letter in ((first, "A"), (second, "B"))
        )
    return first, second


def _side(text: str, model: str) -> Side:
    if text in (GREY, DEFAULT):
        return Side(text)
    if text == model:
        return Side(DEFAULT)
    if "=" in text and not Path(text).exists():
        return Side(text, setting=text)
    return Side(Path(text).name, model=text)  # the folders of this machine are nobody's business


def compare(
    a: RowValues,
    b: RowValues,
    sets: NDArray[np.float64],
    bin_weights: NDArray[np.float64] | None = None,
) -> dict[str, Difference]:
    """The differences of two rows of the same photographs.

    Args:
        a, b: the rows.
        sets: (k, n), from :func:`.bootstrap.draw_sets`.
        bin_weights: see :meth:`.scores.RowValues.estimates`.
    """
    every = np.ones((1, sets.shape[1]))
    means = [row.estimates(every, bin_weights) for row in (a, b)]
    drawn = [row.estimates(sets, bin_weights) for row in (a, b)]
    return {
        key: Difference(
            float((means[1][key] - means[0][key])[0]),
            interval(drawn[1][key] - drawn[0][key]),
            _better(a, b, key),
        )
        for key in METRICS
        if key in means[0]
    }


def _better(a: RowValues, b: RowValues, key: str) -> float | None:
    if not METRICS[key].better:
        return None
    return float(np.mean(_cost(b, key) < _cost(a, key)))


def _cost(row: RowValues, key: str) -> NDArray[np.float64]:
    """(n,), the lower the better."""
    values = row.values[key]
    match METRICS[key].better:
        case "high":
            return -values
        case "zero":
            return np.abs(values)
        case "truth":
            return np.abs(values - row.values[f"{key}_truth"])
        case _:
            return values
