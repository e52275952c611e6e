"""What is known of a file before its pixels are decoded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from colorizer.errors import CorruptImage, ImageError, ImageTooLarge, UnsupportedImage
from colorizer.photo import Header, UnreadableFile, probe, read

from .pictures import ODD, exif, noise, png, saved, tiff


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF", "AVIF"])
def test_format_and_size_of_every_kind(kind: str, tmp_path: Path) -> None:
    data = saved(noise(30, 50), kind)
    assert probe(data) == Header(kind, 50, 30)
    assert probe(io.BytesIO(data)) == Header(kind, 50, 30)
    (tmp_path / "wrong.txt").write_bytes(data)
    assert probe(tmp_path / "wrong.txt") == Header(kind, 50, 30)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_picture(orientation: int) -> None:
    data = saved(noise(30, 50), "JPEG", exif=exif(orientation))
    photo = read(data)
    assert probe(data) == Header("JPEG", photo.width, photo.height)
    assert (photo.width < photo.height) == (orientation > 4)


def test_pixels_are_not_decoded() -> None:
    data = png(noise(100, 100))
    assert probe(data[:200]) == Header("PNG", 100, 100)
    with pytest.raises(CorruptImage):
        read(data[:200])


def test_the_limit_is_that_of_read() -> None:
    data = tiff(noise(30, 50))
    assert probe(data, max_pixels=1500).width == 50
    with pytest.raises(ImageTooLarge, match="50 x 30"):
        probe(data, max_pixels=1499)


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.4", b"<svg/>"])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(CorruptImage if not data else UnsupportedImage):
        probe(data)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        probe(tmp_path / "a.png")


@pytest.mark.skipif(not ODD.is_dir(), reason="the odd files are not here")
def test_odd_files_agree_with_read() -> None:
    """What can be read can be probed, with the same size; the rest is a typed error or passes."""
    for path in sorted(p for p in ODD.rglob("*") if p.is_file()):
        try:
            header = probe(path)
        except ImageError:
            with pytest.raises(ImageError):
                read(path)
            continue
        try:
            photo = read(path)
        except ImageError:
            continue
        assert (header.width, header.height) == (photo.width, photo.height), path.name
        assert np.size(photo.pixels)
