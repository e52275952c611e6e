"""Where a training computes, and in which numbers."""

import pytest
import torch

from colorizer.training.runtime import bf16_on

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("known", "has_it"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"architecture": "arm64", "neon": True, "bf16": True}, True),
        ({"architecture": "arm64", "neon": True, "bf16": False}, False),
        ({}, False),
    ],
)
def test_bfloat16_if_the_processor_has_it(
    known: dict[str, object],
    has_it: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: known)
    assert bf16_on(CPU, wanted=True) is has_it
    assert bool(caplog.records) is not has_it  # what is not done is said
    caplog.clear()
    assert bf16_on(CPU, wanted=False) is False
    assert not caplog.records


def test_torch_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert bf16_on(CPU, wanted=True) is False


def test_a_gpu_that_only_emulates_it_does_not_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def supported(including_emulation: bool = True) -> bool:
        asked.append(including_emulation)
        return including_emulation

    monkeypatch.setattr("torch.cuda.is_bf16_supported", supported)
    assert bf16_on(torch.device("cuda", 0), wanted=True) is False
    assert asked == [False]
