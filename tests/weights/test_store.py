"""The stored form: what goes in comes out, within the error of 8 bits."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch

from colorizer import weights
from colorizer.color.bins import rebalancing_weights
from colorizer.errors import OutputError, WeightsCorrupt

from .conftest import PRIOR, TRANSPOSED, Tiny

Store = Callable[..., Path]


def test_what_is_stored_can_be_loaded(store: Store, tiny: Tiny) -> None:
    loaded = weights.load(store())
    assert (loaded.name, loaded.network, loaded.options) == ("mine", "tiny", {"width": 32})
    assert loaded.native_temperature == 1.5
    assert loaded.metadata["note"] == "für Tests"
    assert loaded.prior is not None
    assert loaded.prior.dtype == np.float64
    np.testing.assert_allclose(loaded.prior, PRIOR, rtol=1e-6)
    Tiny().load_state_dict(loaded.state_dict, strict=True)
    for key, value in tiny.state_dict().items():
        back = loaded.state_dict[key]
        assert back.dtype == value.dtype
        if key in ("large.weight", "up.weight"):
            dims = (0, 2, 3) if key in TRANSPOSED else (1, 2, 3)
            half_step = value.abs().amax(dims, keepdim=True) / 254
            # clipped values may be further off, but never by more than what is clipped
            assert bool(((back - value).abs() <= half_step * 1.001).double().mean() > 0.98)
            assert not torch.equal(back, value)
        else:
            assert torch.equal(back, value)


def test_large_weights_take_one_byte_each(store: Store) -> None:
    with safetensors.safe_open(store(), framework="pt") as file:
        assert file.get_tensor("large.weight").dtype == torch.int8
        assert file.get_tensor("large.weight::scale").shape == (32,)
        assert file.get_tensor("up.weight::scale").shape == (16,)  # dimension 1 of (32, 16, 4, 4)
        assert file.get_tensor("small.weight").dtype == torch.float32
        assert file.get_tensor("norm.num_batches_tracked").dtype == torch.int64
        assert file.metadata()["format"] == "colorizer-1"
        assert json.loads(file.metadata()["transposed"]) == ["up.weight"]


def test_equal_weights_give_equal_bytes(store: Store) -> None:
    many = {f"field{i}": str(i) for i in range(20)}
    assert len({store(metadata=many).read_bytes() for _ in range(4)}) == 1


def test_without_a_prior(store: Store) -> None:
    loaded = weights.load(store(prior=None))
    assert loaded.prior is None
    assert (loaded.rebalancing_weights == 1).all()


def test_the_rebalancing_weights_are_those_of_the_training(store: Store) -> None:
    weaker = {"rebalancing_mix": "0.9"}
    for metadata, mix in ({}, 0.5), (weaker, 0.9):
        loaded = weights.load(store(metadata=metadata))
        expected = rebalancing_weights(np.asarray(PRIOR), mix)
        np.testing.assert_allclose(loaded.rebalancing_weights, expected, rtol=1e-5)
    for nonsense in "2", "nan", "much":
        with pytest.raises(WeightsCorrupt):
            weights.load(store(metadata={"rebalancing_mix": nonsense}))


def test_the_file_is_replaced_in_one_step(store: Store, tmp_path: Path) -> None:
    file = store()
    before = file.read_bytes()
    store(native_temperature=2.0)
    assert file.read_bytes() != before
    assert [p.name for p in tmp_path.glob("*.tmp")] == []
    assert [p.name for p in tmp_path.glob(".*.tmp")] == []
    readable_as_new = tmp_path / "plain"
    readable_as_new.touch()
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(readable_as_new.stat().st_mode)


def test_a_failed_write_leaves_the_old_file(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = store()
    before = file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        store(native_temperature=2.0)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"format": "x"}},
        {"native_temperature": 0.0},
        {"native_temperature": float("nan")},
        {"prior": np.ones(313)},
        {"prior": np.ones(3) / 3},
        {"transposed": {"nothing.weight"}},
    ],
)
def test_nonsense_is_not_stored(store: Store, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        store(**changes)


def test_weights_that_are_no_numbers_are_not_stored(store: Store, tiny: Tiny) -> None:
    with torch.no_grad():
        tiny.small.weight[0] = float("nan")
    with pytest.raises(WeightsCorrupt, match=r"small\.weight"):
        store()


def test_ranges_are_kept(store: Store) -> None:
    assert weights.load(store()).ranges == {}
    ranges = {"up": (-1.5, 0.25), "large": (0.0, 1 / 3)}
    assert weights.load(store(ranges=ranges)).ranges == ranges
    again = store("again.safetensors", ranges=dict(reversed(ranges.items())))
    assert again.read_bytes() == store(ranges=ranges).read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "no JSON", "[]", "3", '{"large": 1}', '{"large": [0]}', '{"large": [0, 0]}',
        '{"large": [1, 2]}', '{"large": [0, NaN]}', '{"large": [0, 1e999]}', '{"large": ["a", 1]}',
        '{"large": [-1e308, 1e308]}', "[" * 100_000, '{"large": null}',
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_damaged_ranges_are_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr("colorizer.weights.store.write_ranges", lambda ranges: text)
    file = store(ranges={"large": (0.0, 1.0)})
    with pytest.raises(WeightsCorrupt, match="ranges"):
        weights.load(file)
