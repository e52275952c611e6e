"""The three losses, each against a slow reference in plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from colorizer.color.bins import ab_bins, soft_encode, soft_encode_dense
from colorizer.training.losses import ColorizationLoss, SoftEncodingTable, consistency_loss

BINS = ab_bins(np.float64)
H, W = 4, 5


def prior() -> NDArray[np.float64]:
    values = np.random.default_rng(0).random(313) + 0.01
    return np.asarray(values / values.sum())


def case(seed: int = 0, photos: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, whole-numbered true colours, lightness."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((photos, 313, H, W)) * 2
    ab = rng.integers(-60, 60, (photos, 2, H, W))
    lightness = rng.uniform(40, 60, (photos, 1, H, W))
    return tuple(torch.tensor(x, dtype=torch.float32) for x in (logits, ab, lightness))  # type: ignore[return-value]


def reference(logits: Tensor, ab: Tensor, lightness: Tensor, mix: float, s_l: float) -> list[float]:
    """Cross-entropy, L2 and consistency of one photograph, pixel by pixel."""
    z, true, light = (x.double().numpy() for x in (logits, ab, lightness))
    weights = 1 / ((1 - mix) * prior() + mix / 313)
    weights /= (prior() * weights).sum()
    ce = l2 = 0.0
    decoded = np.zeros((H, W, 2))
    for y in range(H):
        for x in range(W):
            p = np.exp(z[:, y, x]) / np.exp(z[:, y, x]).sum()
            squared = ((BINS - true[:, y, x]) ** 2).sum(-1)
            near = np.argsort(squared, kind="stable")[:5]
            target = np.exp(-squared[near] / 50) / np.exp(-squared[near] / 50).sum()
            ce -= weights[near[0]] * (target * np.log(p[near])).sum()
            decoded[y, x] = p @ BINS / 110
            l2 += ((decoded[y, x] - true[:, y, x] / 110) ** 2).sum()
    total = mass = 0.0
    for y in range(H):
        for x in range(W):
            for v, u in ((y + 1, x), (y, x + 1)):
                if v < H and u < W:
                    w = np.exp(-((light[0, y, x] - light[0, v, u]) ** 2) / (2 * s_l**2))
                    total += w * ((decoded[y, x] - decoded[v, u]) ** 2).sum()
                    mass += w
    return [ce / (H * W), l2 / (H * W), total / mass]


@pytest.mark.parametrize(("mix", "s_l"), [(0.5, 5.0), (1.0, 2.0), (0.1, 20.0)])
def test_losses_are_the_formulas(mix: float, s_l: float) -> None:
    data = case()
    criterion = ColorizationLoss(
        prior(), lambda_ce=2.0, lambda_l2=3.0, lambda_consistency=5.0,
        sigma_lightness=s_l, rebalancing_mix=mix,
    )  # fmt: skip
    each = [reference(*photo, mix, s_l) for photo in zip(*data, strict=True)]
    ce, l2, consistency = np.mean(each, axis=0)
    losses = criterion(*data)
    assert losses.ce.item() == pytest.approx(ce, rel=1e-4)
    assert losses.l2.item() == pytest.approx(l2, rel=1e-4)
    assert losses.consistency.item() == pytest.approx(consistency, rel=1e-4)
    assert losses.total.item() == pytest.approx(2 * ce + 3 * l2 + 5 * consistency, rel=1e-4)


def test_grey_photographs_get_no_loss_and_do_not_dilute_the_others() -> None:
    logits, ab, lightness = case()
    criterion = ColorizationLoss(prior())
    ab[1] = torch.empty_like(ab[1]).uniform_(-5, 5)
    logits.requires_grad_()
    losses = criterion(logits, ab, lightness)
    losses.total.backward()
    assert logits.grad is not None
    assert not logits.grad[1].any()
    assert logits.grad[0].any()
    keep = [0, 2]
    alone = criterion(logits[keep], ab[keep], lightness[keep])
    assert losses.total.item() == pytest.approx(alone.total.item(), rel=1e-5)
    ab[1, 0, 0, 0] = -5.5  # one colourful pixel is enough
    criterion(logits, ab, lightness).total.backward()
    assert logits.grad[1].any()


def test_only_grey_photographs_give_zero_not_nan() -> None:
    logits, ab, lightness = case()
    logits.requires_grad_()
    losses = ColorizationLoss(prior())(logits, ab * 0.01, lightness)
    losses.total.backward()
    assert losses.total.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize("part", ["ce", "l2", "consistency"])
def test_each_loss_pulls_and_finitely(part: str) -> None:
    logits, ab, lightness = case()
    logits = (logits * 50).requires_grad_()
    only: dict[str, Any] = {f"lambda_{p}": float(p == part) for p in ("ce", "l2", "consistency")}
    losses = ColorizationLoss(prior(), **only)(logits, ab, lightness)
    losses.total.backward()
    assert losses.total.item() == pytest.approx(getattr(losses, part).item())
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().max() > 0


def test_the_right_answer_has_the_smallest_loss() -> None:
    _, ab, lightness = case()
    ab = (ab / 10).round() * 10
    right = torch.from_numpy(soft_encode_dense(ab.permute(0, 2, 3, 1).numpy()))
    right = (right + 1e-9).log().permute(0, 3, 1, 2)
    criterion = ColorizationLoss(prior(), lambda_consistency=0.0)
    best = criterion(right, ab, lightness).total
    for seed in range(3):
        worse = right + torch.randn(right.shape, generator=torch.Generator().manual_seed(seed))
        assert criterion(worse, ab, lightness).total > best


@pytest.mark.parametrize(("k", "sigma"), [(5, 5.0), (10, 5.0), (1, 5.0), (3, 8.0)])
def test_table_is_the_exact_soft_encoding_of_whole_colours(k: int, sigma: float) -> None:
    table = SoftEncodingTable(k, sigma)
    ab = torch.randint(-110, 111, (2, 2, 30, 30), generator=torch.Generator().manual_seed(k))
    indices, weights = table(ab.float())
    exact_indices, exact_weights = soft_encode(ab.permute(0, 2, 3, 1).float().numpy(), k, sigma)
    np.testing.assert_array_equal(indices.permute(0, 2, 3, 1), exact_indices)
    np.testing.assert_allclose(weights.permute(0, 2, 3, 1), exact_weights, atol=1e-6)


def test_table_is_close_for_colours_between_and_clamps_beyond() -> None:
    table = SoftEncodingTable(5, 5.0)
    ab = torch.rand((1, 2, 40, 40), generator=torch.Generator().manual_seed(0)) * 160 - 80
    indices, weights = (x[0].permute(1, 2, 0).numpy() for x in table(ab))
    dense = np.zeros((40, 40, 313))
    np.put_along_axis(dense, indices, weights, -1)
    exact = soft_encode_dense(ab[0].permute(1, 2, 0).numpy())
    # an error of 0.5 in both directions moves the mean by about as much
    assert np.abs((dense - exact) @ BINS).max() < 4
    assert np.abs((dense - exact) @ BINS).mean() < 0.5
    beyond = torch.tensor([500.0, -500.0]).reshape(1, 2, 1, 1)
    for far, edge in zip(table(beyond), table(beyond.clamp(-110, 110)), strict=True):
        assert torch.equal(far, edge)


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(0, 100))
@settings(deadline=None)
def test_consistency_of_one_colour_is_zero(a: float, b: float, seed: int) -> None:
    colour = torch.tensor([a, b]).reshape(1, 2, 1, 1).expand(2, 2, H, W)
    lightness = case(seed)[2][:2]
    assert consistency_loss(colour, lightness, 5.0).tolist() == [0.0, 0.0]


def test_consistency_ignores_differences_across_strong_edges() -> None:
    colour, lightness = torch.zeros(1, 2, 6, 6), torch.full((1, 1, 6, 6), 20.0)
    colour[..., 3:] = 1.0
    across_even_ground = consistency_loss(colour, lightness, 5.0)
    lightness[..., 3:] = 80.0
    across_an_edge = consistency_loss(colour, lightness, 5.0)
    assert across_even_ground.item() == pytest.approx(2 * 6 / 60)  # 6 of 60 pairs differ by 1, 1
    assert across_an_edge.item() < 1e-20
    faint = lightness.clone()
    faint[..., 3:] = 22.0
    assert 0.8 < (consistency_loss(colour, faint, 5.0) / across_even_ground).item() < 1
