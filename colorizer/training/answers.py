"""What a trained network says of many photographs, computed once and kept: to train a refiner on.

Rows (:mod:`.kept_rows`) of half a megabyte: the refiner's inputs (:mod:`..color.second_look`) in 8
bits, the lightness that the network saw (of some photographs made old, :mod:`.degrade`), and the
truth.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..color.hues import CLASSES, HUES, Folded, Statistics
from ..color.lab import srgb_to_lab
from ..color.second_look import STRIDE
from ..errors import InvalidSetting, TrainingDataError, WeightsCorrupt
from ..networks import REFINER
from ..networks.refiner import Refiner
from ..networks.refiner_layout import COMPONENTS
from ..prediction import LOGIT_STRIDE, Prediction
from ..weights.tensors import from_torch
from .checkpoint import save_tensors
from .degrade import degrade_lightness
from .kept_rows import DONE, fill_rows, open_rows
from .photos import Item, fingerprint, random_square

if TYPE_CHECKING:
    from ..engines import Engine
    from ..weights import LoadedWeights

Array = NDArray[Any]

#: side of the squares, px
SIDE = 224
_CELLS = SIDE // LOGIT_STRIDE
_HALF = _CELLS // STRIDE
#: (shape of a row, type) of each file; numbers of 8 bits are scaled as :func:`_pack` does
_FILES: dict[str, tuple[tuple[int, ...], type]] = {
    "hues": ((2 * HUES + 2, _CELLS, _CELLS), np.int8),
    "scales": ((2 * HUES + 2,), np.float32),
    "classes": ((CLASSES, _CELLS, _CELLS), np.uint8),
    "variance": ((_CELLS, _CELLS), np.uint8),
    "features": ((sum(COMPONENTS), _HALF, _HALF), np.int8),
    "lightness": ((SIDE, SIDE), np.uint8),
    "truth": ((SIDE, SIDE, 3), np.uint8),
}
_FACTS = "answers.json"
_LOG_VARIANCE, _LIGHTNESS, _FEATURES = 25.5, 2.55, 25.0
#: photographs, and places of each, that the components of the features are found on
_SAMPLE, _PLACES = 200, 60


@dataclass(frozen=True)
class Batch:
    """Rows of the store as numbers. n photographs, on a grid of (h, w).

    Attributes:
        classes: (n, CLASSES, h, w) square roots of how likely each class is.
        hues: (n, 2, HUES, h, w), of the distributions as the refiner looks at them.
        mean: (n, 2, h, w), of the calibrated distributions.
        variance: (n, h, w), of the same.
        features: (n, f, h/2, w/2).
        lightness: (n, 1, 4 h, 4 w) L*, that the network saw.
        truth: (n, 3, 4 h, 4 w) sRGB, 0..1.
    """

    classes: Tensor
    hues: Tensor
    mean: Tensor
    variance: Tensor
    features: Tensor
    lightness: Tensor
    truth: Tensor

    def mirrored(self, which: Tensor) -> Batch:
        """With the photographs of ``which`` (n,) bool mirrored."""
        parts = {
            name: torch.where(which.view(-1, *[1] * (x.ndim - 1)), x.flip(-1), x)
            for name, x in vars(self).items()
        }
        return Batch(**parts)

    def planes(self) -> Tensor:
        """The refiner's input, (n, inputs, h/2, w/2), as :func:`..color.second_look.inputs`."""
        planes = [
            self.classes,
            self.hues.flatten(1, 2) / 30,
            self.mean / 30,
            (torch.log1p(self.variance)[:, None] - 5) / 2,
        ]
        small = functional.avg_pool2d(torch.cat(planes, 1), STRIDE)
        cells = functional.pixel_unshuffle(self.lightness, LOGIT_STRIDE * STRIDE) / 50 - 1
        return torch.cat([small, cells, self.features], 1)


class Answers:
    """The answers in a folder, computed or being computed.

    Raises:
        TrainingDataError: if there are none.
    """

    def __init__(self, folder: Path) -> None:
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            self._files = {n: np.load(folder / f"{n}.npy", mmap_mode="r") for n in (*_FILES, DONE)}
        except (OSError, ValueError) as error:
            raise TrainingDataError(f"There are no answers in {folder}: {error}.") from error
        self.refined: str = facts["weights"]

    def ready(self) -> NDArray[np.int64]:
        """Numbers of the rows that are computed."""
        return np.flatnonzero(self._files[DONE])

    def truth(self, row: int) -> NDArray[np.uint8]:
        """The photograph of a row as it was, sRGB (SIDE, SIDE, 3)."""
        return np.asarray(self._files["truth"][row], np.uint8)

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Those rows."""
        part = {n: torch.from_numpy(f[np.asarray(rows)]) for n, f in self._files.items()}
        hues = part["hues"].float() * part["scales"][:, :, None, None]
        return Batch(
            part["classes"].float() / 255,
            hues[:, :-2].reshape(len(hues), 2, HUES, _CELLS, _CELLS),
            hues[:, -2:],
            torch.expm1(part["variance"].float() / _LOG_VARIANCE).clamp(min=1),
            part["features"].float() / _FEATURES,
            part["lightness"].float()[:, None] / _LIGHTNESS,
            part["truth"].permute(0, 3, 1, 2).float() / 255,
        )


def compute_answers(
    items: Sequence[Item],
    folder: Path,
    weights: LoadedWeights,
    *,
    degrade: float = 0.0,
    seed: int = 0,
    start: LoadedWeights | None = None,
    progress: bool = True,
) -> Refiner:
    """Compute the answers of ``weights`` to photographs, or go on doing so.

    Args:
        items: the photographs, in the order in which they are to be looked at.
        folder: made if it is not there.
        degrade: share of the photographs that the network sees made old.
        seed: decides which, how, and what square of each.
        start: a refiner of ``weights`` to begin with; the answers have its components of the
            features.

    Returns:
        ``start``, or an untrained refiner that knows the components of the features.

    Raises:
        InvalidSetting: if the network of ``weights`` has no features for a refiner, or the folder
            holds the answers of other weights or photographs, or for another refiner.
        TrainingDataError: if no photograph can be read.
        OutputError: if the folder cannot be written to.
    """
    from ..engines import open_engine

    facts = {
        "weights": weights.sha256,
        "degrade": degrade,
        "seed": seed,
        "sources": [item.source for item in items],
        "photographs": fingerprint(items),
    }
    if start is not None:
        facts["start"] = start.sha256
    state = folder / "components.pt"

    def first() -> None:
        made = with_components(weights, items, seed) if start is None else restored(start)
        save_tensors(state, made.state_dict())

    files = open_rows(folder / _FACTS, facts, _FILES, len(items), "answers", first)
    refiner = Refiner()
    refiner.load_state_dict(torch.load(state, weights_only=True))
    seeing = replace(weights, refiner=stored(refiner))
    engine = open_engine(seeing, "auto")
    fill_rows(
        files,
        lambda row: _seen(items[row], degrade, seed * 1_000_003 + row),
        lambda row, seen: _put(files, row, *seen, engine, weights),
        "answers",
        progress,
    )
    return refiner


def stored(refiner: Refiner) -> LoadedWeights:
    """An untrained refiner as if it had been loaded."""
    from ..weights import LoadedWeights

    none = np.ones(1, np.float32)
    tensors = from_torch(refiner.state_dict())
    return LoadedWeights(REFINER, REFINER, {}, tensors, 1.0, "", None, none, {})


def restored(start: LoadedWeights) -> Refiner:
    """A refiner that was exported, to go on training it.

    Raises:
        InvalidSetting: if it is of another form than those that are trained here.
    """
    refiner = Refiner()
    try:
        refiner.load_state_dict(start.state_dict)
    except RuntimeError as error:
        raise InvalidSetting(f"{start.name} is another kind of refiner: {error}") from error
    return refiner


def _seen(item: Item, degrade: float, seed: int) -> tuple[Array, Array] | None:
    """A square of the photograph (SIDE, SIDE, 3) uint8, and the L* that the network sees of it."""
    draw = np.random.default_rng(seed)
    square = random_square(item, SIDE, draw)
    if square is None:
        return None
    lightness = srgb_to_lab(square.astype(np.float32) / 255)[..., 0]
    if draw.random() < degrade:
        generator = torch.Generator().manual_seed(seed)
        old = degrade_lightness(torch.from_numpy(lightness)[None, None], generator)
        lightness = old[0, 0].clamp(0, 100).numpy()
    return square, lightness


def _put(
    files: dict[str, Any],
    row: int,
    square: Array,
    lightness: Array,
    engine: Engine,
    weights: LoadedWeights,
) -> None:
    answer = engine.answer(lightness[None])
    assert answer.features is not None
    prediction = Prediction.of(weights, answer.logits[0], lightness, (SIDE, SIDE), SIDE)
    parts = _pack(prediction.statistics, prediction.usual, lightness, answer.features[0])
    for name, values in parts.items():
        files[name][row] = values
    files["truth"][row] = square


def _pack(found: Statistics, usual: Folded, lightness: Array, features: Array) -> dict[str, Array]:
    hues = np.concatenate([usual.hues.reshape(2 * HUES, _CELLS, _CELLS), found.mean()])
    scales = np.maximum(np.abs(hues).max(axis=(1, 2)), 1e-3) / 127
    return {
        "hues": np.rint(hues / scales[:, None, None]),
        "scales": scales,
        "classes": np.rint(np.sqrt(found.classes) * 255),
        "variance": np.rint(np.log1p(found.variance).clip(0, 10) * _LOG_VARIANCE),
        "lightness": np.rint(lightness * _LIGHTNESS).clip(0, 255),
        "features": np.rint(features * _FEATURES).clip(-127, 127),
    }


@torch.inference_mode()
def with_components(weights: LoadedWeights, items: Sequence[Item], seed: int = 0) -> Refiner:
    """A refiner that takes the principal components of the network's features, of variance 1.

    Raises:
        InvalidSetting: if the network has no features for a refiner.
        TrainingDataError: if no photograph can be read.
    """
    from .. import networks

    network: Any = networks.build(weights.network, **weights.options)
    if not hasattr(network, "answer"):
        raise InvalidSetting(f"The network {weights.network} has no features for a refiner.")
    network.load_state_dict(weights.state_dict)
    network.eval()
    generator = torch.Generator().manual_seed(seed)
    found: list[list[Tensor]] = [[], [], []]
    for number, item in enumerate(items[:: max(len(items) // _SAMPLE, 1)]):
        if (seen := _seen(item, 0.0, number)) is None:
            continue
        _, sources = network.answer(torch.from_numpy(seen[1])[None, None])
        for parts, source in zip(found, sources, strict=True):
            places = source[0].flatten(1).T
            chosen = torch.randint(len(places), (_PLACES,), generator=generator)
            parts.append(places[chosen])
    if not found[0]:
        raise TrainingDataError("None of the photographs could be read.")
    refiner = Refiner([parts[0].shape[1] for parts in found])
    for parts, layer in zip(found, refiner.project, strict=True):
        _components(torch.cat(parts), layer)
    return refiner


def _components(rows: Tensor, layer: Any) -> None:
    """Set ``layer`` (1 x 1 convolution) to the first principal components of (n, c), whitened."""
    rows = rows.double()
    mean = rows.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov((rows - mean).T))
    kept = layer.weight.shape[0]
    first = vectors.flip(1)[:, :kept] / values.flip(0)[:kept].clamp(min=1e-6).sqrt()
    if not bool(torch.isfinite(first).all()):
        raise WeightsCorrupt("The network's features are not finite.")
    layer.weight.copy_(first.T[:, :, None, None])
    layer.bias.copy_(-(first.T @ mean))
