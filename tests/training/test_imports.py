"""Training runs on a machine that has PyTorch and little else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import tiny

PROGRAM = """
import sys
for name in ("pydantic", "flask", "huey", "openvino", "nncf", "kornia", "skimage", "requests",
             "defusedxml", "imagecodecs", "tifffile", "platformdirs", "safetensors"):
    sys.modules[name] = None  # importing it raises ImportError
from colorizer import networks
from colorizer.training.loop import train
from tests.training import tiny
networks.build("eccv16-vgg16", width=8, attention=4)
tiny.register()
photos, run = sys.argv[1:]
train(tiny.config(photos, run, degrade=1.0, balance=0.5, freeze_until=0.5, ema=0.9), progress=False)
"""


def test_a_run_needs_none_of_the_packages_of_the_other_doors(
    python: Callable[..., Any], tmp_path: Path
) -> None:
    photos = tiny.write_pictures(tmp_path / "photos", 4)
    python("-c", PROGRAM, str(photos), str(tmp_path / "run"))
    assert (tmp_path / "run" / "last.pt").is_file()
