"""Where a refiner is found, and which one is taken."""

import hashlib
import json
import logging
from pathlib import Path

import pytest

from colorizer import weights
from colorizer.errors import WeightsCorrupt
from colorizer.networks import REFINER
from colorizer.networks.refiner import Refiner
from colorizer.weights import Entry, catalogue, locate
from colorizer.weights.catalogue import refiner_of
from colorizer.weights.checkpoint import REFINED_FIELD

from .conftest import World

SMALL = {"sources": [4, 4, 4], "components": [2, 2, 2], "widths": [4, 4, 4]}


def write_refiner(file: Path, refined: str) -> Path:
    weights.store_quantised(
        file, Refiner(**SMALL).state_dict(), network=REFINER, options=SMALL,
        native_temperature=1.0, prior=None, metadata={REFINED_FIELD: refined},
    )  # fmt: skip
    return file


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_weights_without_one_work(store) -> None:  # type: ignore[no-untyped-def]
    assert weights.load(store()).refiner is None


def test_it_lies_beside_the_weights(store) -> None:  # type: ignore[no-untyped-def]
    file = store()
    write_refiner(refiner_of(file), sha256(file))
    loaded = weights.load(file)
    assert loaded.refiner is not None
    assert loaded.refiner.options == SMALL
    assert loaded.refiner.network == REFINER


def test_one_for_other_weights_is_not_taken(  # type: ignore[no-untyped-def]
    store, caplog: pytest.LogCaptureFixture
) -> None:
    file = store()
    write_refiner(refiner_of(file), "0" * 64)
    with caplog.at_level(logging.WARNING):
        assert weights.load(file).refiner is None
    assert "other weights" in caplog.text


def test_a_broken_one_is_an_error(store) -> None:  # type: ignore[no-untyped-def]
    file = store()
    refiner_of(file).write_bytes(b"broken")
    with pytest.raises(WeightsCorrupt, match=r"mine\.refiner"):
        weights.load(file)
    refiner_of(file).write_bytes(file.read_bytes())
    with pytest.raises(WeightsCorrupt, match="not a refiner"):
        weights.load(file)


@pytest.fixture
def shipped(store, world: World, monkeypatch: pytest.MonkeyPatch) -> Path:  # type: ignore[no-untyped-def]
    """Default weights of the test, and their refiner, in the shipped folder."""
    file = world.shipped / "tiny.safetensors"
    file.write_bytes(store().read_bytes())
    refiner = write_refiner(refiner_of(file), sha256(file))
    size, digest = file.stat().st_size, sha256(file)
    entry = Entry("tiny", "tiny", file.name, (), size, digest, "CC0-1.0", 1.0, "", sha256(refiner))
    monkeypatch.setitem(weights.CATALOGUE, "tiny", entry)
    return file


def test_of_the_catalogue_s_it_may_lie_elsewhere(shipped: Path, world: World) -> None:
    world.cache.mkdir(parents=True)
    (world.cache / shipped.name).write_bytes(shipped.read_bytes())
    assert locate.find(weights.CATALOGUE["tiny"]).parent == world.cache
    assert weights.load("tiny").refiner is not None


def test_of_the_catalogue_s_only_the_right_bytes_are_taken(shipped: Path) -> None:
    write_refiner(refiner_of(shipped), sha256(shipped) + " ")
    with pytest.raises(WeightsCorrupt, match="install Colorizer again"):
        weights.load("tiny")


def test_a_missing_one_is_told(shipped: Path, caplog: pytest.LogCaptureFixture) -> None:
    refiner_of(shipped).unlink()
    with caplog.at_level(logging.WARNING):
        assert weights.load("tiny").refiner is None
    assert "without a second look" in caplog.text


def test_it_is_no_network_of_a_person_s_own(store, world: World) -> None:  # type: ignore[no-untyped-def]
    world.cache.mkdir(parents=True)
    file = world.cache / "mine.safetensors"
    file.write_bytes(store().read_bytes())
    write_refiner(refiner_of(file), sha256(file))
    (world.cache / "words.safetensors").write_bytes(b"the model of words")
    assert list(locate.imported()) == ["mine"]


def test_the_facts_beside_the_weights_name_it(
    shipped: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = weights.update_catalogue("tiny", folder=world.shipped)
    facts = json.loads((world.shipped / catalogue.FACTS_FILE).read_text())["tiny"]
    assert facts["refiner_sha256"] == sha256(refiner_of(shipped)) == made.refiner_sha256
