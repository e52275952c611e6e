"""Reading checkpoints: every kind that is meant to work, and everything that is not."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from colorizer import networks, weights
from colorizer.errors import UnknownModel, WeightsCorrupt, WeightsMissing
from colorizer.weights import checkpoint
from colorizer.weights.store import serialise

Store = Callable[..., Path]


@pytest.fixture
def small_eccv16(monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """A stand-in for the released network with two of its keys, to be fast."""

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model1 = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
            self.model_out = nn.Conv2d(313, 2, 1, bias=False)

    monkeypatch.setitem(networks.REGISTRY, "eccv16", Small)
    return Small().state_dict()


def saved(content: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
def test_a_released_file_is_recognised_by_its_keys(
    tmp_path: Path,
    small_eccv16: dict[str, torch.Tensor],
    zipped: bool,
    wrap: Callable[[Any], Any],
) -> None:
    file = tmp_path / "theirs.pth"
    file.write_bytes(saved(wrap(small_eccv16), _use_new_zipfile_serialization=zipped))
    loaded = weights.load(str(file))
    assert (loaded.name, loaded.network, loaded.native_temperature) == ("theirs", "eccv16", 1.0)
    assert loaded.prior is None
    assert loaded.options == {}
    assert all(torch.equal(loaded.state_dict[k], v) for k, v in small_eccv16.items())


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_plain_safetensors_in_half_precision(
    tmp_path: Path, small_eccv16: dict[str, torch.Tensor], metadata: dict[str, str] | None
) -> None:
    halves = {k: v.half() if v.is_floating_point() else v for k, v in small_eccv16.items()}
    file = tmp_path / "half.safetensors"
    safetensors.torch.save_file(halves, file, metadata)
    loaded = weights.load(file)
    assert loaded.state_dict["model1.0.weight"].dtype == torch.float32


def test_counters_may_be_missing(tmp_path: Path, small_eccv16: dict[str, torch.Tensor]) -> None:
    del small_eccv16["model1.2.num_batches_tracked"]
    file = tmp_path / "old.pth"
    file.write_bytes(saved(small_eccv16))
    assert int(weights.load(file).state_dict["model1.2.num_batches_tracked"]) == 0


@pytest.mark.parametrize(("name", "count"), [("eccv16", 82), ("siggraph17", 107)])
def test_the_real_networks_keys_are_what_is_expected(tmp_path: Path, name: str, count: int) -> None:
    state = networks.build(name).state_dict()
    assert len(state) == count
    file = tmp_path / "real.pth"
    file.write_bytes(saved(state))
    assert weights.load(file).network == name


class Bomb:
    """Runs a command when unpickled the ordinary way."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    bomb = Bomb(f"touch {proof}")
    for number, data in enumerate(
        [
            saved({"model1.0.weight": bomb}),
            saved({"a": bomb}, _use_new_zipfile_serialization=False),
            pickle.dumps(bomb, protocol=4),
        ]
    ):
        file = tmp_path / f"bomb{number}.pth"
        file.write_bytes(data)
        with pytest.raises(WeightsCorrupt, match="bomb"):
            weights.load(file)
    assert not proof.exists()


def broken() -> dict[str, bytes]:
    """Files that are wrong, each in its way."""
    good = {"model1.0.weight": torch.zeros(2), "model_out.weight": torch.zeros(1)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 1_000_000)
    expanded = torch.zeros(1).expand(1 << 20, 1 << 20)
    return {
        "empty": b"",
        "garbage": random.Random(1).randbytes(5000),
        "text": b"<html><body>404</body></html>",
        "zip of something else": packed.getvalue(),
        "zip header only": b"PK\x03\x04",
        "pickle header only": b"\x80\x02",
        "a tensor": saved(torch.zeros(3)),
        "a list": saved([torch.zeros(3)]),
        "nothing": saved({}),
        "numbers as keys": saved({1: torch.zeros(3)}),
        "text as values": saved({"model1.0.weight": "hello"}),
        "unknown keys": saved({"conv.weight": torch.zeros(3)}),
        "wrong shapes of siggraph17": saved(good | {"model_class.0.weight": torch.zeros(1)}),
        "wrong shapes": saved(good),
        "a shape larger than the data": saved({"model1.0.weight": expanded, "model_out.weight": 1}),
        "sparse": saved({"model1.0.weight": torch.eye(3).to_sparse()}),
        "meta": saved({"model1.0.weight": torch.zeros(3, device="meta")}),
        "huge header": (1 << 62).to_bytes(8, "little") + b"{}",
        "header is no JSON": (4).to_bytes(8, "little") + b"nope",
        "nested header": (200_000).to_bytes(8, "little") + b"[" * 200_000,
        "other type": safetensors.torch.save({"model1.0.weight": torch.zeros(3).bool()}),
        "no metadata": safetensors.torch.save({"large.weight": torch.zeros(3)}),
    }


@pytest.mark.parametrize("kind", broken())
def test_whatever_is_wrong_the_error_is_typed(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(broken()[kind])
    with pytest.raises(WeightsCorrupt, match=r"file\.bin"):
        weights.load(file)


def test_a_compressed_archive_is_refused_before_it_is_unpacked(
    tmp_path: Path, small_eccv16: dict[str, torch.Tensor]
) -> None:
    file = tmp_path / "packed.pth"
    with (
        zipfile.ZipFile(io.BytesIO(saved(small_eccv16))) as plain,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in plain.namelist():
            packed.writestr(member, plain.read(member))
    with pytest.raises(WeightsCorrupt, match="packed in a way"):
        weights.load(file)


def test_a_tensor_with_fewer_numbers_than_its_shape_says(
    tmp_path: Path, small_eccv16: dict[str, torch.Tensor]
) -> None:
    file = tmp_path / "expanded.pth"
    file.write_bytes(saved(small_eccv16 | {"model_out.weight": torch.ones(1).expand(2, 313, 1, 1)}))
    with pytest.raises(WeightsCorrupt, match="weights alone"):
        weights.load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "colorizer-9"},
        {"options": "no JSON"},
        {"options": "[]"},
        {"options": '{"width": 33}'},
        {"options": '{"width": "wide"}'},
        {"options": '{"depth": 2}'},
        {"native_temperature": "warm"},
        {"native_temperature": "nan"},
        {"native_temperature": "0"},
        {"transposed": "3"},
        {"transposed": "[]"},
        {"options": None},
        {"network": None},
        {"native_temperature": None},
        {"transposed": None},
    ],
    ids=str,
)
def test_wrong_metadata(store: Store, change: dict[str, str | None]) -> None:
    file = store()
    with safetensors.safe_open(file, framework="pt") as opened:
        metadata = opened.metadata() | change
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    file.write_bytes(serialise(tensors, {k: v for k, v in metadata.items() if v is not None}))
    with pytest.raises(WeightsCorrupt):
        weights.load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"large.weight::scale": torch.ones(31)},
        {"large.weight::scale": None},
        {"large.weight": None},
        {"large.bias": None},
        {"small.bias": torch.full((2,), float("nan"))},
        {"extra": torch.zeros(2)},
        {"nothing::scale": torch.ones(2)},
        {"::prior": torch.ones(313)},
        {"::prior": torch.full((312,), 1 / 312)},
        {"::prior": torch.full((313,), float("nan"))},
    ],
    ids=lambda change: " ".join(change),
)
def test_wrong_tensors(store: Store, change: dict[str, torch.Tensor | None]) -> None:
    file = store()
    with safetensors.safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
        tensors = {key: opened.get_tensor(key) for key in opened.keys()} | change  # noqa: SIM118
    file.write_bytes(serialise({k: v for k, v in tensors.items() if v is not None}, metadata))
    with pytest.raises(WeightsCorrupt):
        weights.load(file)


def test_a_network_that_this_version_does_not_have(store: Store) -> None:
    with pytest.raises(UnknownModel, match="tomorrow"):
        weights.load(store(network="tomorrow"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_never_gives_another_error(store: Store, data: st.DataObject) -> None:
    whole = store().read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    broken_bytes = bytearray(whole[: data.draw(st.integers(0, len(whole)), label="length")])
    for _ in range(data.draw(st.integers(0, 3), label="changes")):
        if broken_bytes:
            place = data.draw(st.integers(0, min(header, len(broken_bytes)) - 1), label="place")
            broken_bytes[place] = data.draw(st.integers(0, 255), label="value")
    try:
        loaded = checkpoint.parse(bytes(broken_bytes), label="it", name="it", sha256="")
    except (WeightsCorrupt, UnknownModel):
        return
    assert loaded.state_dict["large.weight"].shape == (32, 16, 3, 3)


def test_every_truncation_of_the_stored_form_is_noticed(store: Store) -> None:
    whole = store().read_bytes()
    for length in range(0, len(whole), 997):
        with pytest.raises(WeightsCorrupt):
            checkpoint.parse(whole[:length], label="it", name="it", sha256="")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(WeightsMissing, match="no file"):
        weights.load(str(pipe))
    with pytest.raises(WeightsCorrupt, match="not a file with weights"):
        checkpoint.read_file(pipe)


def test_a_file_too_large(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "LARGEST", 1000)
    with pytest.raises(WeightsCorrupt, match="too large"):
        weights.load(store())


def test_the_checksum_is_taken_anew_when_the_file_changes(store: Store) -> None:
    first = weights.load(store())
    second = weights.load(store(native_temperature=3.0))
    assert first.sha256 != second.sha256
    assert second.native_temperature == 3.0


def test_metadata_is_json_readable_text(store: Store) -> None:
    loaded = weights.load(store())
    assert json.loads(loaded.metadata["options"]) == {"width": 32}
