"""Balanced sampling: shares, passes within a source, nothing but seed and epoch decides."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.training.sampling import balanced_indices, quotas

SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=12)


@given(SIZES, st.floats(0, 1))
def test_quotas_share_out_an_epoch(sizes: list[int], balance: float) -> None:
    shares = quotas(sizes, balance)
    assert sum(shares) == sum(sizes)
    assert min(shares) >= 1
    exact = [size ** (1 - balance) for size in sizes]
    for share, wanted in zip(shares, exact, strict=True):
        assert abs(share - wanted / sum(exact) * sum(sizes)) < 1 + 1e-6


@given(SIZES)
def test_the_ends_of_the_scale(sizes: list[int]) -> None:
    assert quotas(sizes, 0.0) == sizes
    even = quotas(sizes, 1.0)
    assert max(even) - min(even) <= 1


@given(SIZES, st.floats(0, 1), st.integers(0, 2**31 - 1), st.integers(0, 30))
@settings(max_examples=50)
def test_an_epoch_shows_each_source_by_its_quota(
    sizes: list[int], balance: float, seed: int, epoch: int
) -> None:
    sources = [f"s{number}" for number, size in enumerate(sizes) for _ in range(size)]
    indices = balanced_indices(sources, balance, seed, epoch)
    assert indices == balanced_indices(sources, balance, seed, epoch)
    shown = Counter(sources[index] for index in indices)
    assert [shown[f"s{number}"] for number in range(len(sizes))] == quotas(sizes, balance)


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(1, 9))
@settings(max_examples=30)
def test_within_a_source_all_are_seen_as_often(seed: int, balance: float, epochs: int) -> None:
    sources = ["many"] * 40 + ["few"] * 3 + ["one"]
    seen = Counter(
        index
        for epoch in range(epochs)
        for index in balanced_indices(sources, balance, seed, epoch)
    )
    for source in set(sources):
        times = [seen[index] for index, own in enumerate(sources) if own == source]
        assert max(times) - min(times) <= 1


def test_weights_change_how_often_a_source_is_shown() -> None:
    sources = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    picked = balanced_indices(sources, 0.0, 0, 0, {"b": 4.0, "unknown": 9.0})
    shown = Counter(sources[index] for index in picked)
    assert shown == {"a": 32, "b": 63, "c": 5}  # 60 : 120 : 10 of 100
    assert quotas([5, 1000], 0.0, [0.01, 1.0]) == [0, 1005]


def test_seeds_and_epochs_differ() -> None:
    sources = ["a"] * 50 + ["b"] * 5
    orders = {
        tuple(balanced_indices(sources, 0.5, seed, epoch)) for seed in (0, 1) for epoch in range(3)
    }
    assert len(orders) == 6


def test_sources_may_be_mixed() -> None:
    indices = balanced_indices(["a", "b", "a", "a", "b", "a"], 1.0, 0, 0)
    assert sorted(index in {1, 4} for index in indices) == [False] * 3 + [True] * 3
