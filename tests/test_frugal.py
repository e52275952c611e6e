"""Time and memory, as ratios within one run and as bytes, never as seconds."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from colorizer.color.upsample import LinearColour
from colorizer.photo import Photo, read, write
from colorizer.pipeline import render_pixels

from .conftest import ROOT, Run

MB = 1 << 20
#: two threads with their tiles, tables, and what waits between them
A_STRIP = 32 * MB


def photograph(height: int, width: int, dtype: Any = np.uint8) -> Photo:
    top = np.iinfo(dtype).max
    row = np.linspace(0, 0.9 * top, width).astype(dtype)
    pixels = np.broadcast_to(row, (height, width)) + (np.arange(height) % 7).astype(dtype)[:, None]
    return Photo(pixels, bit_depth=np.dtype(dtype).itemsize * 8)


def colour() -> LinearColour:
    rng = np.random.default_rng(0)
    offset = rng.normal(0, 15, (2, 64, 96)).astype(np.float32)
    return LinearColour(np.full_like(offset, 0.05), offset)


def peak(work: Callable[[], object]) -> int:
    """Bytes that ``work`` had allocated at the most, beyond those from before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rendering_holds_the_output_and_a_strip(dtype: Any) -> None:
    extra = []
    for height, width in ((1500, 2000), (4000, 6000)):
        photo = photograph(height, width, dtype)
        output = 3 * photo.pixels.nbytes
        most = peak(lambda photo=photo: render_pixels(photo, colour(), threads=2))  # type: ignore[misc]
        assert most >= output
        extra.append(most - output)
    assert max(extra) < A_STRIP


@pytest.mark.parametrize(
    ("format", "dtype"), [("jpeg", np.uint8), ("tiff", np.uint8), ("tiff", np.uint16)]
)
def test_writing_holds_a_strip(format: str, dtype: Any, tmp_path: Path) -> None:
    grey = photograph(3000, 4000, dtype)
    photo = Photo(np.repeat(grey.pixels[..., None], 3, axis=2), bit_depth=grey.bit_depth)
    path = tmp_path / f"a.{format}"
    assert peak(lambda: write(photo, path, format=format)) < A_STRIP


def test_sixteen_bits_become_eight_strip_by_strip() -> None:
    photo = Photo(np.zeros((3000, 4000, 3), np.uint16), bit_depth=16)
    assert peak(lambda: write(photo, io.BytesIO(), format="jpeg")) < 36 * MB + A_STRIP


def test_reading_holds_the_picture_twice_at_most() -> None:
    """The file's bytes and what a decoder holds besides."""
    buffer = io.BytesIO()
    write(photograph(3000, 4000, np.uint16), buffer, format="tiff")
    data = buffer.getvalue()
    assert peak(lambda: read(data)) < 2 * 24 * MB + A_STRIP


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_changes_nothing(threads: int) -> None:
    photo = photograph(700, 900)
    alone = render_pixels(photo, colour(), threads=1)
    np.testing.assert_array_equal(render_pixels(photo, colour(), threads=threads), alone)


def processor_seconds(work: Callable[[], object]) -> float:
    """The least of three; of this process, so that other work on the machine counts little."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def test_rendering_takes_a_fraction_of_a_textbook_conversion() -> None:
    """Its two conversions alone take more than ten times as long; three times is enough here."""
    photo = photograph(1200, 1800)
    rgb = np.repeat(photo.pixels[..., None], 3, axis=2)

    def textbook() -> None:
        lab = rgb2lab(rgb / 255)
        lab[..., 1:] = 20
        lab2rgb(lab)

    ours = processor_seconds(lambda: render_pixels(photo, colour(), threads=1))
    assert 3 * ours < processor_seconds(textbook)


def test_nothing_from_file_to_file_imports_torch(python: Run) -> None:
    """Beyond the network: reading, what is done before it and after it, writing."""
    code = f"""
import io, sys
import numpy as np
from colorizer import Photo, Settings, batch, read, render, shrink, uncertainty, write
from colorizer.pipeline import shrink_lightness
from colorizer.prediction import Prediction
photo = read({str(ROOT / "samples" / "camera.jpg")!r})
shrink_lightness(photo, 256, 256)
logits = np.zeros((313, 64, 64), np.float16)
predicted = Prediction(logits, np.zeros((256, 256), np.float32), photo.height, photo.width, "m",
                       "0", 256, 1.0, np.ones(313, np.float32))
result = render(shrink(photo, 200), predicted, Settings(cast_removal=1.0))
for format in ("jpeg", "png", "tiff", "webp"):
    write(result, io.BytesIO(), format=format)
print([name for name in ("torch", "torchvision", "skimage", "cv2") if name in sys.modules])
"""
    assert python("-c", code).stdout == "[]\n"


def test_the_benchmark_runs(tmp_path: Path) -> None:
    """One line of it; what the numbers are is for a machine that does nothing else."""
    pytest.importorskip("resource")
    out = tmp_path / "performance.json"
    script = str(ROOT / "benchmarks" / "pipeline.py")
    command = [sys.executable, script, "--rounds", "1", "--only", "1 MP JPEG", "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=280)
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["machine"]
    (row,) = report["rows"].values()
    assert row["speed_up"] > 0
    assert min(row[name]["peak_mb"] for name in ("ours", "textbook")) > 20
