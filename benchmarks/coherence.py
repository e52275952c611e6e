#!/usr/bin/env python3
"""What each part of the coherent colours is worth, and other constants for it (Markdown table).

    python benchmarks/coherence.py PHOTOS… [--limit 100] [-o docs/coherence.json]

Every row is the default settings with some of them, or some constants of colorizer/color/field.py,
hues.py, likeness.py and coherence.py, changed; the network runs once for each photograph. Prepared
and measured as by ``colorizer evaluate``; the table stands in docs/coherence.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
from quality import PLACE_BY_PLACE
from reports import finish, report_of, spread
from tqdm import tqdm

from colorizer import Colorizer, ColorizerError, Settings
from colorizer.color import coherence, hues, likeness
from colorizer.color import field as colour_field
from colorizer.evaluation.protocol import Protocol, grey_result, to_8bit
from colorizer.evaluation.scores import RowScore, Truth
from colorizer.evaluation.vgg import VggDistance
from colorizer.settings import parse_assignments

MODULES: dict[str, ModuleType] = {
    "field": colour_field,
    "hues": hues,
    "coherence": coherence,
    "likeness": likeness,
}
BEFORE = parse_assignments(PLACE_BY_PLACE)
FIELD_ALONE = {"hues.SHARPNESS": 0.0, "coherence.MOST_GAIN": 1.0}


@dataclass(frozen=True)
class Way:
    """A row: settings that differ from the defaults, and constants that differ."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)


#: without the second look
LARGE = {"second_look": 0}

WAYS: dict[str, Way] = {
    "place by place, the default before": Way(BEFORE),
    "the same through the field": Way({**BEFORE, **LARGE, "coherence": 1}, FIELD_ALONE),
    "place by place": Way({"coherence": 0}),
    "field": Way(LARGE, FIELD_ALONE),
    "field, settling": Way(LARGE, {"coherence.MOST_GAIN": 1.0}),
    "field, chroma given back": Way(LARGE, {"hues.SHARPNESS": 0.0}),
    "field, settling, chroma given back": Way(LARGE),
    "second look, field": Way({}, {"likeness.STRENGTH": 0.0}),
    "**second look, likeness, field**": Way(),
    "half of the second look": Way({"second_look": 0.5}),
    "evenness 0.5": Way({"coherence": 0.5}),
    "rare colours 0": Way({"rebalancing": 0}),
    "rare colours 1": Way({"rebalancing": 1}),
    "T = 1": Way({"temperature": 1}),
    "T = 0.4": Way({"temperature": 0.4}),
    "cast removal 0": Way({"cast_removal": 0}),
    "cast removal 1": Way({"cast_removal": 1}),
    "saturation 1.2": Way({"saturation": 1.2}),
    "strength of a place 0.01": Way({}, {"field.STRENGTH": 0.01}),
    "strength of a place 0.1": Way({}, {"field.STRENGTH": 0.1}),
    "lightness scale 8": Way({}, {"field.LIGHTNESS_SCALE": 8.0}),
    "likeness up to chroma 15": Way({}, {"likeness.FADE_CHROMA": 15.0}),
    "likeness of fewer features": Way({}, {"likeness.FEATURE_SCALE": 0.8}),
}


@contextmanager
def constants(changes: Mapping[str, float]) -> Iterator[None]:
    """The modules with other constants, for a while."""
    with ExitStack() as stack:
        for name, value in changes.items():
            module, _, constant = name.partition(".")
            stack.enter_context(patch.object(MODULES[module], constant, value))
        yield


def table(report: Mapping[str, Any]) -> str:
    head = ["", "VGG distance of grey's", "PSNR over grey", "AuC rebal. over grey", "patches"]
    head += ["chroma of the truth's"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    grey = report["rows"]["grey"]
    for name, row in report["rows"].items():
        if name == "grey":
            continue
        cells = [
            f"{row['vgg'] / grey['vgg']:.3f}",
            f"{row['psnr'] - grey['psnr']:+.2f} dB",
            f"{row['auc_rebalanced'] - grey['auc_rebalanced']:+.2f}",
            f"{row['patches']:.2f}",
            f"{row['chroma'] / row['chroma_truth']:.2f}",
        ]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    truth = ["truth", "0", "", "", f"{grey['patches_truth']:.2f}", "1"]
    lines.append("| " + " | ".join(truth) + " |")
    lines.append("")
    lines.append(
        f"{report['photos']} photographs of {', '.join(report['photographs'])}; grey has a VGG "
        f"distance of {grey['vgg']:.3f}. {report['machine']['machine']}."
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=100, help="of each file or folder, spread")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    protocol, model, distance = Protocol(), Colorizer.load(), VggDistance()
    scores = {name: RowScore({"vgg": distance}) for name in ("grey", *WAYS)}
    chosen = spread(options.photos, options.limit)
    for number, item in enumerate(tqdm(chosen, unit="photo", disable=None)):
        pixels = protocol.truth(item.data)
        truth, photo = Truth.of(pixels), protocol.input(pixels, number)
        prediction = model.predict(photo)
        scores["grey"].add(truth, grey_result(photo.pixels))
        for name, way in WAYS.items():
            with constants(way.constants):
                fresh = replace(prediction)  # with nothing of the row before
                result = model.render(photo, fresh, Settings().with_changes(way.settings))
            scores[name].add(truth, to_8bit(np.asarray(result.pixels)))
    report = report_of(options.photos, len(chosen), model, scores)
    finish(report, options.output, table)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ColorizerError as error:
        sys.exit(str(error))
