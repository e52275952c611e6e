"""What the network said of a photograph, and the sizes at which it is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .color.coherence import field_of
from .color.hints import HintField
from .color.hues import Folded, Statistics, statistics
from .color.likeness import Likeness, likeness
from .color.rarity import calibrated_shift, sharpened
from .color.second_look import (
    OUTPUTS,
    REBALANCING,
    STRIDE,
    TEMPERATURE,
    applied,
    compact,
    expanded,
    inputs,
)
from .color.upsample import mean_of_blocks
from .decoding import folded, together
from .latest import Latest
from .photo.mount import Box

if TYPE_CHECKING:
    from .color.field import ColourField
    from .engines import Engine
    from .weights import LoadedWeights

Array = NDArray[np.float32]

#: logits are at 1/4 of the working size, which is padded to a multiple of 8
LOGIT_STRIDE = 4
_MULTIPLE = 8
#: of the statistics of a place (133 numbers), of its part of the colour field and of its factors,
#: of the same for hints, with the back-substitutions that are kept, of what is like it, and of what
#: words came to
DERIVED_BYTES = 3200
#: a panorama's long side is at most this many times the working size, to bound memory
LONGEST_ASPECT = 6


@dataclass(frozen=True)
class Prediction:
    """What the network said of one photograph; ``render`` needs nothing else of it.

    Attributes:
        logits: (313, h, w) float16 at 1/4 of the padded working size.
        lightness: (H', W') float32 L* at working size, unpadded.
        height, width: size of the photograph it belongs to, px.
        model: name of the model.
        weights_sha256: of the model's file.
        working_size: the short side that was asked for, px.
        native_temperature: of the weights, above 0; what ``temperature`` is multiplied with.
        rebalancing_weights: (313,) above 0: how much each bin counted in the network's training.
        look: what the refiner makes of all that, (OUTPUTS, h/2, w/2) float16, see
            :mod:`.color.second_look`; None where the weights have no refiner.
        features: what else the network saw, (f, h/2, w/2) int8, :func:`compact`; by it words find
            their things (:mod:`.words`). None where there is no refiner, which chooses them.
        features_id: which features they are, :attr:`.LoadedWeights.features_id`; "" if None.
        picture: the part of the photograph that all this is of, if that has a mount; None: all.
        weights_folder: of the model's file, beside which a model of words may lie; not stored.
    """

    logits: NDArray[np.float16]
    lightness: Array
    height: int
    width: int
    model: str
    weights_sha256: str
    working_size: int
    native_temperature: float
    rebalancing_weights: Array
    look: NDArray[np.float16] | None = None
    features: NDArray[np.int8] | None = None
    features_id: str = ""
    picture: Box | None = None
    weights_folder: Path | None = None

    @classmethod
    def of(
        cls,
        weights: LoadedWeights,
        logits: NDArray[Any],
        lightness: Array,
        size: tuple[int, int],
        working_size: int,
        picture: Box | None = None,
    ) -> Prediction:
        """What the network of these weights said of a photograph of a size (height, width), px."""
        return cls(
            logits.astype(np.float16, copy=False),
            lightness,
            *size,
            weights.name,
            weights.sha256,
            working_size,
            weights.native_temperature,
            weights.rebalancing_weights,
            picture=picture,
            weights_folder=weights.folder,
        )

    def __getstate__(self) -> dict[str, Any]:
        """What is derived is derived again by who gets it; some of it cannot be sent."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def statistics(self) -> Statistics:
        """Of the calibrated distributions: the weights of the training taken back."""
        weights = self.rebalancing_weights
        return statistics(
            self.logits, self.native_temperature, calibrated_shift(weights), sharpened(weights)
        )

    @property
    def palette(self) -> Array:
        """How likely each colour is over the whole picture, (313,); see :mod:`.color.palette`."""
        return self.statistics.palette

    @cached_property
    def field(self) -> ColourField:
        """What makes colours coherent, see :mod:`.color.field`; factorised when first used."""
        return field_of(self.lightness_of_places, self.statistics)

    @cached_property
    def usual(self) -> Folded:
        """The distributions as the refiner looks at them, at what is the default."""
        return folded(self, TEMPERATURE, REBALANCING)

    @cached_property
    def likeness(self) -> Likeness | None:
        """What is like what, see :mod:`.color.likeness`; None without a second look."""
        if self.look is None or self.features is None:
            return None
        seen = applied(self.look, self.usual)
        features = expanded(self.features)
        found = self.statistics
        grid = self.lightness_of_places
        return likeness(seen, grid, found.variance, found.classes, features)

    @cached_property
    def hint_field(self) -> HintField:
        """What carries hints on, see :mod:`.color.hints`; factorised when first used."""
        return HintField(
            self.lightness_of_places,
            together(self, self.usual, 1.0),
            (self.lightness.shape[0], self.lightness.shape[1]),
            LOGIT_STRIDE,
        )

    @cached_property
    def latest(self) -> Latest:
        """What words came to: kept while other settings change."""
        return Latest()

    @property
    def lightness_of_places(self) -> Array:
        """L* on the grid of the logits, (h, w)."""
        (lightness,) = mean_of_blocks(padded(self.lightness)[None], LOGIT_STRIDE)
        return np.asarray(lightness)

    @property
    def nbytes(self) -> int:
        """Memory of all this, with what is derived from it when it is first rendered."""
        places = math.prod(self.logits.shape[1:])
        kept: list[NDArray[Any] | None]
        kept = [self.logits, self.lightness, self.look, self.features]
        stored = sum(array.nbytes for array in kept if array is not None)
        return stored + DERIVED_BYTES * places

    def bare(self) -> Prediction:
        """The same without what is known of the training: decoded as the network answered."""
        weights = np.ones_like(self.rebalancing_weights)
        return replace(self, rebalancing_weights=weights, look=None, features=None, features_id="")

    def looked_at(self, engine: Engine, features: Array, features_id: str = "") -> Prediction:
        """The same with a second look by the engine's refiner.

        Args:
            features: (f, h/2, w/2), of the engine's answer.
            features_id: of the weights.
        """
        planes = inputs(self.statistics, self.usual, padded(self.lightness), features)
        _, rows, columns = features.shape
        look = engine.refine(planes[None])[0, :, :rows, :columns]
        result = replace(
            self,
            look=look.astype(np.float16),
            features=compact(features),
            features_id=features_id,
        )
        vars(result).update(statistics=self.statistics, usual=self.usual)  # still the same
        return result


def working_shape(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Size at which the network looks at a (height, width) photograph, in px.

    The short side becomes ``short_side`` unless the long one would pass 6 times that.
    """
    factor = short_side / min(height, width)
    factor = min(factor, LONGEST_ASPECT * short_side / max(height, width))
    return max(round(height * factor), 1), max(round(width * factor), 1)


def padded(lightness: Array) -> Array:
    """L* (H, W) as the network sees it, its sides made multiples of 8 by repeating the border."""
    return np.pad(lightness, padding(lightness), mode="edge")


def padding(lightness: Array) -> list[tuple[int, int]]:
    """How much is repeated after L* (H, W), for :func:`numpy.pad`."""
    return [(0, -size % _MULTIPLE) for size in lightness.shape]


def logits_shape(height: int, width: int) -> tuple[int, int]:
    """Size of the logits' grid for a working size, in cells of :data:`LOGIT_STRIDE` px."""
    padded_height, padded_width = (size + -size % _MULTIPLE for size in (height, width))
    return padded_height // LOGIT_STRIDE, padded_width // LOGIT_STRIDE


def look_shape(height: int, width: int) -> tuple[int, int, int]:
    """Shape of a second look for a working size, see :mod:`.color.second_look`."""
    rows, columns = logits_shape(height, width)
    return OUTPUTS, rows // STRIDE, columns // STRIDE
