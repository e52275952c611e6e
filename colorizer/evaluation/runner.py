"""The evaluation loop: photographs in, one row of numbers per setting out, nothing kept in between.

The loop knows the colorizer only by its two methods, so that anything with a ``predict`` and a
``render`` can be measured by the same protocol.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from ..errors import ImageError, InvalidSetting, TrainingDataError
from ..settings import Settings, parse_assignments
from .machine import describe_machine
from .metrics import Pixels
from .protocol import Protocol, grey_photo, grey_result, to_8bit
from .scores import RowScore, Truth
from .sources import candidates, count, expand

if TYPE_CHECKING:
    from ..photo import Photo

GREY = "grey"
DEFAULT = "default"


class ColorizerLike(Interface):
    """What the loop needs of a colorizer; :class:`colorizer.pipeline.Colorizer` has it."""

    def predict(self, photo: Photo, *, working_size: int = ...) -> Any:
        """Run the network once on a grey photo, its short side brought to ``working_size``."""
        ...

    def render(self, photo: Photo, prediction: Any, settings: Settings = ...) -> Photo:
        """Colour the photo: pixels (H, W, 3), uint8 or uint16, of the size of the input."""
        ...


@dataclass(frozen=True)
class Report:
    """The outcome.

    Attributes:
        photos: how many photographs were measured.
        skipped: (name, reason) of each that could not be used.
        protocol: all that is needed to repeat the run; JSON values only.
        rows: name of the row to the numbers of :data:`.scores.COLUMNS`.
    """

    photos: int
    skipped: list[tuple[str, str]]
    protocol: dict[str, Any]
    rows: dict[str, dict[str, float]]

    def as_dict(self) -> dict[str, Any]:
        """The report as ``colorizer evaluate --json`` writes it."""
        return {
            "photos": self.photos,
            "skipped": len(self.skipped),
            "protocol": self.protocol,
            "rows": self.rows,
        }


@dataclass
class _Run:
    rows: Mapping[str, Settings]
    scores: dict[str, RowScore]
    photos: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)


def rows_for(texts: Sequence[str], base: Settings | None = None) -> dict[str, Settings]:
    """The coloured rows: "default" and one per text like ``"temperature=1.0,saturation=1.2"``.

    Args:
        texts: assignments; each text, as given, is its row's name.
        base: settings that the texts change.

    Raises:
        InvalidSetting: for unknown or impossible settings, and for ``model`` (one run, one model).
    """
    base = Settings() if base is None else base
    rows = {DEFAULT: base}
    for text in texts:
        values = parse_assignments(text)
        if "model" in values:
            raise InvalidSetting("The model is the same for all rows of one evaluation.")
        rows[text] = base.with_changes(values)
    return rows


def evaluate(
    colorizer: ColorizerLike,
    paths: Sequence[str | os.PathLike[str]],
    *,
    rows: Mapping[str, Settings] | None = None,
    protocol: Protocol | None = None,
    prior: ArrayLike | None = None,
    about: Mapping[str, Any] | None = None,
    limit: int | None = None,
    progress: bool = True,
) -> Report:
    """Measure a colorizer on colour photographs, beside the grey baseline.

    Args:
        colorizer: the network runs once per photograph and working size, ``render`` once per row.
        paths: files, folders and tar shards, see :mod:`.sources`.
        rows: settings to compare, see :func:`rows_for`; the default settings if ``None``.
        protocol: preparation of the photographs.
        prior: (313,) smoothed prior for the rebalanced AuC; ``None``: the photographs' own colours,
            see :mod:`.auc`.
        about: what the caller knows of model, weights and prior, copied into the protocol.
        limit: stop after so many measured photographs.
        progress: show a progress bar on standard error, if that is a terminal.

    Returns:
        The report. Its protocol also holds a sha256 over the true pixels in order, by which two
        runs can be seen to have measured the same photographs in the same way.

    Raises:
        TrainingDataError: if there is no usable photograph.
        ValueError: if ``prior`` is not a prior, or a result has another size than its photograph.
    """
    protocol = Protocol() if protocol is None else protocol
    rows = rows_for(()) if rows is None else rows
    run = _Run(rows, {name: RowScore(prior) for name in (GREY, *rows)})
    files = expand(paths)
    total = count(files)
    if limit is not None:
        total = limit if total is None else min(limit, total)
    # None: no bar where standard error is not a terminal
    disable = None if progress else True
    with tqdm(total=total, unit="photo", file=sys.stderr, disable=disable) as bar:
        for candidate in candidates(files):
            if limit is not None and run.photos >= limit:
                break
            bar.update()
            if candidate.problem is not None:
                run.skipped.append((candidate.name, candidate.problem))
                continue
            try:
                pixels = protocol.truth(candidate.data)
            except ImageError as error:
                run.skipped.append((candidate.name, str(error)))
                continue
            _score(run, colorizer, pixels)
    if not run.photos:
        reason = f" (the first: {run.skipped[0][1]})" if run.skipped else ""
        raise TrainingDataError(f"No usable photograph was found to evaluate on{reason}.")
    return Report(
        photos=run.photos,
        skipped=run.skipped,
        protocol=_describe(run, protocol, about or {}, limit, own_prior=prior is None),
        rows={name: score.values() for name, score in run.scores.items()},
    )


def _score(run: _Run, colorizer: ColorizerLike, pixels: Pixels) -> None:
    truth = Truth.of(pixels)
    photo = grey_photo(pixels)
    run.scores[GREY].add(truth, grey_result(photo.pixels))
    predictions: dict[int, Any] = {}
    for name, settings in run.rows.items():
        size = settings.working_size
        if size not in predictions:
            predictions[size] = colorizer.predict(photo, working_size=size)
        result = colorizer.render(photo, predictions[size], settings)
        run.scores[name].add(truth, to_8bit(np.asarray(result.pixels)))
    run.digest.update(np.ascontiguousarray(pixels).tobytes())
    run.photos += 1


def _describe(
    run: _Run,
    protocol: Protocol,
    about: Mapping[str, Any],
    limit: int | None,
    own_prior: bool,
) -> dict[str, Any]:
    settings = {name: row.as_dict() for name, row in run.rows.items()}
    for row in settings.values():
        del row["model"]  # one for all rows, told by ``about``; may be a path of this machine
    return {
        **protocol.describe(),
        "limit": limit,
        "truth_sha256": run.digest.hexdigest(),
        "settings": settings,
        "prior": {"source": "own" if own_prior else "given"},
        **about,
        **describe_machine(),
    }
