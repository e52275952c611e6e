"""The report as a static page: one HTML file and the pictures it shows, without scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import write_atomically
from ..errors import OutputError
from .columns import METRICS, PAPER_CAUTION, PAPER_FIGURES
from .comparison import GREY
from .gallery import GAP, SIDE, TRUTH, Gallery, choose, short_name
from .plots import colour_planes, gains
from .protocol import Protocol
from .report import Report
from .runner import DISTANCES
from .table import number, shown, summary

PAGE = "index.html"
_SHOWN_SKIPS = 50
_OF_A_PHOTOGRAPH = re.compile(r"(best|median|worst)-[1-9][0-9]?\.webp")


@dataclass(frozen=True)
class Shown:
    """A photograph on the page: its picture's file, its name, and PSNR in dB."""

    file: str
    name: str
    grey: float
    result: float

    @property
    def gain(self) -> float:
        """PSNR of the result minus that of grey."""
        return self.result - self.grey


def check_folder(folder: Path) -> None:
    """Make the folder for the page, before the long run and not after it.

    Raises:
        OutputError: if it cannot be made, is a file, or may not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The folder {folder} for the report cannot be made: {reason}.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"The report cannot be written into {folder}: no permission.")


def write_page(folder: Path, report: Report, gallery: Gallery) -> Path:
    """Write ``index.html`` and its pictures into a folder that exists; returns the HTML file.

    All of it is made in memory before the first byte is written, and the page comes last: a run
    that fails leaves no page, or the older one. Pictures of photographs that an older page in this
    folder showed, and this one does not, are removed.

    Args:
        folder: files of the same names in it are replaced.
        report: with at least one row beside grey.
        gallery: filled by the same run.

    Raises:
        OutputError: disk full, no permission.
    """
    pictures, content = _content(report, gallery)
    page = _render(content).encode("utf-8", "backslashreplace")  # names may be of other bytes
    try:
        for name, data in pictures.items():
            write_atomically(folder / name, data)
        write_atomically(folder / PAGE, page)
        for file in folder.iterdir():
            shown = _OF_A_PHOTOGRAPH.fullmatch(file.name) is not None and file.is_file()
            if shown and file.name not in pictures:
                file.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"The report cannot be written into {folder}: {reason}.") from error
    return folder / PAGE


def _content(report: Report, gallery: Gallery) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The pictures by file name, and what the template is filled with."""
    row = next(name for name in report.rows if name != GREY)
    grey, result = (report.values[name].values["psnr"] for name in (GREY, row))
    planes = {n: gallery.counts[n] for n in (TRUTH, *report.rows) if n != GREY}
    plots = {"gains": gains(grey, result), "planes": colour_planes(planes)}
    pictures = {
        f"{name}-{ground}.webp": data
        for name, grounds in plots.items()
        for ground, data in grounds.items()
    }
    sheets: dict[str, list[Shown]] = {}
    for title, chosen in choose(result - grey).items() if gallery.photographs else ():
        sheets[title] = []
        for place, index in enumerate(chosen, 1):
            file = f"{title}-{place}.webp"
            pictures[file] = gallery.strips[index]
            name = gallery.names[index]
            sheets[title].append(Shown(file, name, float(grey[index]), float(result[index])))
    better = float(np.mean(result > grey))
    protocol = report.protocol
    words = {*Protocol().describe(), *DISTANCES}
    return pictures, {
        "report": report,
        "summary": summary(report),
        "row": row,
        "columns": shown(report),
        "planes": list(planes),
        "better": better,
        "gain": float(np.mean(result - grey)),
        "sheets": sheets,
        "strip": (3 * SIDE + 2 * GAP, SIDE),
        "paper": PAPER_FIGURES,
        "caution": PAPER_CAUTION,
        "words": {key: value for key, value in protocol.items() if key in words},
        "facts": {k: v for k, v in protocol.items() if k not in words and k != "settings"},
        "skipped": [(short_name(name), reason) for name, reason in report.skipped[:_SHOWN_SKIPS]],
    }


def _render(content: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    environment.filters["plain"] = _plain
    template = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(content, metrics=METRICS)


def _plain(value: Any) -> str:
    """A value of the protocol in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "none" if value is None else str(value)
