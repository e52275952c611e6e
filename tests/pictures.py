"""Small grey photographs in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def picture(file: Path, width: int = 24, height: int = 16, *, bits: int = 8) -> Path:
    """Write a grey gradient; the format is that of the suffix; returns ``file``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, 2**bits - 1, width * height).reshape(height, width)
    Image.fromarray(ramp.astype(np.uint8 if bits == 8 else np.uint16)).save(file)
    return file


def channels(file: Path) -> int:
    """How many channels the picture in ``file`` has (3: it was colorized)."""
    with Image.open(file) as image:
        image.load()
        return len(image.getbands())
