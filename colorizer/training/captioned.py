"""Captioned photographs as the words' model sees them: computed once and kept, to train it on.

Rows (:mod:`.kept_rows`) of half a megabyte, on grids of :data:`CELLS` and of twice as many places a
side: what the network saw and thinks possible, the colours of the default settings, and the true
ones. Photographs are brought to squares of :data:`SIDE` px.
"""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..color.hues import CLASSES
from ..color.lab import lightness_to_grey, srgb_to_lab
from ..color.rarity import rarity_shift
from ..color.second_look import OUTPUTS, REBALANCING, STRIDE, TEMPERATURE
from ..color.upsample import mean_of_blocks
from ..errors import InvalidSetting, TrainingDataError
from ..guidance import Guidance
from ..networks.refiner_layout import COMPONENTS
from ..photo import READABLE_SUFFIXES, Photo
from ..prediction import LOGIT_STRIDE
from ..settings import Settings
from ..working import working_ab
from .coarse import COARSE, coarse_members
from .kept_rows import fill_rows, open_rows
from .photos import Item, decode, fingerprint

if TYPE_CHECKING:
    from ..pipeline import Colorizer
    from ..prediction import Prediction

Array = NDArray[Any]

log = logging.getLogger(__name__)

#: side of the squares, px: the default working size
SIDE = 256
_FINE = SIDE // LOGIT_STRIDE
#: places along a side of the features' grid
CELLS = _FINE // STRIDE
#: (shape of a row, type) of each file; see :func:`_row`
_FILES: dict[str, tuple[tuple[int, ...], type]] = {
    "features": ((sum(COMPONENTS), CELLS, CELLS), np.int8),
    "classes": ((CLASSES, CELLS, CELLS), np.uint8),
    "shares": ((COARSE, CELLS, CELLS), np.uint8),
    "look": ((OUTPUTS, CELLS, CELLS), np.float16),
    "colours": ((2, _FINE, _FINE), np.float16),
    "truth": ((2, _FINE, _FINE), np.float16),
    "lightness": ((_FINE, _FINE), np.float16),
}
_FACTS = "captioned.json"
_NUMBER = re.compile("#[0-9]+$")
#: classes and shares are kept as so many times their square roots
ROOTS = 255


def read_captions(file: Path) -> dict[str, list[str]]:
    """Captions of photographs: lines of a name, a tabulator and a caption; ``.gz`` will do.

    Returns:
        Name, without a folder or a picture's suffix -> captions, in their order.

    Raises:
        TrainingDataError: if the file cannot be read or has no captions.
    """
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise TrainingDataError(f"The captions in {file} cannot be read: {error}.") from error
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, tab, caption = line.partition("\t")
        if tab and caption.strip():
            found.setdefault(_bare(name), []).append(caption.strip())
    if not found:
        raise TrainingDataError(f"There are no captions in {file}.")
    return found


def _bare(name: str) -> str:
    """A photograph's name without folders and suffix; of "2019.05.12" nothing is a suffix.

    "1234.jpg#0", as data sets number the captions of a photograph, is "1234".
    """
    path = Path(_NUMBER.sub("", name.strip()))
    return path.stem if path.suffix.lower() in READABLE_SUFFIXES else Path(name.strip()).name


def with_captions(
    items: Sequence[Item], captions: Mapping[str, list[str]]
) -> list[tuple[Item, list[str]]]:
    """The photographs that have captions, with them.

    Raises:
        TrainingDataError: if none has.
    """
    named = [(item, captions.get(_bare(item.name), [])) for item in items]
    found = [(item, lines) for item, lines in named if lines]
    if not found:
        raise TrainingDataError("None of the photographs has a caption.")
    return found


def compute(
    items: Sequence[Item], folder: Path, colorizer: Colorizer, *, progress: bool = True
) -> dict[str, Array]:
    """Compute what is missing; returns the arrays by name, mapped into memory.

    Raises:
        InvalidSetting: if the folder is of other photographs or weights, or the weights have no
            refiner, whose features the words look at.
        OutputError: if the folder cannot be written to.
        TrainingDataError: if no photograph can be read.
    """
    if not colorizer.weights.features_id:
        raise InvalidSetting(f"{colorizer.name} has no refiner, whose features words look at.")
    facts = {
        "weights": colorizer.weights.sha256,
        "features": colorizer.weights.features_id,
        "photographs": fingerprint(items),
    }
    files = open_rows(folder / _FACTS, facts, _FILES, len(items), "photographs")

    def put(row: int, square: NDArray[np.float32]) -> None:
        for name, values in _row(square, colorizer):
            files[name][row] = values

    fill_rows(files, lambda row: _square(items[row]), put, "photographs", progress)
    return files


def _square(item: Item) -> NDArray[np.float32] | None:
    """L*, a*, b* of a photograph squeezed to a square, (SIDE, SIDE, 3)."""
    from PIL import Image

    try:
        picture = Image.fromarray(decode(item.read(), SIDE))
    except Exception as error:  # any decoder may raise anything on a broken file
        log.warning("skipped %s: %s", item.name, error)
        return None
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32)
    return np.asarray(srgb_to_lab(pixels / 255))


def _row(lab: NDArray[np.float32], colorizer: Colorizer) -> Iterator[tuple[str, Array]]:
    grey = np.rint(lightness_to_grey(np.ascontiguousarray(lab[..., 0])) * 65535).astype(np.uint16)
    prediction = colorizer.predict(Photo(grey))
    assert prediction.features is not None
    assert prediction.look is not None
    yield "features", prediction.features
    yield "classes", _roots(mean_of_blocks(prediction.statistics.classes, STRIDE))
    shares = mean_of_blocks(_shares(prediction), STRIDE)
    yield "shares", _roots(np.einsum("cq,qij->cij", coarse_members(), shares))
    yield "look", prediction.look
    yield "colours", mean_of_blocks(working_ab(prediction, Settings(), Guidance()), LOGIT_STRIDE)
    planes = mean_of_blocks(np.ascontiguousarray(lab.transpose(2, 0, 1)), LOGIT_STRIDE)
    yield "lightness", planes[0]
    yield "truth", planes[1:]


def _shares(prediction: Prediction) -> NDArray[np.float32]:
    """The distributions as the default settings decode them, (313, h, w)."""
    native = prediction.native_temperature
    weights = prediction.rebalancing_weights
    shift = rarity_shift(weights, prediction.palette, REBALANCING, native)
    z = prediction.logits + shift[:, None, None]
    z -= z.max(axis=0)
    shares = np.exp(z / np.float32(TEMPERATURE * native))
    return np.asarray(shares / shares.sum(axis=0), np.float32)


def _roots(shares: NDArray[np.float32]) -> Array:
    return np.asarray(np.rint(np.sqrt(shares) * ROOTS))
