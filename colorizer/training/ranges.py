"""Ranges of a network's activations, measured on photographs, for an engine of 8 bits.

What goes into a convolution is rounded to 256 levels between two limits. Wide limits make coarse
levels, narrow ones clip. The limits are those that one value in 100,000 passes on either side: with
the shipped network that changes ab by 0.45 at T = 0.38 and PSNR by -0.02 dB (90 validation
photographs); one in 10,000 clips the strongest colours, which changes them by 0.59 and +0.04 dB,
and one in 300,000 is coarser again (0.66). A ReLU's output has the lower limit 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from ..weights.ranges import Range
from .augment import to_lab_batch
from .photos import find_photos, load_squares, thinned

Array = NDArray[np.float32]

#: share of the values that lies beyond each limit, in percent
BEYOND = 0.001
#: values kept of each convolution's input and photograph
SAMPLE = 32_768
#: limit of an input that is always zero
SMALLEST = 1e-6


def activation_ranges(
    network: nn.Module, lightness: Tensor, *, sample: int = SAMPLE, seed: int = 0
) -> dict[str, Range]:
    """Name of a convolution -> range of its input, over all photographs.

    The first convolution, whose input is the picture itself, is left out.

    Args:
        network: in evaluation mode, on the CPU.
        lightness: L* (N, 1, H, W), 0..100, of photographs.
        sample: values kept of each input and photograph.
        seed: chooses them.
    """
    return {name: range_of(values) for name, values in _inputs(network, lightness, sample, seed)}


def photo_ranges(
    network: nn.Module, photos: Sequence[str | Path], *, size: int = 256, limit: int = 64
) -> dict[str, Range]:
    """:func:`activation_ranges` over at most ``limit`` of these colour photographs.

    Args:
        network: in evaluation mode, on the CPU.
        photos: files, folders, tar shards; every n-th where there are n times as many as ``limit``.
        size: short side at which the network sees them, px.

    Raises:
        TrainingDataError: if there are no photographs.
    """
    items = thinned(find_photos(photos), limit)
    squares, _ = load_squares(items, size, limit=1, progress=False)
    batch = to_lab_batch(squares.permute(0, 3, 1, 2).float() / 255.0)
    return activation_ranges(network, batch.lightness)


@torch.inference_mode()
def _inputs(
    network: nn.Module, lightness: Tensor, sample: int, seed: int
) -> list[tuple[str, Array]]:
    """Name of each convolution but the first -> a sample of its input's values."""
    generator = np.random.default_rng(seed)
    kept: dict[str, list[Array]] = {}

    def keep(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            values = arguments[0].numpy().ravel()
            chosen = values[generator.integers(values.size, size=sample)]
            kept.setdefault(name, []).append(chosen)

        return hook

    layers = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d)]
    handles = [module.register_forward_pre_hook(keep(name)) for name, module in layers[1:]]
    try:
        for picture in tqdm(torch.split(lightness, 1), "ranges", unit="photo", disable=None):
            network(picture)
    finally:
        for handle in handles:
            handle.remove()
    return [(name, np.concatenate(parts)) for name, parts in kept.items()]


def range_of(values: Array) -> Range:
    """The limits for a sample (n,) of the values that go into a convolution."""
    low, high = np.percentile(values, [BEYOND, 100 - BEYOND])
    return min(float(low), 0.0), max(float(high), SMALLEST)
