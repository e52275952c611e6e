"""Finding and decoding training photographs: folders, tar shards, broken files, squares."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from colorizer.errors import TrainingDataError
from colorizer.photo.icc import made_profile
from colorizer.training.photos import (
    Item,
    PhotoDataset,
    collate_readable,
    decode,
    find_photos,
    fingerprint,
    load_owned_squares,
    load_squares,
    squares,
    thinned,
)

from .tiny import picture


def encoded(height: int = 40, width: int = 60, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(1, height, width)).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name in ("b.png", "a/one.png", "a/deep/two.JPEG", "a/deep/three.webp"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(kind={".JPEG": "JPEG", ".webp": "WEBP"}.get(file.suffix, "PNG")))
    (root / "notes.txt").write_text("not a picture")
    (root / "empty.png").write_bytes(b"")
    (root / "cut.jpg").write_bytes(encoded(kind="JPEG")[:300])
    return root


@pytest.fixture
def shard(folder: Path, tmp_path: Path) -> Path:
    file = tmp_path / "shard.tar"
    with tarfile.open(file, "w") as tar:
        tar.add(folder, "photos")
    return file


def test_folders_are_searched_recursively_in_a_fixed_order(folder: Path) -> None:
    names = [item.name for item in find_photos([folder])]
    assert names == sorted(names)
    assert {Path(n).name for n in names} == {
        "b.png", "one.png", "two.JPEG", "three.webp", "empty.png", "cut.jpg"
    }  # fmt: skip


def test_tar_shards_hold_the_same_bytes(folder: Path, shard: Path) -> None:
    in_folder = {Path(i.name).name: i.read() for i in find_photos([folder])}
    in_tar = {Path(i.name).name: i.read() for i in find_photos([str(shard)])}
    assert in_tar == in_folder
    assert len(find_photos([folder, shard, folder / "b.png"])) == 2 * len(in_tar) + 1


def test_sources_are_folders_or_the_prefixes_of_a_shard(folder: Path, tmp_path: Path) -> None:
    in_folder = {item.name: item.source for item in find_photos([folder])}
    assert in_folder["a/one.png"] == str(folder / "a")
    assert in_folder["a/deep/two.JPEG"] == in_folder["a/deep/three.webp"] == str(folder / "a/deep")
    file = tmp_path / "prefixes.tar"
    names = {
        "voc07_1.png": "voc07",
        "coco_tr_a_2.png": "coco",
        "x/sea_3.png": "sea",
        "x/4.png": "x",
    }
    with tarfile.open(file, "w") as tar:
        for name in names:
            tar.add(folder / "b.png", name)
    assert {item.name: item.source for item in find_photos([file])} == names


def test_what_is_hidden_is_left_out_and_every_suffix_counts(tmp_path: Path) -> None:
    root = tmp_path / ".mine"  # named itself, it is searched
    names = ("b.jpg", "c.jfif", "d/e.JPE", "._b.jpg", ".thumbnails/b.jpg", "d/.hidden.png")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(encoded(kind="JPEG"))
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        tar.add(root, ".")
    for source in (root, tmp_path / "shard.tar"):
        found = sorted(item.name.removeprefix("./") for item in find_photos([source]))
        assert found == ["b.jpg", "c.jfif", "d/e.JPE"]


def test_nothing_to_find_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no file or folder"):
        find_photos([tmp_path / "nowhere"])
    with pytest.raises(TrainingDataError, match="No photographs"):
        find_photos([tmp_path])
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"x" * 2000)
    with pytest.raises(TrainingDataError, match="tar file"):
        find_photos([broken])


@pytest.mark.parametrize("source", ["folder", "shard"])
def test_broken_pictures_are_skipped_and_counted_in_memory(
    source: str, request: pytest.FixtureRequest
) -> None:
    items = find_photos([request.getfixturevalue(source)])
    tensor, skipped = load_squares(items, 32, progress=False)
    assert skipped == 2
    assert tensor.shape == (8, 32, 32, 3)  # four good ones of 3:2 give two squares each
    one_each, _ = load_squares(items, 32, limit=1, progress=False)
    assert len(one_each) == 4


def test_broken_pictures_are_skipped_and_counted_when_streaming(folder: Path) -> None:
    dataset = PhotoDataset(find_photos([folder]), 32)
    stacked, dropped = collate_readable([dataset[i] for i in range(len(dataset))])
    assert dropped == 2
    assert stacked.shape == (4, 32, 32, 3)
    broken = [i for i, item in enumerate(dataset.items) if item.name == "empty.png"]
    nothing, dropped = collate_readable([dataset[i] for i in broken])
    assert (len(nothing), dropped) == (0, 1)


def test_avif_is_read(tmp_path: Path) -> None:
    picture = np.full((40, 60, 3), (200, 120, 40), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.avif")
    tensor, skipped = load_squares(find_photos([tmp_path]), 32, progress=False)
    assert (len(tensor), skipped) == (2, 0)
    assert abs(tensor.float().mean((0, 1, 2)).numpy() - picture[0, 0]).max() < 6


def test_squares_come_in_the_order_of_the_photographs(tmp_path: Path) -> None:
    for i in range(5):
        Image.fromarray(np.full((40, 60, 3), 40 * i, np.uint8)).save(tmp_path / f"{i}.png")
    tensor, owners = load_owned_squares(find_photos([tmp_path]), 32, progress=False)
    assert owners == [i for i in range(5) for _ in range(2)]
    assert [int(square.float().mean()) for square in tensor] == [40 * i for i in owners]


def test_only_broken_pictures_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(TrainingDataError, match="could be read"):
        load_squares(find_photos([tmp_path]), 32, progress=False)


@given(st.integers(1, 90), st.integers(1, 90))
def test_decode_brings_the_short_side_to_size(height: int, width: int) -> None:
    if max(height, width) > 20 * min(height, width):
        with pytest.raises(ValueError, match="too narrow"):
            decode(encoded(height, width), 16)
        return
    result = decode(encoded(height, width), 16)
    assert result.dtype == np.uint8
    assert min(result.shape[:2]) == 16
    assert max(result.shape[:2]) == pytest.approx(
        16 * max(height, width) / min(height, width), abs=1
    )


def test_decode_keeps_pixels_that_have_the_size() -> None:
    np.testing.assert_array_equal(decode(encoded(32, 50), 32), picture(1, 32, 50))


def test_grey_and_transparent_pictures_become_rgb() -> None:
    for mode in ("L", "LA", "RGBA", "P", "1", "CMYK"):
        file = io.BytesIO()
        Image.fromarray(picture(2)).convert(mode).save(file, "TIFF" if mode == "CMYK" else "PNG")
        assert decode(file.getvalue(), 32).shape == (32, 32, 3)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_decode_turns_pictures_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    stored = encoded(40, 60, kind, exif=exif)
    upright = np.rot90(decode(encoded(40, 60, kind), 40), -1)
    np.testing.assert_array_equal(decode(stored, 40), upright)


@given(st.integers(20, 200), st.integers(1, 4), st.booleans())
def test_squares_are_evenly_spaced_along_the_long_side(long: int, limit: int, tall: bool) -> None:
    size = 20
    picture = np.arange(size * long, dtype=np.uint8).reshape(size, long, 1).repeat(3, -1)
    if tall:
        picture = picture.swapaxes(0, 1)
    cut = squares(picture, size, limit)
    assert all(square.shape == (size, size, 3) for square in cut)
    spare = long - size
    assert len(cut) == (1 if spare < size // 4 else limit)
    expected = [spare // 2] if len(cut) == 1 else np.linspace(0, spare, len(cut)).round()
    for square, start in zip(cut, expected, strict=True):
        window = slice(int(start), int(start) + size)
        np.testing.assert_array_equal(square, picture[window] if tall else picture[:, window])


def test_streamed_squares_depend_on_seed_epoch_and_picture_alone(folder: Path) -> None:
    items = [item for item in find_photos([folder]) if item.name == "b.png"]

    def square(seed: int, epoch: int) -> bytes:
        return PhotoDataset(items, 24, (seed, epoch))[0].numpy().tobytes()

    assert square(0, 0) == square(0, 0)
    assert len({square(0, epoch) for epoch in range(8)}) > 1
    assert len({square(seed, 0) for seed in range(8)}) > 1


@pytest.mark.parametrize(("total", "count"), [(359, 180), (9999, 5000), (7, 3), (3, 7), (5, 5)])
def test_thinned_is_spread_over_all(total: int, count: int) -> None:
    found = thinned(torch.arange(total), count).tolist()
    items = [Item(Path(str(number)), "") for number in range(total)]
    assert [int(item.path.name) for item in thinned(items, count)] == found
    assert len(found) == min(total, count)
    steps = np.diff(found)
    assert steps.max() - steps.min() <= 1
    assert total - found[-1] <= steps.max() + 1


def test_photographs_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    before = fingerprint(find_photos([tmp_path]))
    assert fingerprint(find_photos([tmp_path])) == before
    (tmp_path / "a.png").write_bytes(b"12")
    longer = fingerprint(find_photos([tmp_path]))
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    assert len({before, longer, fingerprint(find_photos([tmp_path]))}) == 3


def test_colour_profiles_are_applied() -> None:
    plain = np.full((32, 32, 3), (120, 160, 90), np.uint8)
    wide = made_profile("rgb", 1.8, (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001))
    kept = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = {
        name: decode(_saved(plain, icc_profile=profile), 32)[16, 16].astype(int)
        for name, profile in (("wide", wide), ("sRGB", kept), ("broken", b"nonsense"))
    }
    np.testing.assert_array_equal(found["sRGB"], plain[0, 0])
    np.testing.assert_array_equal(found["broken"], plain[0, 0])
    assert found["wide"][1] - found["wide"][2] > 80  # it was 70


def _saved(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def test_sixteen_bits_are_not_clipped() -> None:
    grey = np.full((32, 32), 0x7F00, np.uint16)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    for data in (file.getvalue(), b"P5 32 32 65535\n" + grey.astype(">u2").tobytes()):
        assert decode(data, 32).tolist() == np.full((32, 32, 3), 0x7F).tolist()
