"""The order of photographs: every one once an epoch, resumable, shared out to ranks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer.errors import TrainingDataError
from colorizer.training.data import Stream, epoch_order

from .conftest import MakeConfig
from .tiny import picture

CPU = torch.device("cpu")


@given(st.integers(1, 200), st.integers(0, 1000), st.integers(0, 50), st.integers(1, 4))
def test_ranks_share_a_permutation(count: int, seed: int, epoch: int, world: int) -> None:
    parts = [epoch_order(count, seed, epoch, rank, world) for rank in range(world)]
    assert len({len(part) for part in parts}) == 1
    seen = [i for part in parts for i in part]
    assert len(set(seen)) == len(seen) == count - count % world
    assert set(seen) <= set(range(count))


def test_order_changes_with_epoch_and_seed_only() -> None:
    assert epoch_order(50, 1, 2) == epoch_order(50, 1, 2)
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


def batches(stream: Stream, epoch: int = 0, start: int = 0) -> list[torch.Tensor]:
    return list(stream.batches(epoch, start))


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_epoch_shows_each_photograph_once(make_config: MakeConfig, in_memory: bool) -> None:
    stream = Stream.open(make_config(in_memory=in_memory, batch=3), CPU, 0, 1)
    assert len(stream) == 8
    assert stream.batches_per_epoch == 2
    shown = batches(stream)
    assert [b.shape for b in shown] == [(3, 64, 64, 3)] * 2
    assert all(b.dtype == torch.uint8 for b in shown)
    assert len({square.numpy().tobytes() for square in torch.cat(shown)}) == 6
    for a, b in zip(batches(stream, start=1), shown[1:], strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(batches(stream, epoch=1)[0], shown[0])


def test_both_paths_show_the_same_photographs(make_config: MakeConfig) -> None:
    fast = Stream.open(make_config(in_memory=True), CPU, 0, 1)
    slow = Stream.open(make_config(in_memory=False), CPU, 0, 1)
    for a, b in zip(batches(fast, 3), batches(slow, 3), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(fast.sample(4), slow.sample(4))
    assert fast.sample(4).shape == (4, 64, 64, 3)


def test_a_batch_larger_than_the_set_is_one_small_batch(make_config: MakeConfig) -> None:
    stream = Stream.open(make_config(batch=32), CPU, 0, 1)
    assert stream.batches_per_epoch == 1
    assert [len(b) for b in batches(stream)] == [8]


@pytest.fixture
def two_sources(photos: Path, tmp_path: Path) -> Path:
    """One picture in a folder, six in another."""
    for number, file in enumerate(sorted(photos.iterdir())[:7]):
        folder = tmp_path / "sources" / ("few" if number == 0 else "many")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    return tmp_path / "sources"


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize(("balance", "times"), [(0.0, 1), (1.0, 4)])
def test_a_small_source_is_shown_as_often_as_balance_says(
    make_config: MakeConfig, two_sources: Path, in_memory: bool, balance: float, times: int
) -> None:
    config = make_config(photos=(str(two_sources),), in_memory=in_memory, balance=balance, batch=1)
    stream = Stream.open(config, CPU, 0, 1)
    assert len(stream) == stream.batches_per_epoch == 7
    lonely = torch.from_numpy(picture(0))
    shown = batches(stream, 5)
    # of 7, 3 or 4 are the one of the small source, when every source is as often
    assert times - 1 <= sum(torch.equal(b[0], lonely) for b in shown) <= times
    for a, b in zip(batches(stream, 5, start=3), shown[3:], strict=True):
        assert torch.equal(a, b)


def test_a_photograph_that_is_shown_often_is_cut_otherwise_each_time(
    make_config: MakeConfig, two_sources: Path
) -> None:
    Image.fromarray(picture(9, 64, 512)).save(two_sources / "few" / "wide.png")
    (lonely,) = (file for file in (two_sources / "few").iterdir() if file.name != "wide.png")
    lonely.unlink()
    config = make_config(photos=(str(two_sources),), in_memory=False, balance=1.0, batch=1)
    stream = Stream.open(config, CPU, 0, 1)
    shown = batches(stream, 5)
    wide = [b for b, index in zip(shown, stream.order(5), strict=True) if index == 0]
    assert len(wide) >= 3
    assert len({square.numpy().tobytes() for square in wide}) == len(wide)
    for a, b in zip(batches(stream, 5, start=3), shown[3:], strict=True):
        assert torch.equal(a, b)


def test_ranks_share_a_balanced_order(make_config: MakeConfig, two_sources: Path) -> None:
    config = make_config(photos=(str(two_sources),), balance=0.5)
    whole = Stream.open(config, CPU, 0, 1).order(3)
    parts = [Stream.open(config, CPU, rank, 2).order(3) for rank in range(2)]
    assert parts == [whole[:6:2], whole[1:6:2]]


def test_squares_know_their_sources(make_config: MakeConfig, tmp_path: Path) -> None:
    for name, width in (("wide", 96), ("square", 64)):
        (tmp_path / name).mkdir()
        Image.fromarray(picture(1, 64, width)).save(tmp_path / name / "a.png")
    (tmp_path / "square" / "broken.png").write_bytes(b"")
    config = make_config(photos=(str(tmp_path / "square"), str(tmp_path / "wide")))
    stream = Stream.open(config, CPU, 0, 1)
    assert [Path(source).name for source in stream.sources] == ["square", "wide", "wide"]
    assert stream.skipped == 1


@pytest.fixture
def with_broken(photos: Path, tmp_path: Path) -> Path:
    """Eight good pictures and eight broken ones."""
    folder = tmp_path / "some-broken"
    shutil.copytree(photos, folder)
    for i in range(8):
        (folder / f"broken{i}.jpg").write_bytes(b"broken")
    return folder


@pytest.mark.parametrize("in_memory", [True, False])
def test_broken_photographs_are_counted(
    make_config: MakeConfig, with_broken: Path, in_memory: bool
) -> None:
    config = make_config(photos=(str(with_broken),), in_memory=in_memory)
    stream = Stream.open(config, CPU, 0, 1)
    shown = torch.cat(batches(stream))
    assert stream.skipped == 8
    assert len(shown) == 8


def test_a_batch_of_broken_photographs_alone_is_replaced(
    make_config: MakeConfig, with_broken: Path
) -> None:
    config = make_config(photos=(str(with_broken),), in_memory=False, batch=1)
    stream = Stream.open(config, CPU, 0, 1)
    shown = batches(stream)
    assert len(shown) == stream.batches_per_epoch == 16
    assert all(b.shape == (1, 64, 64, 3) for b in shown)
    again = Stream.open(config, CPU, 0, 1)
    for a, b in zip(batches(again, start=9), shown[9:], strict=True):  # resuming shows the same
        assert torch.equal(a, b)


def test_nothing_readable_is_a_typed_error_not_an_endless_loop(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    values: dict[str, Any] = {"photos": (str(tmp_path),), "batch": 1}
    with pytest.raises(TrainingDataError):
        Stream.open(make_config(in_memory=True, **values), CPU, 0, 1)
    with pytest.raises(TrainingDataError):
        batches(Stream.open(make_config(in_memory=False, **values), CPU, 0, 1))


@pytest.mark.parametrize("in_memory", [True, False])
def test_fewer_photographs_than_processes_is_a_typed_error(
    make_config: MakeConfig, in_memory: bool
) -> None:
    with pytest.raises(TrainingDataError, match="too few for 9"):
        Stream.open(make_config(in_memory=in_memory), CPU, 0, 9)
