"""Make the sample photographs: grey JPEGs of free pictures that come with scikit-image.

Run from the root of the repository: ``python scripts/make_samples.py``. Where the pictures are from
and under what terms is in samples/README.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

FOLDER = Path(__file__).resolve().parents[1] / "samples"
NAMES = ("astronaut", "camera", "chelsea", "coffee", "rocket")
LONGEST_SIDE = 512
QUALITY = 90
LARGEST_BYTES = 60_000
#: share of each linear channel in the luminance (sRGB, D65)
LUMINANCE = (0.2126, 0.7152, 0.0722)


def grey(picture: np.ndarray) -> Image.Image:
    """The luminance of (H, W, 3) or (H, W) uint8, sRGB-encoded, as an 8-bit grey image."""
    if picture.ndim == 2:
        return Image.fromarray(picture)
    encoded = picture / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array(LUMINANCE)
    encoded = np.where(
        luminance <= 0.0031308, luminance * 12.92, 1.055 * luminance ** (1 / 2.4) - 0.055
    )
    return Image.fromarray(np.round(encoded.clip(0, 1) * 255).astype(np.uint8))


def main() -> None:
    """Write samples/<name>.jpg, without any metadata."""
    for name in NAMES:
        image = grey(getattr(data, name)())
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        file = FOLDER / f"{name}.jpg"
        image.save(file, quality=QUALITY, optimize=True)
        size = file.stat().st_size
        if size > LARGEST_BYTES:
            raise SystemExit(f"{file} has {size} bytes, more than {LARGEST_BYTES}.")
        print(f"{file.name}: {image.width} x {image.height}, {size} bytes")


if __name__ == "__main__":
    main()
