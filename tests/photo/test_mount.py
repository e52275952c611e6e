"""The picture is found on its mount, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from colorizer.photo import read
from colorizer.photo.mount import Box, find_picture, part_of

from .pictures import saved, smooth


def scene(height: int = 220, width: int = 300, seed: int = 0) -> NDArray[np.uint8]:
    """What a photograph is like: patches of all lightnesses."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(10, 230, (9, 12)).astype(np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def mounted(
    picture: NDArray[Any],
    tone: int = 240,
    sides: tuple[int, int, int, int] = (30, 40, 20, 25),
    paper: float = 2.0,
) -> tuple[NDArray[np.uint8], tuple[slice, slice]]:
    """On a card of this grey and grain, with so many px on top, bottom, left and right."""
    top, bottom, left, right = sides
    height, width = picture.shape
    card = np.random.default_rng(1).normal(
        tone, paper, (top + height + bottom, left + width + right)
    )
    rows, columns = slice(top, top + height), slice(left, left + width)
    card[rows, columns] = picture
    return np.clip(card, 0, 255).astype(np.uint8), (rows, columns)


def ends(box: Box | None, pixels: NDArray[Any]) -> list[int]:
    assert box is not None
    rows, columns = box.on(*pixels.shape)
    return [rows.start, rows.stop, columns.start, columns.stop]


@pytest.mark.parametrize("tone", [3, 128, 240])
@pytest.mark.parametrize("size", [(220, 300), (900, 700), (2400, 3100)])
def test_found_to_the_pixel(tone: int, size: tuple[int, int]) -> None:
    picture = np.where(np.abs(scene(*size).astype(int) - tone) < 20, 60, scene(*size))
    sides = tuple(round(share * min(size)) for share in (0.1, 0.2, 0.05, 0.08))
    scan, (rows, columns) = mounted(picture, tone, sides)  # type: ignore[arg-type]
    expected = [rows.start, rows.stop, columns.start, columns.stop]
    assert ends(find_picture(scan), scan) == expected
    deep = scan.astype(np.uint16) * 257
    assert ends(find_picture(deep), deep) == expected


def test_a_scan_that_leans_keeps_all_of_its_picture() -> None:
    scan, _ = mounted(scene(600, 800), sides=(70, 70, 70, 70))
    marked, _ = mounted(np.full((600, 800), 1), 0, (70, 70, 70, 70), 0.0)
    leaning = Image.fromarray(scan).rotate(1, Image.Resampling.BICUBIC, fillcolor=240)
    where = np.asarray(Image.fromarray(marked * 255).rotate(1)) > 127
    box = find_picture(np.asarray(leaning))
    top, bottom, left, right = ends(box, where)
    assert where[top:bottom, left:right].sum() > 0.985 * where.sum()
    assert (bottom - top) * (right - left) < 1.08 * where.sum()


def test_writing_on_the_mount_is_mount() -> None:
    scan, (rows, columns) = mounted(scene(), sides=(30, 90, 30, 30))
    image = Image.fromarray(scan)
    ImageDraw.Draw(image).text((120, 290), "Studio Müller, 1897", fill=30)
    written = np.asarray(image)
    expected = [rows.start, rows.stop, columns.start, columns.stop]
    assert ends(find_picture(written), written) == expected


def test_a_mount_may_lack_one_side_and_be_shaded() -> None:
    scan, (rows, columns) = mounted(scene(), sides=(30, 0, 30, 30))
    shaded = (scan * np.linspace(1, 0.97, scan.shape[1])).astype(np.uint8)
    expected = [rows.start, rows.stop, columns.start, columns.stop]
    assert ends(find_picture(shaded), shaded) == expected


def test_bars_of_a_film() -> None:
    scan, (rows, columns) = mounted(np.maximum(scene(), 50), 0, (40, 40, 0, 0), paper=0)
    expected = [rows.start, rows.stop, columns.start, columns.stop]
    assert ends(find_picture(scan), scan) == expected
    grainy, _ = mounted(np.maximum(scene(), 90), 30, (40, 40, 0, 0), paper=3)
    assert find_picture(grainy) is None


def test_what_is_no_mount() -> None:
    sky, _ = mounted(scene(), sides=(60, 0, 0, 0))
    corner, _ = mounted(scene(), sides=(60, 0, 60, 0))
    free = Image.new("L", (300, 300), 240)
    ImageDraw.Draw(free).ellipse((60, 60, 240, 240), fill=60)
    thin, _ = mounted(scene(), sides=(1, 1, 1, 1))
    small, _ = mounted(scene(30, 30), sides=(8, 8, 8, 8))
    others = [scene(), smooth(1, 300, 400)[..., 0], np.full((200, 200), 7, np.uint8)]
    for pixels in (sky, corner, np.asarray(free), thin, small, *others):
        assert find_picture(pixels) is None


def test_reading_looks_for_it_unless_told_otherwise() -> None:
    scan, (rows, columns) = mounted(scene(), sides=(30, 40, 20, 25))
    file = saved(scan, "PNG")
    photo = read(file)
    assert part_of(photo.picture, photo.height, photo.width) == (rows, columns)
    assert read(file, whole=True).picture is None
    assert read(file, colours=True).picture is None
    turned = read(file, turn=90)
    back = np.rot90(turned.pixels[part_of(turned.picture, turned.height, turned.width)])
    assert np.array_equal(back, scan[rows, columns])


def test_places_in_it_and_beside_it() -> None:
    box = Box(0.2, 0.1, 0.8, 0.5)
    assert box.inside(0.3, 0.5) == pytest.approx((0.5, 0.5))
    assert box.inside(0.0, 1.0) == (0.0, 1.0)
    assert box.holds(0.1, 0.8)
    assert not box.holds(0.6, 0.5)
    assert Box(0.999, 0.999, 1.0, 1.0).on(10, 10) == (slice(9, 10), slice(9, 10))
    assert part_of(None, 3, 4) == (slice(0, 3), slice(0, 4))
