"""Measuring how a film is coloured, beside the same film coloured frame by frame.

The luma of a colour film is coloured, and compared with its own colours; of a black-and-white one
only steadiness and chroma mean something. All three rows, the truth, ours and frame by frame, have
the film's own luma and are turned into sRGB in the same way; ours is read from a file without loss.
Frame by frame every frame is coloured as a photograph with the same settings. Bars beside the
picture are a part of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import srgb_to_lab
from ..color.upsample import fit_linear_colour
from ..errors import InvalidSetting
from ..guidance import Guidance
from ..names import printable
from ..photo import Photo
from ..pipeline import Colorizer
from ..settings import Settings
from ..video import MAX_PIXELS, Output, colorize
from ..video.container import opened
from ..video.reading import Film, Frame
from ..video.writing import Form
from ..working import working_ab
from .metrics import Pixels, psnr
from .scores import Distance
from .steadiness import Steadiness, small_pictures

Array = NDArray[np.float32]

TRUTH, OURS, ALONE = "truth", "ours", "frame by frame"
#: the VGG distance is taken of every so manyth frame
STEP = 10


@dataclass(frozen=True)
class Row:
    """One colouring of a film.

    Attributes:
        change: along the motion, see :mod:`.steadiness`, Lab units.
        chroma: mean, Lab units.
        psnr: dB, mean over frames; None of the truth.
        vgg: VGG distance, mean over every tenth frame; None of the truth or if it was not measured.
    """

    change: float
    chroma: float
    psnr: float | None = None
    vgg: float | None = None


@dataclass(frozen=True)
class FilmReport:
    """What was measured of one film.

    Attributes:
        name: of the file, as it is shown.
        frames, shots, key_frames: how many.
        rows: by name: :data:`TRUTH`, :data:`OURS`, :data:`ALONE`.
    """

    name: str
    frames: int
    shots: int
    key_frames: int
    rows: Mapping[str, Row]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def evaluate_film(
    colorizer: Colorizer,
    path: Path,
    settings: Settings | None = None,
    *,
    vgg: Distance | None = None,
    limit: int | None = None,
    every: int | None = None,
) -> FilmReport:
    """Measure one film.

    Args:
        settings: of both colourings.
        vgg: a :class:`.vgg.VggDistance`, to measure that too.
        limit: only so many frames from the beginning.
        every: as for :func:`colorizer.video.colorize`.

    Raises:
        FilmError: as :func:`colorizer.video.colorize`.
        InvalidSetting: if the film has less than two frames.
    """
    settings = settings or Settings()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        film = Film(*stack.enter_context(opened(path)), path, MAX_PIXELS)
        target = Path(folder) / "ours.mkv"
        end = None if limit is None else float(limit / film.rate)
        result = colorize(
            path,
            target,
            colorizer,
            settings,
            output=Output("ffv1"),
            end=end,
            every=every,
            whole=True,
        )
        ours = Film(*stack.enter_context(opened(target)), target, MAX_PIXELS)
        form = Form.of(ours, Output("ffv1"), deinterlace=True)
        found = _Rows(vgg)
        pairs = zip(film.in_colour(), ours.in_colour(), strict=False)
        for (frame, truth), (_, rgb) in islice(pairs, result.frames):
            alone = _frame_by_frame(colorizer, settings, frame, form)
            found.add(frame, {TRUTH: truth, OURS: rgb, ALONE: alone})
    if result.frames < 2:
        raise InvalidSetting(f"{path.name} has no two frames to compare.")
    name, rows = printable(path.name), dict(found.rows())
    return FilmReport(name, result.frames, result.shots, result.key_frames, rows)


def _frame_by_frame(colorizer: Colorizer, settings: Settings, frame: Frame, form: Form) -> Pixels:
    prediction = colorizer.predict(Photo(frame.grey), working_size=settings.working_size)
    ab = working_ab(prediction, settings, Guidance())
    colour = fit_linear_colour(ab, prediction.lightness, settings.edge_refinement)
    picture = form.picture(frame, colour)
    return np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)


class _Rows:
    def __init__(self, vgg: Distance | None) -> None:
        self._steadiness = Steadiness()
        self._vgg = vgg
        self._count = 0
        self._values: dict[str, dict[str, list[float]]] = {}

    def add(self, frame: Frame, pictures: Mapping[str, Pixels]) -> None:
        grey = np.asarray(frame.grey >> 8, np.uint8)
        luma, small = small_pictures(grey, pictures)
        labs = {name: srgb_to_lab(rgb.astype(np.float32) / 255) for name, rgb in small.items()}
        abs_ = {name: np.ascontiguousarray(lab[..., 1:]) for name, lab in labs.items()}
        self._steadiness.add(luma, abs_)
        for name, ab in abs_.items():
            self._note(name, "chroma", float(np.hypot(ab[..., 0], ab[..., 1]).mean()))
            if name == TRUTH:
                continue
            truth = np.ascontiguousarray(pictures[TRUTH])
            result = np.ascontiguousarray(pictures[name])
            self._note(name, "psnr", psnr(truth, result))
            if self._vgg is not None and self._count % STEP == 0:
                self._note(name, "vgg", self._vgg(truth, result))
        self._count += 1

    def _note(self, row: str, metric: str, value: float) -> None:
        self._values.setdefault(row, {}).setdefault(metric, []).append(value)

    def rows(self) -> Iterator[tuple[str, Row]]:
        changes = self._steadiness.changes()
        for name, metrics in self._values.items():
            means = {metric: float(np.mean(values)) for metric, values in metrics.items()}
            yield name, Row(changes.get(name, 0.0), **means)


def film_table(reports: Sequence[FilmReport]) -> str:
    """As Markdown."""
    lines = [
        "| film | | change | of the truth's | PSNR dB | VGG distance | chroma |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for report in reports:
        truth = report.rows[TRUTH].change
        for name, row in report.rows.items():
            share = f"{row.change / truth:.2f}" if truth > 0.01 else ""
            lines.append(
                f"| {report.name} | {name} | {row.change:.2f} | {share} | {_number(row.psnr, 2)} "
                f"| {_number(row.vgg, 3)} | {row.chroma:.1f} |"
            )
    return "\n".join(lines)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
