"""The outcome of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .auc import bin_weights, own_weights
from .bootstrap import draw_sets, interval
from .comparison import Comparison, compare
from .scores import RowValues


@dataclass(frozen=True)
class Report:
    """The numbers, and all that is needed to repeat them.

    Attributes:
        photos: how many photographs were measured.
        skipped: (name, reason) of each that could not be used.
        protocol: all that is needed to repeat the run; JSON values only.
        rows: name of the row to the numbers of :data:`.scores.COLUMNS`.
        intervals: the same, with the ends of their 95 % intervals.
        comparison: of two rows, if one was asked for.
        values: name of the row to its numbers photograph by photograph.
    """

    photos: int
    skipped: list[tuple[str, str]]
    protocol: dict[str, Any]
    rows: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    comparison: Comparison | None
    values: dict[str, RowValues]

    @classmethod
    def of(
        cls,
        values: Mapping[str, RowValues],
        *,
        protocol: dict[str, Any],
        skipped: list[tuple[str, str]],
        prior: ArrayLike | None = None,
        compared: tuple[str, str] | None = None,
    ) -> Report:
        """Sum up rows of the same photographs; ``compared``: two of their names, A and B.

        The prior of the rebalanced AuC is that of all photographs, for the drawn sets too: with a
        prior of its own, a set would not miss the rare colours that it happens to lack, and since
        these are the hard ones, nearly all sets would score above the photographs they are from.
        """
        pixels = next(iter(values.values())).pixels
        weights = own_weights(pixels.sum(axis=0)) if prior is None else bin_weights(prior)
        photos = len(pixels)
        every, sets = np.ones((1, photos)), draw_sets(photos)
        comparison = None
        if compared is not None:
            a, b = compared
            comparison = Comparison(a, b, compare(values[a], values[b], sets, weights))
        return cls(
            photos=photos,
            skipped=skipped,
            protocol=protocol,
            rows={
                name: {key: float(x[0]) for key, x in row.estimates(every, weights).items()}
                for name, row in values.items()
            },
            intervals={
                name: {key: interval(x) for key, x in row.estimates(sets, weights).items()}
                for name, row in values.items()
            },
            comparison=comparison,
            values=dict(values),
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as ``colorizer evaluate --json`` writes it."""
        intervals = {
            name: {key: list(ends) for key, ends in row.items()}
            for name, row in self.intervals.items()
        }
        content: dict[str, Any] = {
            "photos": self.photos,
            "skipped": len(self.skipped),
            "protocol": self.protocol,
            "rows": self.rows,
            "intervals": intervals,
        }
        if self.comparison is not None:
            content["comparison"] = self.comparison.as_dict()
        return content
