#!/usr/bin/env python3
"""What words are worth: measured with photographs' captions, right ones and others'.

    python benchmarks/words.py PHOTOS --captions CAPTIONS.tsv.gz [--limit 400] [-o docs/words.json]

The first caption of each photograph is given as words, at the default settings; "wrong" is the
first caption of the next photograph. Photographs are prepared and measured as by ``colorizer
evaluate``. Differences to the same photograph without words are given with the 95 % interval of
the paired bootstrap. Then a table of phrases (benchmarks/phrases.json): photographs on which a
thing is, an outline of it that was drawn by hand, and a colour that it is to have.

* lands: the hue of the thing's mean a*, b* is within 30 degrees of that of the colour's name (for
  black, white and grey: mean chroma below 8), and the rest of the photograph differs from the
  result without words by less than 3 on average (CIEDE2000).

At the end the time of a preview of 1,024 px after the words have been changed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from colorizer import Colorizer, Guidance, Photo, Settings, render, shrink
from colorizer.evaluation.auc import AucCounter
from colorizer.evaluation.bootstrap import draw_sets, interval
from colorizer.evaluation.machine import describe_machine
from colorizer.evaluation.metrics import delta_e2000, psnr, to_lab
from colorizer.evaluation.protocol import Protocol, to_8bit
from colorizer.evaluation.vgg import VggDistance
from colorizer.guidance import Words
from colorizer.training.captioned import read_captions, with_captions
from colorizer.training.photos import Item, find_photos
from colorizer.words.model import lab_of

Array = NDArray[Any]

PHRASES = Path(__file__).with_name("phrases.json")
ROWS = ("none", "right", "wrong")
#: degrees, CIEDE2000, chroma: what landing means
_HUE, _REST, _NEUTRAL = 30.0, 3.0, 8.0


def worded(text: str | None) -> Guidance:
    return Guidance(words=Words(text) if text else None)


def captioned(model: Colorizer, pairs: list[tuple[Item, str]]) -> dict[str, Any]:
    """VGG distance, PSNR and AuC without words, with right ones and with wrong ones."""
    protocol, settings, distance = Protocol(), Settings(), VggDistance(model.weights)
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in ROWS}
    counters = {name: AucCounter() for name in ROWS}
    for number, (item, caption) in enumerate(tqdm(pairs)):
        truth = protocol.truth(item.read())
        photo = protocol.input(truth, number)
        prediction = model.predict(photo)
        lab = to_lab(truth)
        texts = (None, caption, pairs[(number + 1) % len(pairs)][1])
        for name, text in zip(ROWS, texts, strict=True):
            result = to_8bit(render(photo, prediction, settings, worded(text)).pixels)
            scores[name].append((distance(truth, result), psnr(truth, result)))
            counters[name].add(lab[..., 1:], to_lab(result)[..., 1:])
    return summary({name: np.array(rows) for name, rows in scores.items()}, counters)


def summary(scores: dict[str, Array], counters: dict[str, AucCounter]) -> dict[str, Any]:
    """Means, and paired differences to none with their intervals."""
    sets = draw_sets(len(scores["none"]))
    sets /= sets.sum(axis=1, keepdims=True)
    none = scores["none"]
    found: dict[str, Any] = {"photographs": len(none), "rows": {}}
    for name, rows in scores.items():
        drawn, base = sets @ rows, sets @ none
        found["rows"][name] = {
            "vgg": round(float(rows[:, 0].mean()), 4),
            "psnr": round(float(rows[:, 1].mean()), 3),
            "auc": round(counters[name].auc, 2),
            "auc_rebalanced": round(counters[name].auc_rebalanced, 2),
            "vgg_percent": round(100 * float(rows[:, 0].mean() / none[:, 0].mean() - 1), 2),
            "vgg_interval": _rounded(interval(100 * (drawn[:, 0] / base[:, 0] - 1))),
            "psnr_gain": round(float((rows - none)[:, 1].mean()), 3),
            "psnr_interval": _rounded(interval((drawn - base)[:, 1])),
        }
    return found


def _rounded(pair: tuple[float, float]) -> list[float]:
    return [round(value, 3) for value in pair]


def outline(shape: tuple[int, ...], outlines: list[list[list[float]]]) -> Array:
    """A mask (H, W) of polygons whose corners are x, y in 0..1."""
    height, width = shape[:2]
    mask = Image.new("1", (width, height))
    draw = ImageDraw.Draw(mask)
    for corners in outlines:
        draw.polygon([(x * width, y * height) for x, y in corners], fill=1)
    return np.asarray(mask)


def phrases(model: Colorizer, items: dict[str, Item]) -> list[dict[str, Any]]:
    """Whether each phrase lands, and how nearly."""
    protocol, settings, rows = Protocol(), Settings(), []
    for number, wanted in enumerate(json.loads(PHRASES.read_text(encoding="utf-8"))):
        truth = protocol.truth(items[wanted["photo"]].read())
        photo = protocol.input(truth, number)
        prediction = model.predict(photo)
        before, after = (
            to_lab(to_8bit(render(photo, prediction, settings, worded(text)).pixels))
            for text in (None, wanted["phrase"])
        )
        thing = outline(truth.shape, wanted["outlines"])
        a, b = after[thing][:, 1:].mean(axis=0)
        was = before[thing][:, 1:].mean(axis=0)
        rest = delta_e2000(before[~thing][None], after[~thing][None])
        right = lab_of(wanted["colour"])[1:]
        off = _angle((a, b), right)
        hit = off < _HUE if np.hypot(*right) > _NEUTRAL else np.hypot(a, b) < _NEUTRAL
        rows.append(
            {
                "phrase": wanted["phrase"],
                "photo": wanted["photo"],
                "before": [round(float(v), 1) for v in was],
                "after": [round(float(a), 1), round(float(b), 1)],
                "degrees": round(off, 1),
                "rest": round(rest, 2),
                "lands": bool(hit and rest < _REST),
            }
        )
    return rows


def _angle(one: tuple[float, float], other: tuple[float, float]) -> float:
    turn = np.degrees(np.arctan2(one[1], one[0]) - np.arctan2(other[1], other[0]))
    return float(abs((turn + 180) % 360 - 180))


def latency(model: Colorizer, repeats: int = 20) -> float:
    """Median seconds of a preview of 1,024 px after the words have been changed."""
    draw = np.random.default_rng(0)
    noise = draw.integers(0, 255, (48, 64)).astype(np.uint8)
    photo = Photo(noise.repeat(32, 0).repeat(32, 1))
    prediction, small = model.predict(photo), shrink(photo, 1024)
    taken = []
    for number in range(repeats + 1):
        colour = ("red", "green", "blue", "yellow")[number % 4]
        start = time.perf_counter()
        render(small, prediction, Settings(), worded(f"a woman in a {colour} coat, green grass"))
        taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))  # the first one loads the model and factorises


def table(report: dict[str, Any]) -> str:
    """The Markdown tables."""
    found = report["captions"]
    lines = [
        "| words | VGG distance | against none | PSNR | against none | AuC | AuC rebal. |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in found["rows"].items():
        percent, gain = row["vgg_interval"], row["psnr_interval"]
        lines.append(
            f"| {name} | {row['vgg']:.3f} | {row['vgg_percent']:+.1f} % "
            f"({percent[0]:+.1f} to {percent[1]:+.1f}) | {row['psnr']:.2f} | "
            f"{row['psnr_gain']:+.2f} dB ({gain[0]:+.2f} to {gain[1]:+.2f}) | {row['auc']:.2f} | "
            f"{row['auc_rebalanced']:.2f} |"
        )
    lines += ["", "| phrase | a*, b* before | after | off, degrees | rest | lands |"]
    lines.append("|---|---|---|---:|---:|---|")
    for row in report["phrases"]:
        lines.append(
            f"| {row['phrase']} | {row['before'][0]:.0f}, {row['before'][1]:.0f} | "
            f"{row['after'][0]:.0f}, {row['after'][1]:.0f} | {row['degrees']:.0f} | "
            f"{row['rest']:.1f} | {'yes' if row['lands'] else 'no'} |"
        )
    landed = sum(row["lands"] for row in report["phrases"])
    lines += [
        "",
        f"{found['photographs']} photographs; {landed} of {len(report['phrases'])} phrases land. A "
        f"preview of 1,024 px after the words were changed: {1000 * report['seconds']:.0f} ms "
        f"({report['machine']['machine']}).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    model = Colorizer.load()
    found = find_photos(arguments.photos)
    pairs = [
        (item, lines[0]) for item, lines in with_captions(found, read_captions(arguments.captions))
    ]
    report = {
        "captions": captioned(model, pairs[: arguments.limit]),
        "phrases": phrases(model, {Path(item.name).stem: item for item in found}),
        "seconds": round(latency(model), 4),
        "machine": describe_machine(),
    }
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(report))


if __name__ == "__main__":
    main()
