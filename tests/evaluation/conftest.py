"""Photographs that the tests paint themselves, and colorizers that need no network."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer.evaluation.protocol import grey_photo
from colorizer.settings import Settings

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def paint(seed: int, height: int = 48, width: int = 64) -> Pixels:
    """A smooth, colourful picture with a little grain, leaning to yellow."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 16.0
    waves = [np.sin(x * a + y * b + c) for a, b, c in rng.uniform(0.3, 2.0, (3, 3))]
    rgb = 120 + 70 * np.stack(waves, -1) + (15, 5, -20) + rng.normal(0, 3, (height, width, 3))
    return np.asarray(rgb.clip(0, 255).astype(np.uint8))


def encode(rgb: Pixels, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format, **options)
    return buffer.getvalue()


def pack(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as shard:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))
    return path


class Said(int):
    """A prediction, told by its working size alone; ``bared``: how often it was taken bare."""

    bared = 0

    def bare(self) -> Said:
        Said.bared += 1
        return self


class Fake:
    """A colorizer whose colours are looked up: ``answer`` maps the input's pixels to RGB."""

    def __init__(self, answer: Callable[[Any], Pixels]) -> None:
        self.answer = answer
        self.predicted: list[int] = []
        self.rendered: list[Settings] = []

    def predict(self, photo: Any, *, working_size: int = 256) -> Said:
        assert photo.is_grey
        assert photo.bit_depth == 8
        self.predicted.append(working_size)
        return Said(working_size)

    def render(self, photo: Any, prediction: int, settings: Settings | None = None) -> Any:
        settings = Settings() if settings is None else settings
        assert prediction == settings.working_size
        self.rendered.append(settings)
        return replace(photo, pixels=self.answer(photo.pixels))


def grey_fake() -> Fake:
    return Fake(lambda pixels: np.repeat(pixels[..., None], 3, axis=-1))


def oracle(truths: list[Pixels]) -> Fake:
    """Knows the true colours of ``truths`` by their luminance."""
    known = {grey_photo(rgb).pixels.tobytes(): rgb for rgb in truths}
    return Fake(lambda pixels: known[pixels.tobytes()])


@pytest.fixture
def photographs(tmp_path: Path) -> tuple[list[Pixels], Path]:
    """Three truths of 40×40 and a folder with their 40×40 PNG files."""
    truths = [paint(seed, 40, 40) for seed in range(3)]
    folder = tmp_path / "photographs"
    folder.mkdir()
    for index, rgb in enumerate(truths):
        (folder / f"{index}.png").write_bytes(encode(rgb))
    return truths, folder
