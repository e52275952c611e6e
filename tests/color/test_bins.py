"""The 313 bins: the table, soft encoding, prior, rebalancing, annealed mean, entropy."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import softmax

from colorizer.color.bins import (
    BIN_COUNT,
    GREY_BIN,
    ab_bins,
    annealed_mean,
    decode,
    entropy,
    nearest_bin,
    rebalancing_weights,
    reweight,
    reweighting_shift,
    smooth_prior,
    soft_encode,
    soft_encode_dense,
    soft_logits,
)

KINDS = pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
SEEDS = st.integers(0, 2**32 - 1)
COLOURS = arrays(np.float32, (4, 2), elements=st.floats(-120, 120, width=32))
TABLE = ab_bins(np.float64)
PUBLISHED_SHA256 = "b5dec01315c34f43f1c8c089e84c45ae35d1838d8e77ed0e7ca930f79ffa450e"
Floats = NDArray[np.float32]
Kind = Callable[[NDArray[Any]], Any]


def _f32(values: Any) -> Floats:
    return np.array(values, dtype=np.float32)


def _logits(seed: int, shape: tuple[int, ...] = (5, BIN_COUNT), scale: float = 4.0) -> Floats:
    values = np.random.default_rng(seed).standard_normal(shape) * scale
    return values.astype(np.float32)


def _distances(ab: NDArray[Any]) -> NDArray[np.float64]:
    apart = ab.astype(np.float64)[..., None, :] - TABLE
    return np.asarray(np.sqrt((apart**2).sum(-1)))


def test_table_is_the_published_one() -> None:
    # as numpy.save wrote it when the table was published: the header is padded to 16 bytes, not 64
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (313, 2), }"
    header = header.ljust(69) + b"\n"
    magic = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    data = magic + header + ab_bins(np.int64).astype("<i8").tobytes()
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), ab_bins(np.int64))
    assert len(data) == 5088
    assert hashlib.sha256(data).hexdigest() == PUBLISHED_SHA256
    assert tuple(ab_bins()[GREY_BIN]) == (0, 0)
    assert GREY_BIN == 120
    assert ab_bins().dtype == np.float32


def test_table_is_a_fresh_copy() -> None:
    ab_bins(np.int64)[:] = 0
    assert ab_bins(np.int64)[0].tolist() == [-90, 50]


@KINDS
@given(COLOURS)
@settings(deadline=None)
def test_nearest_bin(kind: Kind, ab: Floats) -> None:
    result = np.asarray(nearest_bin(kind(ab)))
    distances = _distances(ab)
    chosen = np.take_along_axis(distances, result[:, None], -1)[:, 0]
    assert result.shape == (4,)
    np.testing.assert_allclose(chosen, distances.min(-1), atol=1e-3)


def test_every_centre_is_its_own_nearest() -> None:
    np.testing.assert_array_equal(nearest_bin(ab_bins()), np.arange(BIN_COUNT))


@KINDS
@given(COLOURS, st.sampled_from([1, 2, 5, 10, 313]), st.sampled_from([2.0, 5.0, 20.0]))
@settings(deadline=None)
def test_soft_encode_is_the_formula(kind: Kind, ab: Floats, k: int, sigma: float) -> None:
    indices, weights = (np.asarray(x) for x in soft_encode(kind(ab), k, sigma))
    assert indices.shape == weights.shape == (4, k)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert (np.diff(weights, axis=-1) <= 0).all()
    distances = _distances(ab)
    chosen = np.take_along_axis(distances, indices, -1)
    np.testing.assert_allclose(chosen, np.sort(distances, -1)[:, :k], atol=1e-3)  # the k nearest
    assert all(len(set(row)) == k for row in indices.tolist())
    gaussian = np.exp(-(chosen**2 - chosen.min(-1, keepdims=True) ** 2) / (2 * sigma**2))
    np.testing.assert_allclose(weights, gaussian / gaussian.sum(-1, keepdims=True), atol=2e-4)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_numpy_and_torch_agree(seed: int) -> None:
    ab = np.random.default_rng(seed).uniform(-110, 110, (3, 7, 2)).astype(np.float32)
    for ours, theirs in zip(soft_encode(ab), soft_encode(torch.from_numpy(ab)), strict=True):
        assert isinstance(theirs, torch.Tensor)
        np.testing.assert_allclose(theirs.numpy(), ours, atol=1e-6)
    dense = soft_encode_dense(torch.from_numpy(ab)).numpy()
    np.testing.assert_allclose(dense, soft_encode_dense(ab), atol=1e-6)


@KINDS
def test_dense_form_holds_the_same(kind: Kind) -> None:
    ab = np.random.default_rng(0).uniform(-80, 80, (2, 3, 2)).astype(np.float32)
    indices, weights = (np.asarray(x) for x in soft_encode(kind(ab)))
    dense = np.asarray(soft_encode_dense(kind(ab)))
    assert dense.shape == (2, 3, BIN_COUNT)
    assert (np.count_nonzero(dense, axis=-1) == np.count_nonzero(weights, axis=-1)).all()
    np.testing.assert_array_equal(np.take_along_axis(dense, indices, -1), weights)


def test_far_colours_do_not_underflow() -> None:
    _, weights = soft_encode(_f32([[-5000.0, 3000.0]]), 5, 1.0)
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(("k", "sigma"), [(0, 5.0), (314, 5.0), (5, 0.0), (5, -1.0)])
def test_soft_encode_refuses_nonsense(k: int, sigma: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        soft_encode(np.zeros((1, 2), np.float32), k, sigma)


@KINDS
def test_prior_keeps_mass_and_spreads_it_evenly(kind: Kind) -> None:
    counts = np.zeros(BIN_COUNT)
    counts[GREY_BIN] = 7.0  # far from the border: the kernel is a symmetric Gaussian
    prior = np.asarray(smooth_prior(kind(counts)))
    assert prior.sum() == pytest.approx(1, abs=1e-12)
    gaussian = np.exp(-((TABLE**2).sum(-1)) / (2 * 5.0**2))
    np.testing.assert_allclose(prior, gaussian / gaussian.sum(), atol=1e-12)
    mirrored = nearest_bin(ab_bins() * -1)
    close = np.abs(TABLE).max(-1) <= 30
    np.testing.assert_allclose(prior[close], prior[mirrored][close], rtol=1e-9)


def test_prior_of_the_border_keeps_its_mass() -> None:
    counts = np.zeros(BIN_COUNT)
    counts[[0, GREY_BIN]] = 1.0
    prior = smooth_prior(counts)
    near_first = _distances(TABLE[0]) < 60
    assert prior[near_first].sum() == pytest.approx(0.5, abs=1e-9)


@given(SEEDS, st.floats(1, 40))
@settings(max_examples=20, deadline=None)
def test_prior_is_linear_and_ignores_scale(seed: int, sigma: float) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.random(BIN_COUNT), rng.random(BIN_COUNT)
    one, two = one / one.sum(), two / two.sum()
    mixed = smooth_prior(one + two, sigma)
    np.testing.assert_allclose(mixed, (smooth_prior(one, sigma) + smooth_prior(two, sigma)) / 2)
    np.testing.assert_allclose(smooth_prior(one * 1e6, sigma), smooth_prior(one, sigma))


def test_prior_of_whole_numbers_in_torch() -> None:
    counts = torch.arange(BIN_COUNT)
    prior = smooth_prior(counts)
    assert prior.dtype == torch.float64
    np.testing.assert_allclose(prior.numpy(), smooth_prior(counts.numpy()))
    assert smooth_prior(counts.float()).dtype == torch.float32


@pytest.mark.parametrize(
    "counts",
    [
        np.ones(312),
        np.ones((313, 1)),
        np.zeros(313),
        np.r_[-1.0, np.ones(312)],
        np.full(313, np.nan),
    ],
    ids=["short", "two-dimensional", "empty", "negative", "nan"],
)
@KINDS
def test_prior_refuses_nonsense(kind: Kind, counts: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="counts must"):
        smooth_prior(kind(counts))


@KINDS
@given(SEEDS, st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_rebalancing_weights(kind: Kind, seed: int, mix: float) -> None:
    prior = np.random.default_rng(seed).gamma(0.3, size=BIN_COUNT) + 1e-9
    prior /= prior.sum()
    weights = np.asarray(rebalancing_weights(kind(prior), mix))
    assert (prior * weights).sum() == pytest.approx(1)
    order = np.argsort(prior)
    assert (np.diff(weights[order]) <= 1e-12 * weights.max()).all()  # rarer is never lighter
    raw = 1 / ((1 - mix) * prior + mix / BIN_COUNT)
    np.testing.assert_allclose(weights / weights[0], raw / raw[0], rtol=1e-9)


def test_rebalancing_limits() -> None:
    prior = np.random.default_rng(3).random(BIN_COUNT) + 0.1
    prior /= prior.sum()
    np.testing.assert_allclose(rebalancing_weights(prior, 1.0), 1.0)
    np.testing.assert_allclose(rebalancing_weights(prior, 0.0) * prior * BIN_COUNT, 1.0)
    for mix in (-0.1, 1.1):
        with pytest.raises(ValueError, match="mix must be"):
            rebalancing_weights(prior, mix)


@KINDS
def test_soft_logits_are_the_soft_encoding_by_all_bins(kind: Kind) -> None:
    ab = np.random.default_rng(3).normal(0, 40, (7, 2)).astype(np.float32)
    logits = np.asarray(soft_logits(kind(ab)))
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    expected = np.asarray(soft_encode_dense(kind(ab), BIN_COUNT))
    np.testing.assert_allclose(shares / shares.sum(-1, keepdims=True), expected, atol=1e-6)


@pytest.mark.parametrize(("temperature", "bound"), [(1.0, 0.22), (0.7, 0.7), (0.38, 1.9)])
def test_soft_logits_decode_to_their_colour(temperature: float, bound: float) -> None:
    ab = np.random.default_rng(4).uniform(-28, 28, (5000, 2)).astype(np.float32)
    found = annealed_mean(soft_logits(ab), temperature)
    assert np.linalg.norm(found - ab, axis=1).mean() < bound


@KINDS
def test_annealed_mean_limits(kind: Kind) -> None:
    logits = _logits(1)
    p = np.exp(np.float64(logits))
    p /= p.sum(-1, keepdims=True)
    np.testing.assert_allclose(annealed_mean(kind(logits), 1.0), p @ TABLE, atol=1e-3)
    modes = TABLE[logits.argmax(-1)]
    np.testing.assert_array_equal(np.asarray(annealed_mean(kind(logits), 0.0)), modes)
    np.testing.assert_allclose(np.asarray(annealed_mean(kind(logits), 0.005)), modes, atol=0.5)


@given(SEEDS, st.floats(0.05, 2))
@settings(max_examples=30, deadline=None)
def test_annealed_mean_is_the_formula_of_the_paper(seed: int, temperature: float) -> None:
    logits = _logits(seed)
    z = np.exp(np.float64(logits))
    z /= z.sum(-1, keepdims=True)
    f = np.exp(np.log(z) / temperature)
    f /= f.sum(-1, keepdims=True)
    np.testing.assert_allclose(annealed_mean(logits, temperature), f @ TABLE, atol=2e-3)


@KINDS
@given(SEEDS, st.floats(-50, 50), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_annealed_mean_ignores_a_shift_and_stays_in_the_hull(
    kind: Kind, seed: int, shift: float, temperature: float
) -> None:
    logits = np.round(_logits(seed) * 64) / 64  # so that the shift is exact
    shifted = logits + np.float32(round(shift))
    result = np.asarray(annealed_mean(kind(logits), temperature))
    moved = np.asarray(annealed_mean(kind(shifted), temperature))
    np.testing.assert_allclose(result, moved, atol=1e-3)
    for angle in np.linspace(0, 2 * np.pi, 24):  # supporting half-planes of the hull
        direction = np.array([np.cos(angle), np.sin(angle)])
        assert (result @ direction <= (TABLE @ direction).max() + 1e-3).all()


@KINDS
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_annealed_mean_along_any_axis(kind: Kind, axis: int) -> None:
    logits = _logits(5, (2, 3, BIN_COUNT))
    expected = np.moveaxis(annealed_mean(logits), -1, axis)
    moved = np.ascontiguousarray(np.moveaxis(logits, -1, axis))
    result = annealed_mean(kind(moved), axis=axis)
    assert isinstance(result, type(kind(moved)))
    np.testing.assert_allclose(np.asarray(result), expected, atol=1e-4)


@KINDS
@pytest.mark.parametrize("temperature", [0.0, 0.002, 0.38, 1.0])
def test_large_logits_do_not_overflow(kind: Kind, temperature: float) -> None:
    logits = np.full((2, BIN_COUNT), -1e30, dtype=np.float32)
    logits[0, 17] = 1e30
    logits[1, [0, 2]] = 3e4
    result = np.asarray(annealed_mean(kind(logits), temperature))
    np.testing.assert_allclose(result[0], TABLE[17], atol=1e-4)
    middle = TABLE[0] if temperature == 0 else TABLE[[0, 2]].mean(0)
    np.testing.assert_allclose(result[1], middle, atol=1e-4)


def test_half_precision_logits_decode_in_float32() -> None:
    logits = torch.from_numpy(_logits(2)).bfloat16()
    result = annealed_mean(logits)
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result, annealed_mean(logits.float()))


@KINDS
def test_annealed_mean_refuses_nonsense(kind: Kind) -> None:
    logits = kind(_logits(0))
    with pytest.raises(ValueError, match="313"):
        annealed_mean(logits, axis=0)
    for temperature in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="temperature"):
            annealed_mean(logits, temperature)


@given(st.floats(-30, 30), st.floats(-30, 30))
@settings(deadline=None)
def test_decoding_what_was_encoded_recovers_the_colour(a: float, b: float) -> None:
    ab = _f32([[a, b]])
    # all bins: a Gaussian sampled on a grid of twice its width keeps its mean to within 1.5
    log_p = np.log(np.maximum(soft_encode_dense(ab, k=BIN_COUNT), 1e-30))
    np.testing.assert_allclose(annealed_mean(log_p, 1.0), ab, atol=1.5)
    log_p = np.log(np.maximum(soft_encode_dense(ab), 1e-30))
    np.testing.assert_allclose(annealed_mean(log_p, 1.0), ab, atol=2.5)
    np.testing.assert_array_equal(annealed_mean(log_p, 0.0)[0], TABLE[nearest_bin(ab)[0]])


@KINDS
@given(SEEDS, st.floats(0, 1.5))
@settings(max_examples=20, deadline=None)
def test_reweighting_takes_back_what_rebalancing_added(
    kind: Kind, seed: int, amount: float
) -> None:
    logits = _logits(seed, (2, BIN_COUNT, 3))
    weights = _f32(np.random.default_rng(seed).uniform(0.1, 10, BIN_COUNT))
    result = np.asarray(reweight(kind(logits), kind(weights), amount, axis=1))
    assert result.shape == logits.shape
    assert result.dtype == np.float32
    p = np.exp(logits.astype(np.float64)) * weights.astype(np.float64)[:, None] ** (amount - 1)
    np.testing.assert_allclose(softmax(result, axis=1), p / p.sum(1, keepdims=True), atol=1e-5)


@KINDS
def test_reweighting_by_1_changes_nothing(kind: Kind) -> None:
    logits = _logits(3).astype(np.float16)
    weights = kind(_f32(np.linspace(0.1, 5, BIN_COUNT)))
    result = np.asarray(reweight(kind(logits), weights, 1))
    np.testing.assert_array_equal(result, logits.astype(np.float32))


@KINDS
@given(SEEDS, st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_entropy_is_between_0_and_1(kind: Kind, seed: int, scale: float) -> None:
    logits = _logits(seed, scale=scale)
    result = np.asarray(entropy(kind(logits)))
    assume(np.isfinite(logits).all())
    assert result.shape == (5,)
    assert ((result >= -1e-6) & (result <= 1 + 1e-5)).all()
    p = np.exp(np.float64(logits) - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    expected = -(p * np.log(np.maximum(p, 1e-300))).sum(-1) / np.log(BIN_COUNT)
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_entropy_ends_and_axis() -> None:
    even = np.zeros((BIN_COUNT, 2), dtype=np.float32)
    np.testing.assert_allclose(entropy(even, axis=0), 1.0, atol=1e-5)
    even[40] = 1e9
    np.testing.assert_allclose(entropy(even, axis=0), 0.0, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.0, 1e-4, 0.05, 0.38, 1.0])
@pytest.mark.parametrize("amount", [0.0, 0.85, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (40, 30)])
def test_decode_is_reweighting_and_the_annealed_mean(
    temperature: float, amount: float, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 4, (BIN_COUNT, *shape)).astype(np.float16)
    weights = rng.uniform(0.3, 5, BIN_COUNT).astype(np.float32)
    expected = annealed_mean(reweight(logits, weights, amount, axis=0), temperature, axis=0)
    result = decode(logits, temperature, reweighting_shift(weights, amount))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-3)
