"""The evaluation loop: photographs in, a few numbers per photograph and setting out.

The loop knows the colorizer only by its two methods, so that anything with a ``predict`` and a
``render`` can be measured by the same protocol.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from ..errors import ImageError, InvalidSetting, TrainingDataError
from ..settings import Settings, parse_assignments
from .auc import bin_weights
from .bare import Bare, bare_name, bare_settings
from .colorizer_like import ColorizerLike
from .comparison import DEFAULT, GREY
from .gallery import Gallery
from .machine import describe_machine
from .metrics import Pixels
from .protocol import Protocol, grey_result, to_8bit
from .report import Report
from .scores import Distance, RowScore, Truth
from .sources import candidates, count, expand
from .vgg import DESCRIPTION as VGG_DESCRIPTION

#: what a report says of the distances that were measured
DISTANCES = {
    "vgg": VGG_DESCRIPTION,
    "lpips": "LPIPS 0.1 on AlexNet (package lpips), 8-bit sRGB scaled to -1..1",
}


@dataclass
class _Run:
    rows: Mapping[str, tuple[ColorizerLike, Settings]]
    protocol: Protocol
    scores: dict[str, RowScore]
    gallery: Gallery | None
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
            raise InvalidSetting("The model is the same for all rows of settings.")
        rows[text] = base.with_changes(values)
    return rows


def evaluate(
    colorizer: ColorizerLike,
    paths: Sequence[str | os.PathLike[str]],
    *,
    rows: Mapping[str, Settings] | None = None,
    others: Mapping[str, ColorizerLike] | None = None,
    bare: Sequence[float] = (),
    protocol: Protocol | None = None,
    prior: ArrayLike | None = None,
    vgg: Distance | None = None,
    lpips: Distance | None = None,
    compared: tuple[str, str] | None = None,
    gallery: Gallery | None = None,
    about: Mapping[str, Any] | None = None,
    limit: int | None = None,
    progress: bool = True,
) -> Report:
    """Measure a colorizer on colour photographs, beside the grey baseline.

    Args:
        colorizer: the network runs once per photograph and working size, ``render`` once per row.
        paths: files, folders and tar shards, see :mod:`.sources`.
        rows: settings to compare, see :func:`rows_for`; the default settings if ``None``.
        others: more rows: name to another colorizer, used with the default settings.
        bare: more rows: the bare network at these temperatures, see :mod:`.bare`.
        protocol: preparation of the photographs.
        prior: (313,) smoothed prior for the rebalanced AuC; ``None``: the photographs' own colours,
            see :mod:`.auc`.
        vgg: a :class:`.vgg.VggDistance`, to measure that too.
        lpips: a :class:`.perceptual.Lpips`, likewise.
        compared: names of two rows, A and B, to compare.
        gallery: keeps small pictures of what is seen, for the page.
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
    if prior is not None:
        bin_weights(prior)  # what is no prior is told before the long run
    rows = rows_for(()) if rows is None else rows
    named = {name: (colorizer, row) for name, row in rows.items()}
    named |= {name: (other, Settings()) for name, other in (others or {}).items()}
    named |= {bare_name(t): (Bare(colorizer), bare_settings(t)) for t in bare}
    asked = {"vgg": vgg, "lpips": lpips}
    distances = {name: distance for name, distance in asked.items() if distance is not None}
    scores = {name: RowScore(distances) for name in (GREY, *named)}
    run = _Run(named, protocol or Protocol(), scores, gallery)
    for name, pixels in _truths(run, paths, limit, progress):
        _score(run, name, pixels)
    if not run.photos:
        reason = f" (the first: {run.skipped[0][1]})" if run.skipped else ""
        raise TrainingDataError(f"No usable photograph was found to evaluate on{reason}.")
    described = _describe(run, about or {}, limit, own_prior=prior is None)
    for name in distances:
        described[name] = DISTANCES[name]
    return Report.of(
        {name: score.values() for name, score in run.scores.items()},
        protocol=described,
        skipped=run.skipped,
        prior=prior,
        compared=compared,
    )


def _truths(
    run: _Run, paths: Sequence[str | os.PathLike[str]], limit: int | None, progress: bool
) -> Iterator[tuple[str, Pixels]]:
    """Name and true pixels of each usable photograph; what is not usable is noted as skipped."""
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
                pixels = run.protocol.truth(candidate.data)
            except ImageError as error:
                run.skipped.append((candidate.name, str(error)))
                continue
            yield candidate.name, pixels


def _score(run: _Run, photograph: str, pixels: Pixels) -> None:
    truth = Truth.of(pixels)
    photo = run.protocol.input(pixels, run.photos)
    results = {GREY: grey_result(photo.pixels)}
    predictions: dict[tuple[Callable[..., Any], int], Any] = {}
    for name, (colorizer, settings) in run.rows.items():
        key = colorizer.predict, settings.working_size
        if key not in predictions:
            predictions[key] = colorizer.predict(photo, working_size=settings.working_size)
        rendered = colorizer.render(photo, predictions[key], settings)
        results[name] = to_8bit(np.asarray(rendered.pixels))
    labs = {name: run.scores[name].add(truth, result) for name, result in results.items()}
    if run.gallery is not None:
        grey, result, *_ = results.values()
        run.gallery.add(photograph, (grey, result, pixels), truth.lab, labs)
    run.digest.update(np.ascontiguousarray(pixels).tobytes())
    run.photos += 1


def _describe(
    run: _Run, about: Mapping[str, Any], limit: int | None, *, own_prior: bool
) -> dict[str, Any]:
    settings = {name: row.as_dict() for name, (_, row) in run.rows.items()}
    for row in settings.values():
        del row["model"]  # told by ``about``; may be a path of this machine
    return {
        **run.protocol.describe(),
        "limit": limit,
        "truth_sha256": run.digest.hexdigest(),
        "settings": settings,
        "prior": {"source": "own" if own_prior else "given"},
        **about,
        **describe_machine(),
    }
