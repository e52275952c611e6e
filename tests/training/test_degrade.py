"""Degradations: decided by the generator alone, in range, believable; JPEG as libjpeg has it."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from colorizer.errors import InvalidSetting
from colorizer.training.augment import to_lab_batch
from colorizer.training.degrade import _gaussian, degrade_lightness, jpeg

from .tiny import pictures


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def lightness(count: int, size: int = 64) -> Tensor:
    return to_lab_batch(pictures(count, size).permute(0, 3, 1, 2).float() / 255).lightness


def test_strength_0_returns_the_input() -> None:
    given = lightness(2)
    assert degrade_lightness(given, generator(), 0.0) is given


def test_no_pictures_stay_none() -> None:
    assert degrade_lightness(torch.zeros(0, 1, 32, 32), generator()).shape == (0, 1, 32, 32)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_other_strengths_are_refused(strength: float) -> None:
    with pytest.raises(InvalidSetting, match="strength"):
        degrade_lightness(lightness(1), generator(), strength)


@given(st.integers(1, 3), st.integers(1, 70), st.integers(1, 70), st.floats(0.01, 1), st.integers())
@settings(max_examples=25)
def test_any_size_and_strength_stays_in_range(
    count: int, height: int, width: int, strength: float, seed: int
) -> None:
    own = generator(seed % 2**63)
    before = torch.rand((count, 1, height, width), generator=own) * 100
    kept = before.clone()
    after = degrade_lightness(before, own, strength)
    assert after.shape == before.shape
    assert after.isfinite().all()
    assert after.min() >= 0
    assert after.max() <= 100
    assert torch.equal(before, kept)  # the given tensor is not changed in place


def test_the_generator_decides_alone() -> None:
    given = lightness(4)
    torch.manual_seed(1)
    one = degrade_lightness(given, generator(5))
    torch.manual_seed(2)
    assert torch.equal(one, degrade_lightness(given, generator(5)))
    assert not torch.equal(one, degrade_lightness(given, generator(6)))


def test_every_picture_gets_its_own() -> None:
    same = lightness(1).expand(8, -1, -1, -1)
    results = degrade_lightness(same, generator(3))
    assert all((a - b).abs().mean() > 0.1 for a, b in combinations(results, 2))


def test_more_strength_changes_more() -> None:
    given = lightness(24)
    changes = [
        float((degrade_lightness(given, generator(9), strength) - given).abs().mean())
        for strength in (0.1, 0.4, 1.0)
    ]
    assert changes[0] * 2 < changes[1]
    assert changes[1] * 1.5 < changes[2]


def test_pictures_look_old_not_destroyed() -> None:
    given = lightness(48)
    old = degrade_lightness(given, generator(1))
    change = (old - given).abs().mean(dim=(1, 2, 3))
    assert 2 < change.mean() < 12
    for before, after in zip(given, old, strict=True):
        assert np.corrcoef(before.flatten().numpy(), after.flatten().numpy())[0, 1] > 0.75


def test_each_picture_is_blurred_by_its_own_gaussian() -> None:
    noise = torch.rand((3, 1, 40, 32), generator=generator())
    sigmas = [0.0, 0.6, 1.3]
    blurred = _gaussian(noise, torch.tensor(sigmas).reshape(3, 1, 1, 1))
    torch.testing.assert_close(blurred[0], noise[0])
    for before, result, sigma in list(zip(noise, blurred, sigmas, strict=True))[1:]:
        expected = gaussian_blur(before, [9, 9], [sigma, sigma])[:, 4:-4, 4:-4]
        torch.testing.assert_close(result[:, 4:-4, 4:-4], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("quality", [1, 30, 50, 77, 95])
@pytest.mark.parametrize("size", [(64, 48), (61, 45)])
def test_jpeg_is_libjpegs(quality: int, size: tuple[int, int]) -> None:
    grey = (lightness(1)[0, 0] * 2.55).numpy()[: size[0], : size[1]].round().astype(np.uint8)
    grey = grey // 2 + np.random.default_rng(0).integers(0, 128, grey.shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        expected = np.asarray(image).astype(float)
    given = torch.from_numpy(grey)[None, None].float()
    result = jpeg(given, torch.tensor(float(quality)).reshape(1, 1, 1, 1))[0, 0].numpy()
    error = np.abs(result - expected)
    # pixels differ by rounding to whole numbers, blocks now and then by a coefficient that lay
    # half-way between two levels
    assert np.median(error) < 0.4
    assert (error < 1).mean() > 0.75
    assert np.abs(expected - grey).mean() > 3 * error.mean()


def test_jpeg_takes_a_quality_for_each_picture() -> None:
    noise = torch.rand((3, 1, 32, 32), generator=generator()) * 255
    quality = torch.tensor([20.0, 60.0, 95.0]).reshape(3, 1, 1, 1)
    together = jpeg(noise, quality)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], jpeg(noise[i : i + 1], quality[i : i + 1]))
    errors = (together - noise).abs().mean(dim=(1, 2, 3))
    assert errors[0] > errors[1] > errors[2] > 0
