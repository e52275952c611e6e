"""Which things a model of words knows: of its file's header alone."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import WeightsCorrupt, WeightsMissing
from ..weights.catalogue import WORDS_FILE, shipped_folder
from ..weights.locate import search_folders
from .grammar import Understanding, parse

FORMAT = "colorizer-words-1"
#: more than any header is long, bytes
_LONGEST = 1 << 20


@dataclass(frozen=True)
class Vocabulary:
    """What a model of words knows.

    Attributes:
        things: name -> its row in the model's tables.
        ignored: words that say nothing of colours.
        features_id: of the features that it looks at, :attr:`.LoadedWeights.features_id`.
    """

    things: dict[str, int]
    ignored: Collection[str]
    features_id: str


def model_file(features_id: str = "", beside: Path | None = None) -> Path:
    """Where the model lies that looks at some features; if none does, the first that there is.

    Args:
        features_id: of weights, :attr:`.LoadedWeights.features_id`; "" for the default model's.
        beside: the weights' folder, where a model is looked for before the folders of weights.

    Raises:
        WeightsMissing: if there is none at all.
        WeightsCorrupt: if one cannot be read that comes before the right one.
    """
    files = model_files(beside)
    if not files:
        raise WeightsMissing(
            f"The model of words, {WORDS_FILE}, is missing; please install Colorizer again, or put "
            f"it into {search_folders()[0]}."
        )
    if len(files) == 1:
        return files[0]
    shipped = shipped_folder() / WORDS_FILE
    if not features_id and shipped in files:  # which is the default model's
        features_id = of_file(shipped).features_id
    return next((file for file in files if of_file(file).features_id == features_id), files[0])


def model_files(beside: Path | None = None) -> list[Path]:
    """All models of words that there are, in the order in which they are looked at."""
    folders = search_folders()
    if beside is not None and beside not in folders:
        folders.insert(0, beside)
    return [folder / WORDS_FILE for folder in folders if (folder / WORDS_FILE).is_file()]


def understand(text: str, features_id: str = "", beside: Path | None = None) -> Understanding:
    """What the model will make of a sentence: things and their colours, and unknown words.

    Args:
        features_id, beside: which model, as for :func:`model_file`.

    Raises:
        WeightsMissing, WeightsCorrupt: if there is no model of words, or it cannot be read.
    """
    known = vocabulary(features_id, beside)
    return parse(text, known.things, known.ignored)


def vocabulary(features_id: str = "", beside: Path | None = None) -> Vocabulary:
    """Of the model that :func:`model_file` finds.

    Raises:
        WeightsMissing, WeightsCorrupt: as :func:`understand`.
    """
    return of_file(model_file(features_id, beside))


def of_file(file: Path) -> Vocabulary:
    """Of a model; read again when its file changes.

    Raises:
        WeightsCorrupt: if it cannot be read.
    """
    state = os.stat(file)
    return _vocabulary(file, state.st_mtime_ns, state.st_size)


@lru_cache(8)
def _vocabulary(file: Path, *_: int) -> Vocabulary:
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(min(length, _LONGEST)))["__metadata__"]
        return of_metadata(header)
    except Exception as error:  # whatever json says about foreign bytes
        raise WeightsCorrupt(f"{file} is damaged, or not a model of words.") from error


def of_metadata(metadata: dict[str, str]) -> Vocabulary:
    """The vocabulary in a file's metadata.

    Raises:
        KeyError, ValueError: if there is none.
    """
    if metadata["format"] != FORMAT:
        raise ValueError("a model of another version")
    names = metadata["things"].split()
    things = {name: row for row, name in enumerate(names)}
    return Vocabulary(things, frozenset(metadata["ignored"].split()), metadata["features"])
