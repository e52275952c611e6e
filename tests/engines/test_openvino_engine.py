"""The graph without torch against the network itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from colorizer.engines.openvino_engine import OpenVINOEngine
from colorizer.engines.openvino_layers import aligned
from colorizer.errors import DeviceUnavailable, InvalidSetting, WeightsCorrupt
from colorizer.settings import DEFAULT_MODEL
from colorizer.training.ranges import activation_ranges

from .conftest import as_weights, random_network

#: every option at least once, and in the company of others
OPTIONS: list[dict[str, Any]] = [
    {"width": 8},
    {"width": 12, "skips": False},
    {"width": 8, "global_context": True},
    {"width": 8, "attention": 2, "batch_norm": "after"},
    {"width": 12, "attention": True, "global_context": True, "skips": False},
]


@torch.inference_mode()
def expected(network: nn.Module, lightness: np.ndarray) -> np.ndarray:
    logits: np.ndarray = network(torch.from_numpy(lightness)[:, None]).numpy()
    return logits


def relative(result: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(result - truth).max() / np.abs(truth).max())


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_logits_are_those_of_the_network(options: dict[str, Any], lightness: np.ndarray) -> None:
    network = random_network(**options)
    engine = OpenVINOEngine(as_weights(network, **options))
    assert (engine.name, engine.device, engine.precision) == ("openvino", "cpu", "float32")
    for picture in lightness, lightness[:1, :24, :16], lightness[:, 8:]:
        result = engine.logits(picture)
        assert result.dtype == np.float32
        assert result.shape == (len(picture), 313, picture.shape[1] // 4, picture.shape[2] // 4)
        assert relative(result, expected(network, picture)) < 1e-3


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_stored_weights_need_no_ranges(batch_norm: str, lightness: np.ndarray) -> None:
    options: dict[str, Any] = {"width": 24, "batch_norm": batch_norm}
    network = random_network(**options)
    engine = OpenVINOEngine(as_weights(network, stored=True, **options))
    assert engine.precision == "float32"
    assert relative(engine.logits(lightness), expected(network, lightness)) < 1e-3


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_8_bits_come_close(batch_norm: str, lightness: np.ndarray) -> None:
    options: dict[str, Any] = {"width": 32, "batch_norm": batch_norm, "attention": 4}
    network = random_network(**options)
    stored = as_weights(network, stored=True, **options)
    ranges = activation_ranges(network, torch.from_numpy(lightness)[:, None])
    engine = OpenVINOEngine(replace(stored, ranges=ranges))
    assert engine.precision == "int8"
    result, truth = engine.logits(lightness), expected(network, lightness)
    assert np.abs(result - truth).mean() < 0.1 * truth.std()
    assert not np.array_equal(result, truth)


def test_zero_is_one_of_the_levels() -> None:
    for low, high in (0.0, 5.0), (-1.0, 1.0), (-0.3, 17.0), (-6.0, 1e-3):
        start, end = aligned(low, high)
        step = (end - start) / 255
        assert start / step == pytest.approx(round(start / step), abs=1e-6)
        assert start <= 0 <= end
        assert start == pytest.approx(low, abs=step)
        assert end == pytest.approx(high, abs=step)


def test_a_result_stays_what_it_is_after_the_next(lightness: np.ndarray) -> None:
    engine = OpenVINOEngine(as_weights(random_network(width=8), width=8))
    first = engine.logits(lightness[:1])
    kept = first.copy()
    engine.logits(lightness[1:])
    np.testing.assert_array_equal(first, kept)


def test_several_threads_at_once(lightness: np.ndarray) -> None:
    engine = OpenVINOEngine(as_weights(random_network(width=8), width=8))
    pictures = [lightness[i % 2 : i % 2 + 1, : 16 + 8 * (i % 3)] for i in range(12)]
    alone = [engine.logits(picture) for picture in pictures]
    found: list[np.ndarray | None] = [None] * len(pictures)

    def work(index: int) -> None:
        found[index] = engine.logits(pictures[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, found, strict=True):
        assert other is not None
        np.testing.assert_array_equal(one, other)


def test_memory_is_given_back_after_a_large_picture(
    lightness: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OpenVINOEngine(as_weights(random_network(width=8), width=8))
    before = engine.logits(lightness)
    monkeypatch.setattr("colorizer.engines.openvino_engine.KEEP_MEMORY_UP_TO", 1)
    for _ in range(2):
        np.testing.assert_array_equal(engine.logits(lightness), before)


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "nonsense"])
def test_other_devices_are_refused(device: str) -> None:
    with pytest.raises(DeviceUnavailable, match="CPU only"):
        OpenVINOEngine(as_weights(random_network(width=8), width=8), device)


def test_other_networks_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="eccv16;"):
        OpenVINOEngine(replace(as_weights(random_network(width=8), width=8), network="eccv16"))


@pytest.mark.parametrize(
    "options",
    [{"width": 16}, {"width": 8, "no_such": 1}, {"width": 8, "attention": 3}, {"width": "wide"}],
    ids=str,
)
def test_options_that_do_not_fit(options: dict[str, Any]) -> None:
    made = as_weights(random_network(width=8), width=8)
    with pytest.raises(WeightsCorrupt, match="do not fit"):
        OpenVINOEngine(replace(made, options=options))


def test_a_tensor_is_missing() -> None:
    made = as_weights(random_network(width=8), width=8)
    del made.tensors["decoder.skip3.weight"]
    with pytest.raises(WeightsCorrupt, match="do not fit"):
        OpenVINOEngine(made)


WITHOUT_TORCH = """
import sys
import numpy as np
from colorizer import weights
from colorizer.engines import open_engine
engine = open_engine(weights.load(sys.argv[1]), "cpu")
print(engine.name, engine.logits(np.full((1, 32, 40), 50, np.float32)).shape)
print("torch" in sys.modules)
"""


def test_neither_loading_nor_running_imports_torch(python: Callable[..., Any]) -> None:
    assert python("-c", WITHOUT_TORCH, DEFAULT_MODEL).stdout.splitlines() == [
        "openvino (1, 313, 8, 10)",
        "False",
    ]
