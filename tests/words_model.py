"""A model of words without training: it knows four things, and finds a coat where it is light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from colorizer.weights.catalogue import WORDS_FILE
from colorizer.words.model import LIGHTNESS, shapes
from colorizer.words.vocabulary import FORMAT

THINGS = ("autumn", "coat", "hat", "person")
#: of the features that it looks at
FEATURES_ID = "features-of-tests"


def write_words_model(folder: Path, features_id: str = FEATURES_ID, coats: bool = True) -> Path:
    """Write it where weights are looked for.

    A coat is where L* is above 50 (nowhere, if there are no ``coats``), a hat nowhere; what is said
    to have a colour gets it.
    """
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes(len(THINGS)).items()}
    coat, hat = THINGS.index("coat"), THINGS.index("hat")
    tensors["place.weight"][0, LIGHTNESS] = 1
    for key, query in (("key.weight", "query"), ("find_key.weight", "find")):
        tensors[key][0, 0] = 1
        tensors[query][coat, 0] = 60 * coats
        tensors[f"{query}_bias"][[coat, hat]] = -6, -20
    tensors["value"][THINGS.index("autumn"), 0] = 1
    tensors["basis"][0, :100] = 5
    tensors["colour.bias"][:] = 5, 9, 3
    metadata = {
        "format": FORMAT,
        "things": " ".join(THINGS),
        "ignored": "and standing",
        "features": features_id,
    }
    file = folder / WORDS_FILE
    save_file(tensors, file, metadata)
    return file
