"""Which engine is opened, and what is said where that cannot be done."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from colorizer.engines import base, device_of, devices, open_engine
from colorizer.engines.openvino_engine import OpenVINOEngine
from colorizer.engines.torch_engine import TorchEngine
from colorizer.errors import DeviceUnavailable, InvalidSetting, PackageMissing
from colorizer.weights import LoadedWeights

from .conftest import as_weights, random_network


@pytest.fixture
def small() -> LoadedWeights:
    return as_weights(random_network(width=8), width=8)


@pytest.fixture(autouse=True)
def _no_graphics_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "may_have_cuda", lambda: False)


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_openvino_is_the_default_on_a_cpu(small: LoadedWeights, device: str) -> None:
    assert isinstance(open_engine(small, device), OpenVINOEngine)
    assert isinstance(open_engine(small, device, "openvino"), OpenVINOEngine)
    assert isinstance(open_engine(small, device, "torch"), TorchEngine)


def test_both_say_the_same(small: LoadedWeights, lightness: np.ndarray) -> None:
    one, other = (open_engine(small, "cpu", name).logits(lightness) for name in base.ENGINES[1:])
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_a_graphics_card_is_torchs(small: LoadedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Any, ...]] = []
    monkeypatch.setattr(base, "may_have_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        "colorizer.engines.torch_engine.TorchEngine", lambda *arguments: opened.append(arguments)
    )
    open_engine(small)
    open_engine(small, "cuda:1")
    assert opened == [(small, "auto"), (small, "cuda:1")]
    assert isinstance(open_engine(small, "cpu"), OpenVINOEngine)


def test_a_driver_is_not_yet_a_card(small: LoadedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "may_have_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert isinstance(open_engine(small), OpenVINOEngine)


def test_without_openvino(
    small: LoadedWeights, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "colorizer.engines.openvino_engine", None)
    with pytest.raises(PackageMissing, match="pip install openvino"):
        open_engine(small, "cpu", "openvino")
    assert isinstance(open_engine(small, "cpu"), TorchEngine)
    assert "more slowly" in caplog.text
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    assert isinstance(open_engine(small, "cpu"), TorchEngine)


def test_what_cannot_be(small: LoadedWeights) -> None:
    with pytest.raises(InvalidSetting, match="known are auto, torch, openvino"):
        open_engine(small, "cpu", "abacus")
    with pytest.raises(DeviceUnavailable):
        open_engine(small, "cuda:0", "openvino")
    with pytest.raises(InvalidSetting, match="choose torch"):
        open_engine(replace(small, network="eccv16"), "cpu", "openvino")


@pytest.mark.parametrize(("value", "threads"), [("1", 1), ("0", None), ("many", None), ("", None)])
def test_threads(monkeypatch: pytest.MonkeyPatch, value: str, threads: int | None) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    everything = devices.cpu_threads()
    assert everything >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert devices.cpu_threads() == (threads or everything)


def test_a_driver_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise OSError

    monkeypatch.setattr("colorizer.engines.devices.sys.platform", "linux")
    monkeypatch.setattr(devices, "_AMD_DEVICE", "/no/such/device")
    monkeypatch.setattr("colorizer.engines.devices.ctypes.CDLL", absent)
    assert not devices.may_have_cuda()
    monkeypatch.setattr("colorizer.engines.devices.ctypes.CDLL", lambda name: None)
    assert devices.may_have_cuda()
    monkeypatch.setattr("colorizer.engines.devices.sys.platform", "darwin")
    assert not devices.may_have_cuda()


def test_without_torch(small: LoadedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.optional.find_spec", lambda name: None)
    monkeypatch.setattr(base, "may_have_cuda", lambda: True)
    assert device_of("auto") == device_of("cpu") == "cpu"
    assert isinstance(open_engine(small), OpenVINOEngine)
    for wish in (("cpu", "torch"), ("cuda", "auto"), ("nowhere", "auto")):
        with pytest.raises(PackageMissing, match=r"needs torch.*colorizer\[torch\]"):
            open_engine(small, *wish)
    with pytest.raises(PackageMissing, match="The device cuda needs torch"):
        device_of("cuda")
    with pytest.raises(PackageMissing, match="The network siggraph17 needs torch"):
        open_engine(replace(small, network="siggraph17"))
    monkeypatch.setitem(sys.modules, "colorizer.engines.openvino_engine", None)
    with pytest.raises(PackageMissing, match="pip install openvino"):
        open_engine(small)
