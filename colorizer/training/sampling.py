"""Balanced sampling: how often an epoch shows the photographs of each source.

Sources differ a hundredfold in size. With n_s photographs in source s and a balance b, an epoch of
sum n_s photographs shows in proportion

    weight_s * n_s ** (1 - b)

of each: with all weights 1, b = 0 every photograph as often, b = 1 every source as often, between
them the tempered sampling of multilingual models (Conneau et al., "XLM-R", 2020, section 3.1).
Within a source no photograph is seen again before all others of that source have been: passes
follow one another, each in an order of its own, across the bounds of epochs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch


def quotas(
    sizes: Sequence[int], balance: float, weights: Sequence[float] | None = None
) -> list[int]:
    """How many photographs of each source an epoch shows.

    Args:
        sizes: photographs of each source, each at least 1.
        balance: 0..1.
        weights: of each source, above 0; all 1 if there are none.

    Returns:
        As many numbers with the sum of ``sizes`` (largest remainders); at least 1 each where all
        weights are the same.
    """
    total = sum(sizes)
    shares = np.asarray(sizes, dtype=np.float64) ** (1 - balance)
    if weights is not None:
        shares = shares * np.asarray(weights, dtype=np.float64)
    exact = shares / shares.sum() * total
    whole = np.floor(exact).astype(int)
    largest = np.argsort(whole - exact, kind="stable")
    whole[largest[: total - int(whole.sum())]] += 1
    return [int(quota) for quota in whole]


def balanced_indices(
    sources: Sequence[str],
    balance: float,
    seed: int,
    epoch: int,
    weights: Mapping[str, float] | None = None,
) -> list[int]:
    """The photographs of an epoch, grouped by source; depends on nothing but the arguments.

    Args:
        sources: the source of each photograph.
        balance: 0..1.
        seed: 0 or more.
        epoch: 0 or more.
        weights: of sources, above 0; those that are not named have 1.

    Returns:
        As many indices into ``sources`` as it is long; some may occur several times, some never.
    """
    groups: dict[str, list[int]] = {}
    for index, source in enumerate(sources):
        groups.setdefault(source, []).append(index)
    factors = [(weights or {}).get(source, 1.0) for source in groups]
    shares = quotas([len(group) for group in groups.values()], balance, factors)
    indices: list[int] = []
    for number, (group, quota) in enumerate(zip(groups.values(), shares, strict=True)):
        places = _passes(len(group), epoch * quota, quota, seed * 1_000_003 + number)
        indices += [group[place] for place in places]
    return indices


def _passes(size: int, start: int, count: int, seed: int) -> list[int]:
    """Places ``start`` .. ``start + count`` of endless passes over ``size`` things."""
    first, last = start // size, (start + count - 1) // size
    passes = []
    for number in range(first, last + 1):
        generator = torch.Generator().manual_seed((seed * 1_000_003 + number) % 2**63)
        passes += torch.randperm(size, generator=generator).tolist()
    return passes[start - first * size :][:count]
