"""Make the pictures of the start page: the example before and after, and the samples' thumbnails.

Run from the root of the repository after the weights have changed:
``python scripts/make_static_examples.py``. It writes WebP files into static/.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import colorizer

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
STATIC = ROOT / "static"
EXAMPLE = "camera"
THUMBNAIL_SIDE = 240
QUALITY = 88
LARGEST_BYTES = 120_000


def save(image: Image.Image, file: Path) -> None:
    """Write a WebP without metadata; a page's picture must stay small."""
    file.parent.mkdir(exist_ok=True)
    image.save(file, quality=QUALITY, method=6)
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{file} has {size} bytes, more than {LARGEST_BYTES}.")
    print(f"{file.relative_to(ROOT)}: {image.width} x {image.height}, {size} bytes")


def main() -> None:
    """Write static/example-{before,after}.webp and static/samples/<name>.webp."""
    photo = colorizer.read(SAMPLES / f"{EXAMPLE}.jpg")
    save(Image.fromarray(photo.pixels), STATIC / "example-before.webp")
    coloured = colorizer.Colorizer.load().colorize(photo)
    save(Image.fromarray(coloured.pixels), STATIC / "example-after.webp")
    for sample in sorted(SAMPLES.glob("*.jpg")):
        with Image.open(sample) as image:
            image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
            save(image, STATIC / "samples" / f"{sample.stem}.webp")


if __name__ == "__main__":
    main()
