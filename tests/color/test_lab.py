"""sRGB <-> Lab against scikit-image and against their own definitions; gamut mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import lab2rgb, lab2xyz, rgb2lab, rgb2xyz, xyz2lab

from colorizer.color.lab import (
    fit_gamut,
    fitted_srgb,
    grey_to_lightness,
    in_gamut,
    lab_to_linear,
    lab_to_srgb,
    lightness_to_grey,
    lightness_to_luminance,
    linear_to_srgb,
    luminance_to_lightness,
    srgb_to_lab,
    srgb_to_linear,
)

KINDS = pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
Kind = Callable[[NDArray[Any]], Any]
SEEDS = st.integers(0, 2**32 - 1)
#: scikit-image rounds the white to five digits, we take the matrix's own
SKIMAGE_WHITE = np.array([0.95047, 1.0, 1.08883])
MATRIX_WHITE = rgb2xyz(np.ones((1, 1, 3)))[0, 0]
ELEMENTWISE = [
    srgb_to_linear,
    linear_to_srgb,
    luminance_to_lightness,
    lightness_to_luminance,
    grey_to_lightness,
    lightness_to_grey,
    srgb_to_lab,
    lab_to_srgb,
    lab_to_linear,
    fit_gamut,
]


def _f32(values: Any) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def _corners_and_random(count: int = 4000) -> NDArray[np.float64]:
    corners = np.stack(np.meshgrid(*[[0.0, 0.02, 0.5, 1.0]] * 3), -1).reshape(-1, 3)
    return np.concatenate([corners, np.random.default_rng(7).random((count, 3))])


def _wild(seed: int, count: int = 200) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    low, high = [0, -128, -128], [100, 128, 128]
    return rng.uniform(low, high, (count, 3)).astype(np.float32)


@KINDS
def test_srgb_to_lab_is_scikit_images_with_the_exact_white(kind: Kind) -> None:
    rgb = _corners_and_random()
    expected = xyz2lab(rgb2xyz(rgb) * (SKIMAGE_WHITE / MATRIX_WHITE))
    result = np.asarray(srgb_to_lab(kind(rgb)))
    np.testing.assert_allclose(result, expected, atol=1e-3)
    # unmodified: L* the same, a* and b* by no more than the rounding of the white
    np.testing.assert_allclose(result[:, 0], rgb2lab(rgb)[:, 0], atol=1e-3)
    np.testing.assert_allclose(result, rgb2lab(rgb), atol=6e-3)


@KINDS
def test_lab_to_srgb_is_scikit_images(kind: Kind) -> None:
    rgb = _corners_and_random()
    np.testing.assert_allclose(np.asarray(lab_to_srgb(kind(rgb2lab(rgb)))), rgb, atol=1e-3)
    lab = srgb_to_lab(rgb)
    np.testing.assert_allclose(np.asarray(lab_to_srgb(kind(lab))), lab2rgb(lab), atol=1e-3)


@KINDS
def test_lab_to_linear_is_not_clipped(kind: Kind) -> None:
    lab = np.array([[50.0, 120.0, 100.0], [60.0, -110.0, 0.0], [97.0, 40.0, 40.0]])
    xyz = lab2xyz(lab) * (MATRIX_WHITE / SKIMAGE_WHITE)
    expected = xyz @ np.linalg.inv(rgb2xyz(np.eye(3)[None])[0])
    assert expected.min() < -0.1
    assert expected.max() > 1.1
    np.testing.assert_allclose(np.asarray(lab_to_linear(kind(lab))), expected, atol=1e-4)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_round_trip(seed: int) -> None:
    rgb = np.random.default_rng(seed).random((50, 3)).astype(np.float32)
    np.testing.assert_allclose(lab_to_srgb(srgb_to_lab(rgb)), rgb, atol=2e-5)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(rgb)), rgb, atol=2e-6)


def test_transfer_curve_is_continuous_where_its_pieces_meet() -> None:
    for function, knee in ((srgb_to_linear, 0.04045), (linear_to_srgb, 0.0031308)):
        around = np.array([knee - 1e-6, knee + 1e-6])
        assert np.abs(np.diff(function(around))).item() < 5e-5


def test_linear_values_known_from_the_standard() -> None:
    np.testing.assert_allclose(
        srgb_to_linear(np.array([0.0, 0.02, 0.5, 1.0])),
        [0.0, 0.02 / 12.92, 0.21404114, 1.0],
        atol=1e-6,
    )


@given(st.floats(0, 1))
@settings(deadline=None)
def test_grey_is_neutral_and_its_lightness_is_that_of_lab(value: float) -> None:
    lab = srgb_to_lab(np.full((1, 3), value, dtype=np.float32))[0]
    assert np.abs(lab[1:]).max() < 2e-4
    assert grey_to_lightness(_f32([value]))[0] == pytest.approx(lab[0], abs=1e-4)


@given(st.floats(0, 100))
@settings(deadline=None)
def test_lightness_and_grey_are_inverse(lightness: float) -> None:
    there = lightness_to_grey(_f32([lightness]))
    assert 0 <= there[0] <= 1 + 1e-6
    assert grey_to_lightness(there)[0] == pytest.approx(lightness, abs=1e-3)
    luminance = lightness_to_luminance(_f32([lightness]))
    assert luminance_to_lightness(luminance)[0] == pytest.approx(lightness, abs=1e-4)


def test_lightness_known_values() -> None:
    # CIE: L* = 116 (18.4187 %)^(1/3) - 16 = 50; below (6/29)^3 the line 903.3 Y
    known = luminance_to_lightness(np.array([0.0, 0.001, 0.184187, 1.0]))
    np.testing.assert_allclose(known, [0.0, 0.9033, 50.0, 100.0], atol=1e-3)


@pytest.mark.parametrize("function", ELEMENTWISE)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_same_kind_shape_and_device_out(function: Callable[[Any], Any], dtype: str) -> None:
    values = _wild(3, 24).reshape(2, 4, 3, 3).astype(dtype)
    if function not in (lab_to_srgb, lab_to_linear, fit_gamut):
        values = np.abs(values) / 200
    tensor = torch.from_numpy(values)
    from_numpy, from_torch = function(values), function(tensor)
    assert isinstance(from_numpy, np.ndarray)
    assert isinstance(from_torch, torch.Tensor)
    assert from_numpy.dtype == np.float32
    assert from_torch.dtype == torch.float32
    assert from_numpy.shape == tuple(from_torch.shape) == values.shape
    assert from_torch.device == tensor.device
    np.testing.assert_allclose(from_torch.numpy(), from_numpy, atol=2e-3)


def test_gradients_are_finite_also_at_black_and_white() -> None:
    rgb = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.0, 1.0]], requires_grad=True)
    srgb_to_lab(rgb).sum().backward()
    assert rgb.grad is not None
    assert rgb.grad.isfinite().all()
    assert rgb.grad.abs().min() > 0


@KINDS
def test_in_gamut_has_all_rgb_and_not_more(kind: Kind) -> None:
    rgb = _corners_and_random(500)
    assert bool(in_gamut(kind(srgb_to_lab(rgb)), tolerance=1e-4).all())
    outside = np.array([[50.0, 120.0, 100.0], [0.0, 5.0, 0.0], [100.0, 0.0, 5.0], [101.0, 0, 0]])
    assert not bool(in_gamut(kind(outside)).any())


@given(SEEDS)
@settings(max_examples=25, deadline=None)
@KINDS
def test_fit_gamut(kind: Kind, seed: int) -> None:
    lab = _wild(seed)
    lab[:20, 0] *= 0.03  # very dark ones too
    result = np.asarray(fit_gamut(kind(lab)))
    assert in_gamut(result).all()
    # L* is kept, also after the last rounding into 0..1
    np.testing.assert_array_equal(result[:, 0], lab[:, 0])
    np.testing.assert_allclose(srgb_to_lab(lab_to_srgb(result))[:, 0], lab[:, 0], atol=0.015)
    # hue is kept, chroma is never raised
    before, after = np.hypot(*lab[:, 1:].T), np.hypot(*result[:, 1:].T)
    cross = lab[:, 1] * result[:, 2] - lab[:, 2] * result[:, 1]
    np.testing.assert_allclose(cross / np.maximum(before, 1), 0, atol=1e-3)
    assert ((lab[:, 1:] * result[:, 1:]).sum(-1) >= 0).all()
    assert (after <= before * (1 + 1e-6)).all()
    # colours inside are unchanged, those outside are on the border: a little more would be too much
    inside = in_gamut(lab)
    np.testing.assert_array_equal(result[inside], lab[inside])
    more = lab[~inside].copy()
    more[:, 1:] *= (after / before)[~inside, None] + 2 / 2**10
    assert not in_gamut(more).any()


def test_fit_gamut_reaches_the_pure_colours() -> None:
    pure = srgb_to_lab(np.eye(3))
    far = pure * np.array([1.0, 1.5, 1.5])
    np.testing.assert_allclose(fit_gamut(far, iterations=20), pure, atol=0.05)


def test_fit_gamut_keeps_the_input_and_shapes() -> None:
    lab = _wild(1, 6).reshape(1, 2, 3, 3)
    copy = lab.copy()
    assert fit_gamut(lab).shape == lab.shape
    np.testing.assert_array_equal(lab, copy)
    assert fit_gamut(lab[:, :0]).shape == (1, 0, 3, 3)
    black_and_white = _f32([[0, 50, 50], [100, -50, 20]])
    np.testing.assert_allclose(
        lab_to_srgb(fit_gamut(black_and_white)), [[0] * 3, [1] * 3], atol=2e-3
    )


@KINDS
@pytest.mark.parametrize("chroma", [5.0, 150.0])
def test_fitted_srgb_is_both_steps(kind: Kind, chroma: float) -> None:
    lab = np.random.default_rng(0).uniform(-1, 1, (30, 40, 3)).astype(np.float32)
    lab *= np.array([0, chroma, chroma], np.float32)
    lab[..., 0] = 60.0
    both = np.asarray(lab_to_srgb(fit_gamut(kind(lab))))
    np.testing.assert_array_equal(np.asarray(fitted_srgb(kind(lab))), both)
