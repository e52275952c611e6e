"""Which things a model of words knows: of its file's header alone."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import WeightsCorrupt, WeightsMissing
from ..weights.catalogue import WORDS_FILE
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


def model_file() -> Path:
    """Where the model lies: the first file of its name in the folders of weights.

    Raises:
        WeightsMissing: if there is none.
    """
    for folder in search_folders():
        if (folder / WORDS_FILE).is_file():
            return folder / WORDS_FILE
    raise WeightsMissing(
        f"The model of words, {WORDS_FILE}, is missing; please install Colorizer again, or put it "
        f"into {search_folders()[0]}."
    )


def understand(text: str) -> Understanding:
    """What the model will make of a sentence: things and their colours, and unknown words.

    Raises:
        WeightsMissing, WeightsCorrupt: if there is no model of words, or it cannot be read.
    """
    known = vocabulary()
    return parse(text, known.things, known.ignored)


def vocabulary() -> Vocabulary:
    """Of the model that there is; read again when its file changes.

    Raises:
        WeightsMissing, WeightsCorrupt: as :func:`understand`.
    """
    file = model_file()
    state = os.stat(file)
    return _vocabulary(file, state.st_mtime_ns, state.st_size)


@lru_cache(4)
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
