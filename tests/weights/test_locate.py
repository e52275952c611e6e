"""Where a name leads: the search order, wrong copies, imported weights, messages."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from colorizer import weights
from colorizer.errors import (
    InvalidSetting,
    OutputError,
    UnknownModel,
    WeightsCorrupt,
    WeightsMissing,
)
from colorizer.settings import DEFAULT_MODEL
from colorizer.weights import Entry

from .conftest import World

Store = Callable[..., Path]
AddEntry = Callable[..., Entry]


@pytest.fixture
def data(store: Store) -> bytes:
    return store("stored.safetensors").read_bytes()


def put(folder: Path, entry: Entry, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / entry.filename
    file.write_bytes(data)
    return file


def test_the_chosen_folder_then_the_cache_then_what_is_shipped(
    world: World, data: bytes, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = add_entry(data)
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(world.chosen))
    shipped = put(world.shipped, entry, data)
    assert weights.path("tiny") == shipped
    cached = put(world.cache, entry, data)
    assert weights.path("tiny") == cached
    chosen = put(world.chosen, entry, data)
    assert weights.path("tiny") == chosen
    assert weights.load("tiny").sha256 == entry.sha256


def test_a_wrong_copy_is_passed_over_and_reported(
    world: World, data: bytes, add_entry: AddEntry, caplog: pytest.LogCaptureFixture
) -> None:
    entry = add_entry(data)
    wrong = put(world.cache, entry, data[:-1] + b"!")
    shipped = put(world.shipped, entry, data)
    with caplog.at_level(logging.WARNING):
        assert weights.path("tiny") == shipped
    assert str(wrong) in caplog.text
    with pytest.raises(WeightsCorrupt, match="sha256"):
        weights.verify("tiny")


def test_only_wrong_copies_are_never_used(world: World, data: bytes, add_entry: AddEntry) -> None:
    put(world.cache, add_entry(data, "https://a.example/t"), data[:-1])
    for call in (weights.load, weights.path, weights.verify):
        with pytest.raises(WeightsCorrupt):
            call("tiny")


def test_missing_says_what_to_do(world: World, add_entry: AddEntry) -> None:
    entry = add_entry(b"abc", "https://a.example/tiny.bin", "https://b.example/tiny.bin")
    with pytest.raises(WeightsMissing) as caught:
        weights.load("tiny")
    message = str(caught.value)
    for part in ("colorizer weights pull tiny", *entry.urls, entry.sha256, str(world.cache)):
        assert part in message


def test_offline_says_where_to_put_it_by_hand(
    world: World, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = add_entry(b"abc", "https://a.example/tiny.bin")
    monkeypatch.setenv("COLORIZER_OFFLINE", "1")
    for call in (weights.load, weights.pull):
        with pytest.raises(WeightsMissing) as caught:
            call("tiny")
        message = str(caught.value)
        for part in ("switched off", entry.filename, *entry.urls, entry.sha256, str(world.cache)):
            assert part in message
        assert "weights pull" not in message


@pytest.mark.parametrize(("value", "offline"), [("0", False), ("", False), ("true", True)])
def test_values_of_the_offline_switch(
    add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch, value: str, offline: bool
) -> None:
    add_entry(b"abc", "https://a.example/tiny.bin")
    monkeypatch.setenv("COLORIZER_OFFLINE", value)
    with pytest.raises(WeightsMissing) as caught:
        weights.load("tiny")
    assert ("switched off" in str(caught.value)) is offline


def test_a_folder_that_does_not_exist(
    world: World, store: Store, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(world.chosen))
    add_entry(b"abc", "https://a.example/tiny.bin")
    for call in (weights.load, weights.path):
        with pytest.raises(WeightsMissing, match="no such folder"):
            call("tiny")
    message = r"COLORIZER_WEIGHTS_DIR.*no such folder"
    with pytest.raises(OutputError, match=message):
        weights.pull("tiny")
    with pytest.raises(OutputError, match=message):
        weights.import_file(store())
    assert not world.chosen.exists()


def test_a_folder_that_is_a_file(
    world: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.chosen.touch()
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(world.chosen))
    with pytest.raises(OutputError, match="not a folder"):
        weights.import_file(store())


def test_a_folder_without_permission(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # also true for root
    with pytest.raises(OutputError, match=r"permission.*COLORIZER_WEIGHTS_DIR"):
        weights.import_file(store())
    world.chosen.mkdir()
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(world.chosen))
    with pytest.raises(OutputError, match="permission"):
        weights.import_file(store())


def test_a_cache_that_cannot_be_made(world: World, store: Store) -> None:
    world.cache.parent.touch()  # a file where a folder must go
    with pytest.raises(OutputError, match="permission"):
        weights.import_file(store())


def test_unknown_names_and_paths(world: World, tmp_path: Path) -> None:
    for name in ("nothing", "x" * 5000, "nul\0", ""):
        with pytest.raises(UnknownModel, match=DEFAULT_MODEL):
            weights.load(name)
    for path in ("absent.safetensors", "./absent", str(tmp_path / "absent.pth"), Path("absent")):
        with pytest.raises(WeightsMissing, match="no file"):
            weights.load(path)
    with pytest.raises(WeightsMissing, match="folder"):
        weights.load(str(tmp_path))
    for call in (weights.path, weights.pull):
        with pytest.raises(UnknownModel):
            call("nothing")


def test_importing_own_weights_gives_them_a_name(world: World, store: Store) -> None:
    target = weights.import_file(store("village.safetensors"))
    assert target == world.cache / "village.safetensors"
    assert weights.load("village").name == "village"
    assert weights.path("village") == target
    assert weights.verify("village").known is False
    named = weights.import_file(store("again.bin"), name="our-village_2")
    assert named.name == "our-village_2.safetensors"
    assert weights.import_file(store("again.bin"), name="our-village_2") == named
    assert [s.name for s in weights.statuses()[-2:]] == ["our-village_2", "village"]


def test_importing_does_not_replace_other_weights(store: Store) -> None:
    target = weights.import_file(store())
    before = target.read_bytes()
    with pytest.raises(OutputError, match="other weights called 'mine'"):
        weights.import_file(store(native_temperature=9.0))
    assert target.read_bytes() == before


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "ä", "x" * 200])
def test_names_that_weights_cannot_have(world: World, store: Store, name: str) -> None:
    with pytest.raises(InvalidSetting):
        weights.import_file(store(), name=name)
    assert not world.cache.exists()


def test_importing_a_file_of_the_catalogue_whatever_it_is_called(
    world: World, data: bytes, add_entry: AddEntry, tmp_path: Path
) -> None:
    entry = add_entry(data)
    put(world.cache, entry, b"damaged earlier")
    odd = tmp_path / "download (1)"
    odd.write_bytes(data)
    assert weights.import_file(odd) == world.cache / entry.filename
    assert weights.verify("tiny").known is True
    assert weights.load("tiny").name == "tiny"


def test_importing_the_wrong_file_under_a_catalogue_name(
    world: World, store: Store, add_entry: AddEntry
) -> None:
    add_entry(b"something else")
    with pytest.raises(WeightsCorrupt, match="should have 14 bytes"):
        weights.import_file(store(), name="tiny")
    assert not world.cache.exists()


def test_importing_garbage(world: World, tmp_path: Path) -> None:
    file = tmp_path / "garbage.pth"
    file.write_bytes(b"garbage")
    with pytest.raises(WeightsCorrupt):
        weights.import_file(file)
    with pytest.raises(WeightsMissing):
        weights.import_file(tmp_path / "absent.pth")
    assert not world.cache.exists()


def test_checksums_are_taken_once(
    world: World, data: bytes, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world.cache, add_entry(data), data)
    weights.load("tiny")

    def never(*_: object) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr("hashlib.file_digest", never)
    monkeypatch.setattr("hashlib.sha256", never)
    weights.load("tiny")
    with pytest.raises(AssertionError):
        weights.verify("tiny")


def test_update_catalogue_after_the_shipped_weights_were_replaced(
    world: World, store: Store
) -> None:
    shipped = world.shipped / f"{DEFAULT_MODEL}.safetensors"
    shutil.copy(store(), shipped)
    with pytest.raises(WeightsCorrupt):  # no facts yet: nothing is trusted
        weights.load(DEFAULT_MODEL)
    with pytest.raises(WeightsCorrupt, match="for the network tiny"):
        weights.update_catalogue()


def test_update_catalogue_writes_facts_that_hold(
    world: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorizer import networks
    from colorizer.weights.catalogue import catalogue

    from .conftest import Tiny

    monkeypatch.setitem(networks.REGISTRY, DEFAULT_MODEL, Tiny)
    shipped = world.shipped / f"{DEFAULT_MODEL}.safetensors"
    shutil.copy(store(network=DEFAULT_MODEL), shipped)
    entry = weights.update_catalogue()
    assert entry.native_temperature == 1.5
    assert weights.load(DEFAULT_MODEL).sha256 == entry.sha256
    catalogue.cache_clear()  # as in a new process
    assert weights.CATALOGUE[DEFAULT_MODEL] == entry
    assert weights.verify(DEFAULT_MODEL).known
    shipped.write_bytes(b"broken")
    with pytest.raises(WeightsCorrupt):
        weights.update_catalogue()
    assert json.loads((world.shipped / "catalogue.json").read_bytes())[DEFAULT_MODEL]["bytes"] > 6


@pytest.mark.parametrize("text", ["", "[]", '{"eccv16-vgg16": 3}', '{"eccv16-vgg16": {}}'])
def test_damaged_facts(world: World, text: str) -> None:
    (world.shipped / "catalogue.json").write_text(text)
    with pytest.raises(WeightsCorrupt, match="install"):
        weights.load(DEFAULT_MODEL)


@pytest.mark.parametrize(
    ("name", "size", "digest"),
    [("eccv16", 128_976_165, "9b330a0b"), ("siggraph17", 136_787_426, "df00044c")],
)
def test_the_official_entries(name: str, size: int, digest: str) -> None:
    entry = weights.CATALOGUE[name]
    assert entry.network == name
    assert entry.bytes == size
    assert entry.sha256.startswith(digest)
    assert len(entry.sha256) == 64
    assert entry.filename.endswith(f"{entry.sha256[:8]}.pth")
    assert all(url.startswith("https://") for url in entry.urls)
    assert entry.licence == "BSD-2-Clause"
    assert entry.native_temperature == 1.0


def test_importing_the_module_is_light() -> None:
    code = (
        "import sys, colorizer.weights, colorizer.commands.weights;"
        "print(sorted({'torch', 'numpy', 'requests', 'tqdm', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
