"""The folder of odd files: every one gives a right picture or a typed error, in bounded memory.

Each worker process has at most 2 GB; a process that dies or hangs fails the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .pictures import ODD

pytestmark = pytest.mark.skipif(
    not ODD.is_dir() or sys.platform != "linux",
    reason="needs the shared folder, and Linux to limit memory",
)

WORKER = """
import json, resource, sys, warnings
warnings.simplefilter("error")
limit = 2 << 30
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
from colorizer.errors import ColorizerError
from colorizer.photo import read
for line in sys.stdin:
    path = line.rstrip("\\n")
    try:
        photo = read(path)
        value = float(photo.pixels.mean()) / (257 if photo.pixels.dtype.itemsize == 2 else 1)
        result = [photo.width, photo.height, photo.bit_depth, photo.alpha is not None, value]
        assert photo.pixels.ndim == 2
    except ColorizerError as error:
        assert str(error).endswith("."), error
        result = type(error).__name__
    except BaseException as error:
        result = "LEAK " + repr(error)
    print(json.dumps([path, result]), flush=True)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps(["peak", peak]), flush=True)
"""


def files() -> list[str]:
    return sorted(str(p.relative_to(ODD)) for p in ODD.rglob("*") if p.is_file())


@cache
def results() -> dict[str, Any]:
    """Read all files in one worker; after a crash go on behind the file that caused it."""
    waiting = [str(ODD / name) for name in files()]
    found: dict[str, Any] = {}
    while waiting:
        run = subprocess.run(
            [sys.executable, "-c", WORKER],
            input="\n".join(waiting) + "\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        for path, result in lines:
            key = str(Path(path).relative_to(ODD)) if path != "peak" else path
            found[key] = max(result, found.get(key, 0)) if key == "peak" else result
        waiting = [p for p in waiting if str(Path(p).relative_to(ODD)) not in found]
        if waiting and "peak" not in [path for path, _ in lines]:
            found[str(Path(waiting.pop(0)).relative_to(ODD))] = f"DIED {run.stderr[-300:]}"
    return found


@pytest.mark.parametrize("name", files() if ODD.is_dir() else [])
def test_a_picture_or_a_typed_error(name: str) -> None:
    result = results()[name]
    if isinstance(result, list):
        width, height, depth, _, mean = result
        assert width > 0
        assert height > 0
        assert depth in (8, 16)
        assert 0 <= mean <= 255
    else:
        assert result in {"CorruptImage", "UnsupportedImage", "ImageTooLarge"}


def test_memory_stays_far_below_the_limit() -> None:
    assert results()["peak"] < 1_000_000  # kilobytes


C, U, L = "CorruptImage", "UnsupportedImage", "ImageTooLarge"
EXPECTED: dict[str, Any] = {
    # name: error, or (width, height, depth, has alpha, mean of the 8-bit grey)
    "animated/anim_frame1.webp": (82, 82, 8, False, 246.9),
    "animated/mode_16bit.png": (128, 64, 16, True, 126.6),
    "avif/hopper.heif": (128, 128, 8, False, 85.9),
    "avif/rot2mir0.avif": (640, 427, 8, False, 134.6),
    "avif/rot3mir0.avif": (640, 427, 8, False, 134.5),
    "avif/star.avifs": (159, 159, 8, True, 90.7),
    "avif/xmp_tags_orientation.avif": (326, 268, 8, False, 189.1),
    "bits16/12bit.cropped.tif": (100, 100, 16, False, 0.16),
    "bits16/12in16bit.tif": (100, 100, 16, False, 0.01),
    "bits16/16_bit_binary_pgm.tiff": (20, 100, 16, False, 127.5),
    "bits16/16bit.MM.deflate.tif": (64, 64, 16, False, 1.49),
    "bits16/16bit.deflate.tif": (64, 64, 16, False, 1.49),
    "bits16/tiff_16bit_RGB.tiff": (100, 40, 16, False, 32.2),
    "bits16/tiff_16bit_RGBa.tiff": (100, 40, 16, True, 100.0),
    "bits16/uint16_1_4660.tif": (10, 10, 16, False, 18.1),
    "broken/badrle.bmp": C,
    "broken/badwidth.bmp": L,
    "broken/broken.png": C,
    "broken/broken_data_stream.png": C,
    "broken/cross_scan_line_truncated.tga": U,
    "broken/decompression_bomb.gif": L,
    "broken/hopper_unknown_pixel_mode.tif": (128, 128, 16, False, 85.7),
    "broken/jpeg_ff00_header.jpg": (300, 225, 8, False, 89.7),
    "broken/negative_size.ppm": U,
    "broken/old-style-jpeg-compression.tif": (4160, 870, 8, False, 83.6),
    "broken/reallybig.bmp": L,
    "broken/seek_too_large.tif": C,
    "broken/truncated_image.png": C,
    "exif_rotated/hopper_orientation_2.webp": (128, 128, 8, False, 85.6),
    "exif_rotated/hopper_orientation_5.jpg": (128, 128, 8, False, 85.7),
    "heic/IllegalArgumentException.HeifReader.processBoxes.heif": C,
    "heic/cheers_1440x960.heic": (1440, 960, 8, False, 76.8),
    "jpeg/hopper_gray.jpg": (128, 128, 8, False, 84.7),
    "jpeg/pil_sample_cmyk.jpg": (100, 100, 8, False, 17.7),
    "jpeg_suite/28968137f4fc75fbf56f16d7a7a8551a.jpg": C,
    "jpeg_suite/316be81dfdeeb942e904feb3a77f4f83.jpg": (1443, 1071, 8, False, 161.6),
    "modes/black_and_white.ico": U,
    "modes/g4_orientation_3.tif": (590, 88, 8, False, 226.8),
    "modes/g4_orientation_6.tif": (590, 88, 8, False, 226.7),
    "modes/hopper.Lab.tif": (128, 128, 8, False, 85.7),
    "modes/hopper.bmp": (128, 128, 8, False, 85.7),
    "modes/hopper.im": U,
    "modes/hopper.psd": U,
    "modes/hopper.qoi": U,
    "modes/hopper_8bit.pgm": (128, 128, 8, False, 84.2),
    "modes/hopper_bigtiff.tif": (128, 128, 8, False, 85.7),
    "modes/hopper_gray_4bpp.tif": (128, 128, 8, False, 85.4),
    "modes/hopper_lzw.tif": (128, 128, 8, False, 85.7),
    "modes/multipage.tiff": (10, 10, 8, False, 109.5),
    "modes/rgb_trns.png": (64, 64, 8, True, 183.7),
    "modes/transparent.gif": (200, 150, 8, True, 209.0),
    "pngsuite/basi6a16.png": (32, 32, 16, True, 173.8),
    "pngsuite/basn0g01.png": (32, 32, 8, False, 124.5),
    "pngsuite/basn0g16.png": (32, 32, 16, False, 190.6),
    "pngsuite/tbbn2c16.png": (32, 32, 16, True, 204.2),
    "pngsuite/tm3n3p02.png": (32, 32, 8, True, 75.9),
    "pngsuite/xc1n0g08.png": C,
    "pngsuite/xcrn0g04.png": U,
    "pngsuite/xcsn0g01.png": C,
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_expected(name: str) -> None:
    result, expected = results()[name], EXPECTED[name]
    if isinstance(expected, str):
        assert result == expected
    else:
        assert isinstance(result, list), result
        assert tuple(result[:4]) == expected[:4]
        assert result[4] == pytest.approx(expected[4], abs=0.06 if expected[4] > 2 else 0.01)


@pytest.mark.parametrize(
    "size", ["orientation_3", "orientation_4", "orientation_5", "orientation_6"]
)
def test_the_same_page_in_four_orientations(size: str) -> None:
    import numpy as np

    from colorizer.photo import read

    page = read(ODD / f"modes/g4_{size}.tif").pixels
    reference = read(ODD / "modes/g4_orientation_3.tif").pixels
    assert np.mean(page != reference) < 0.03
    for wrong in (reference[::-1], reference[:, ::-1], reference[::-1, ::-1]):
        assert np.mean(page != wrong) > 0.08
