"""What the shipped weights lose in 8 bits, against the same weights in float32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorizer import weights
from colorizer.color.bins import annealed_mean
from colorizer.color.lab import grey_to_lightness
from colorizer.engines.openvino_engine import OpenVINOEngine
from colorizer.evaluation.metrics import psnr
from colorizer.settings import DEFAULT_MODEL
from colorizer.training.augment import to_lab_batch
from colorizer.training.photos import find_photos, load_squares
from colorizer.training.validate import render_batch

from ..conftest import ROOT

T = 0.38
#: ab units, the mean over places and photographs
MOST_AB = 1.0
MOST_DB = 0.05


@pytest.fixture(scope="module")
def engines() -> tuple[OpenVINOEngine, OpenVINOEngine]:
    loaded = weights.load(DEFAULT_MODEL)
    engines = OpenVINOEngine(loaded), OpenVINOEngine(replace(loaded, ranges={}))
    assert [engine.precision for engine in engines] == ["int8", "float32"]
    return engines


def colours(
    engines: tuple[OpenVINOEngine, OpenVINOEngine], lightness: np.ndarray
) -> Iterator[np.ndarray]:
    """ab (2, h, w) of L* (H, W) by each engine."""
    for engine in engines:
        yield annealed_mean(engine.logits(lightness[None])[0], T, axis=0)


def test_samples_keep_their_colours(engines: tuple[OpenVINOEngine, OpenVINOEngine]) -> None:
    differences = []
    for path in sorted((ROOT / "samples").glob("*.jpg")):
        grey = np.asarray(Image.open(path).convert("L").resize((256, 256)), np.float32) / 255
        ours, exact = colours(engines, grey_to_lightness(grey))
        differences.append(np.linalg.norm(ours - exact, axis=0).mean())
    assert 0 < np.mean(differences) <= MOST_AB


def test_photographs_keep_their_colours_and_their_distance_to_the_truth(
    engines: tuple[OpenVINOEngine, OpenVINOEngine], shared: Path
) -> None:
    """On photographs that set no ranges."""
    items = find_photos([shared / "data" / "photos" / "val-000.tar"])[::10][:40]
    squares, _ = load_squares(items, 256, limit=1, progress=False)
    differences: list[float] = []
    errors: list[tuple[float, ...]] = []
    for square in squares:
        batch = to_lab_batch(square.permute(2, 0, 1)[None].float() / 255)
        both = list(colours(engines, batch.lightness[0, 0].numpy()))
        differences.append(float(np.linalg.norm(both[0] - both[1], axis=0).mean()))
        results = (render_batch(batch.lightness, torch.from_numpy(ab)[None])[0] for ab in both)
        pixels = ((r * 255 + 0.5).byte().permute(1, 2, 0).numpy() for r in results)
        errors.append(tuple(psnr(square.numpy(), p) for p in pixels))
    assert len(differences) > 30
    assert np.mean(differences) <= MOST_AB
    ours, exact = np.mean(errors, axis=0)
    assert abs(ours - exact) <= MOST_DB
