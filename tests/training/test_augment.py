"""Crops, flips and degradations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from colorizer.color.lab import srgb_to_lab
from colorizer.training.augment import Batch, make_batch, random_crops, to_lab_batch
from colorizer.training.config import TrainConfig

from .tiny import pictures


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(squares: Tensor, seed: int = 0, **changes: Any) -> Batch:
    values: dict[str, Any] = {"resize": squares.shape[1], "crop": 32, "brightness": 0.0} | changes
    return make_batch(squares, TrainConfig(**values), generator(seed))


def floats(squares: Tensor) -> Tensor:
    return squares.permute(0, 3, 1, 2).float() / 255


@given(st.integers(0, 10_000), st.sampled_from([32, 40, 56, 64]))
@settings(max_examples=15, deadline=None)
def test_without_scaling_a_crop_is_a_window_of_the_picture_maybe_mirrored(
    seed: int, crop: int
) -> None:
    noise = torch.randint(0, 256, (3, 64, 64, 3), generator=generator(seed), dtype=torch.uint8)
    crops = random_crops(noise, crop, 1.0, generator(seed))
    assert crops.shape == (3, 3, crop, crop)
    for whole, result in zip(floats(noise), crops, strict=True):
        windows = whole.unfold(1, crop, 1).unfold(2, crop, 1)  # (3, y, x, crop, crop)
        candidates = torch.stack([windows, windows.flip(-1)])
        errors = (candidates - result[None, :, None, None]).abs().amax(dim=(1, 4, 5))
        assert errors.min() < 1e-4


def test_crops_are_mirrored_half_of_the_time_and_placed_everywhere() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).reshape(1, 1, 64, 1).expand(400, 64, 64, 3)
    crops = random_crops(ramp, 32, 1.0, generator())[:, 0, 0] * 255
    rising = crops[:, -1] > crops[:, 0]
    assert 150 < int(rising.sum()) < 250
    starts = set(crops.min(dim=1).values.round().tolist())
    assert min(starts) == 0
    assert max(starts) == 32
    assert len(starts) > 28


def test_whole_squares_are_kept() -> None:
    squares = pictures(6)
    crops = random_crops(squares, 64, 1.0, generator())
    same = (crops - floats(squares)).abs().amax(dim=(1, 2, 3)) < 1e-5
    mirrored = (crops - floats(squares).flip(-1)).abs().amax(dim=(1, 2, 3)) < 1e-5
    assert (same ^ mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_smallest_scale_shows_more_of_the_picture_but_never_beyond_it() -> None:
    ramp = torch.arange(0, 128, 2, dtype=torch.uint8).reshape(1, 1, 64, 1).expand(300, 64, 64, 3)
    crops = random_crops(ramp, 32, 0.5, generator()) * 255
    assert crops.min() >= 0
    assert crops.max() <= 126
    spans = (crops[:, 0, 0, -1] - crops[:, 0, 0, 0]).abs() / 2 * 32 / 31  # source px covered
    assert spans.min() == pytest.approx(32, abs=2)
    assert spans.max() == pytest.approx(64, abs=2)
    # log-uniform: as many below the geometric mean as above
    assert 100 < int((spans < 32 * 2**0.5).sum()) < 200
    # never more than the picture has, whatever smallest_scale allows
    capped = random_crops(ramp, 56, 0.1, generator()) * 255
    spans = (capped[:, 0, 0, -1] - capped[:, 0, 0, 0]).abs() / 2 * 56 / 55
    assert spans.max() <= 65


def test_batch_without_augmentation() -> None:
    squares = pictures(2)
    rgb = floats(squares)
    data = to_lab_batch(rgb)
    lab = srgb_to_lab(rgb.permute(0, 2, 3, 1))
    torch.testing.assert_close(data.lightness[:, 0], lab[..., 0])
    assert data.target.shape == (2, 2, 16, 16)
    assert data.target_lightness.shape == (2, 1, 16, 16)
    cell = lab[1, 8:12, 20:24].reshape(16, 3).mean(0)  # targets are means of 4 x 4 pixels
    torch.testing.assert_close(data.target[1, :, 2, 5], cell[1:], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(data.target_lightness[1, 0, 2, 5], cell[0], rtol=1e-5, atol=1e-4)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_everything_at_once_stays_in_range(seed: int) -> None:
    data = batch(
        pictures(2), seed, smallest_scale=0.5, brightness=0.9, input_contrast=0.9, input_noise=80.0
    )
    assert data.lightness.shape == (2, 1, 32, 32)
    for values in (data.lightness, data.target_lightness):
        assert values.min() >= 0
        assert values.max() <= 100 + 1e-4
    assert all(part.isfinite().all() for part in data)
    assert data.target.abs().max() < 130


def test_the_generator_decides_alone() -> None:
    options: dict[str, Any] = {"smallest_scale": 0.5, "brightness": 0.3}
    options |= {"input_contrast": 0.3, "input_noise": 9.0, "degrade": 0.5}
    torch.manual_seed(1)
    one = batch(pictures(3), 5, **options)
    torch.manual_seed(2)
    two, other = batch(pictures(3), 5, **options), batch(pictures(3), 6, **options)
    for a, b, c in zip(one, two, other, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
        assert not torch.equal(a, c)


def test_brightness_changes_input_and_target_alike() -> None:
    plain, changed = batch(pictures(4)), batch(pictures(4), brightness=0.5)
    assert (plain.lightness - changed.lightness).abs().mean() > 1
    small = torch.nn.functional.avg_pool2d(changed.lightness, 4)
    torch.testing.assert_close(small, changed.target_lightness, rtol=0, atol=1e-3)
    # a gain in linear light of 1 +- 0.5, one for each picture
    gains = ((changed.lightness + 16) / (plain.lightness + 16)).pow(3)[plain.lightness > 20]
    assert 0.45 < gains.min() < gains.max() < 1.55


def test_so_many_inputs_are_made_old() -> None:
    squares = pictures(4).repeat(30, 1, 1, 1)
    plain, some = batch(squares), batch(squares, degrade=0.25)
    changed = (plain.lightness - some.lightness).abs().amax(dim=(1, 2, 3)) > 0
    assert 18 <= int(changed.sum()) <= 42  # of 120; four standard deviations are 19
    everything = batch(squares, degrade=1.0).lightness
    assert ((plain.lightness - everything).abs().amax(dim=(1, 2, 3)) > 0).all()


def test_degradations_draw_no_numbers_of_the_others() -> None:
    """A run without them sees the crops that it saw before there were any."""
    squares = pictures(6)
    options: dict[str, Any] = {"input_noise": 4.0, "input_contrast": 0.2, "smallest_scale": 0.7}
    plain, some = batch(squares, 3, **options), batch(squares, 3, degrade=0.5, **options)
    same = (plain.lightness == some.lightness).all(dim=3).all(dim=2).flatten()
    assert 0 < int(same.sum()) < 6


def test_crops_grow_with_the_run() -> None:
    config = TrainConfig(resize=64, crop=32, crop_steps=((0.6, 48), (0.9, 64)))
    for progress, side in ((0.0, 32), (0.59, 32), (0.6, 48), (0.89, 48), (0.9, 64), (1.0, 64)):
        data = make_batch(pictures(2), config, generator(), progress)
        assert data.lightness.shape == (2, 1, side, side)
        assert data.target.shape == (2, 2, side // 4, side // 4)


@pytest.mark.parametrize(
    "option", [{"input_contrast": 0.5}, {"input_noise": 20.0}, {"degrade": 1.0}], ids=str
)
def test_input_degradations_leave_the_targets_alone(option: dict[str, Any]) -> None:
    plain, degraded = batch(pictures(4)), batch(pictures(4), **option)
    assert (plain.lightness - degraded.lightness).abs().mean() > 0.3
    torch.testing.assert_close(plain.target, degraded.target, rtol=0, atol=0)
    torch.testing.assert_close(plain.target_lightness, degraded.target_lightness, rtol=0, atol=0)
