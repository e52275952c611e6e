import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.color.upsample import _box, enlarge, fit_linear_colour

sizes = st.integers(1, 40)


def rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(error))))


@settings(deadline=None)
@given(sizes, sizes, sizes, sizes)
def test_enlarging_is_torch_bilinear(h: int, w: int, height: int, width: int) -> None:
    ab = np.random.default_rng(h * 41 + w).normal(0, 30, (2, h, w)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(ab)[None], size=(height, width), mode="bilinear", align_corners=False
    )[0]
    np.testing.assert_allclose(enlarge(ab, height, width), expected.numpy(), atol=1e-3)


def test_without_refinement_lightness_has_no_influence() -> None:
    rng = np.random.default_rng(0)
    ab = rng.normal(0, 30, (2, 12, 16)).astype(np.float32)
    colour = fit_linear_colour(ab, rng.uniform(0, 100, (12, 16)).astype(np.float32), 0.0)
    lightness = rng.uniform(0, 100, (48, 64)).astype(np.float32)
    np.testing.assert_array_equal(colour.rows(lightness, 0, 48), enlarge(ab, 48, 64))


def test_a_constant_colour_stays_constant() -> None:
    rng = np.random.default_rng(0)
    ab = np.full((2, 20, 20), 17.0, np.float32)
    colour = fit_linear_colour(ab, rng.uniform(0, 100, (20, 20)).astype(np.float32))
    result = colour.rows(rng.uniform(0, 100, (80, 80)).astype(np.float32), 0, 80)
    np.testing.assert_allclose(result, 17.0, atol=1e-2)


def test_colour_follows_an_edge_of_the_lightness() -> None:
    """A blurred colour border over a sharp lightness edge comes out sharper than bilinear."""
    size, scale = 32, 4
    light = np.repeat([[20.0] * (size // 2) + [80.0] * (size // 2)], size, 0).astype(np.float32)
    ramp = np.clip((np.arange(size) - size / 2 + 0.5) / 4, -1, 1) * 40
    ab = np.broadcast_to(ramp.astype(np.float32), (2, size, size)).copy()
    full = np.repeat(np.repeat(light, scale, 0), scale, 1)
    truth = np.where(full > 50, 40.0, -40.0)
    refined = fit_linear_colour(ab, light).rows(full, 0, size * scale)
    plain = enlarge(ab, size * scale, size * scale)
    assert rms(refined - truth) < 0.7 * rms(plain - truth)


@pytest.mark.parametrize("cut", [1, 7, 33])
def test_strips_join_without_seams(cut: int) -> None:
    rng = np.random.default_rng(3)
    ab = rng.normal(0, 20, (2, 10, 14)).astype(np.float32)
    small = rng.uniform(0, 100, (10, 14)).astype(np.float32)
    large = rng.uniform(0, 100, (50, 70)).astype(np.float32)
    colour = fit_linear_colour(ab, small)
    whole = colour.rows(large, 0, 50)
    parts = [colour.rows(large[i : i + cut], i, 50) for i in range(0, 50, cut)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize(("h", "w", "radius"), [(1, 1, 6), (5, 3, 6), (30, 41, 6), (20, 20, 0)])
def test_means_over_windows_that_are_cut_at_the_borders(h: int, w: int, radius: int) -> None:
    planes = np.random.default_rng(0).normal(0, 50, (3, h, w)).astype(np.float32)
    expected = np.empty_like(planes)
    for y in range(h):
        for x in range(w):
            rows = slice(max(y - radius, 0), y + radius + 1)
            columns = slice(max(x - radius, 0), x + radius + 1)
            expected[:, y, x] = planes[:, rows, columns].mean(axis=(1, 2))
    np.testing.assert_allclose(_box(planes, radius), expected, atol=1e-4)
