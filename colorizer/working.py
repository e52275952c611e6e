"""Colours at working size: from what the network said, the settings and what a person knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .color.cast import measure_cast, remove_cast
from .color.hints import Stroke
from .color.palette import FROM, balancing_shift, reference_shift, warm_share
from .color.upsample import enlarge
from .decoding import colours, distributions
from .prediction import LOGIT_STRIDE
from .threads import one_blas_thread

if TYPE_CHECKING:
    from .guidance import Guidance, Hint, Reference, Words
    from .photo.mount import Box
    from .prediction import Prediction
    from .settings import Settings
    from .words.model import Said

Array = NDArray[np.float32]
Found = TypeVar("Found")


class Whole(NamedTuple):
    """What is decided on a picture as a whole.

    Attributes:
        more: (313,) to add to the logits of all places, or None.
        drift: (a, b) of its cast, see :func:`.color.cast.measure_cast`.
    """

    more: Array | None
    drift: tuple[float, float]


def working_ab(prediction: Prediction, settings: Settings, guidance: Guidance) -> Array:
    """Colours at working size as the settings and a person want them, (2, H', W').

    Raises:
        WordsUnavailable: see :func:`said_of`.
    """
    settings = beside(guidance.reference, settings)
    with one_blas_thread():  # all products are small
        said = heard(prediction, guidance.words)
        ab = native_ab(prediction, settings, guidance.reference, said)
        drift = None if said is None else whole_of(prediction, settings, guidance.reference).drift
        ab = adjust(ab, settings, drift)
        strokes = strokes_of(guidance.hints, prediction.picture)
        if not strokes:
            return ab
        return prediction.hint_field.painted(ab, prediction.lightness, strokes)


def beside(reference: Reference | None, settings: Settings) -> Settings:
    """Settings with what a reference leaves of cast removal: its palette is no cast."""
    if reference is None:
        return settings
    return settings.with_changes({"cast_removal": settings.cast_removal * (1 - reference.amount)})


def strokes_of(hints: Sequence[Hint], picture: Box | None = None) -> list[Stroke]:
    """Hints as the colour system knows them; on a mount those of its picture alone."""
    found = []
    for hint in hints:
        if picture is None or picture.holds(hint.x, hint.y):
            x, y = picture.inside(hint.x, hint.y) if picture else (hint.x, hint.y)
            found.append(Stroke(y, x, hint.ab, hint.reach, hint.lightness))
    return found


def mount_ab(hints: Sequence[Hint], picture: Box) -> tuple[float, float]:
    """a*, b* of the mount: what the last hint says that is on it, else it is grey."""
    for hint in reversed(hints):
        if not picture.holds(hint.x, hint.y):
            return hint.ab
    return 0.0, 0.0


def said_of(prediction: Prediction, words: Words) -> Said:
    """What words come to on a photograph, and where each thing is: see :mod:`.words.model`.

    Raises:
        WordsUnavailable: if the prediction has not what the model of words looks at: the weights
            have no refiner, or another than the model's, or it was stored by an earlier version.
        WeightsMissing, WeightsCorrupt: if there is no such model, or it cannot be read.
    """
    from .words.model import load

    model = load(prediction.features_id, prediction.weights_folder)
    return prediction.latest.of("said", (model, words), lambda: model.said(prediction, words))


def heard(prediction: Prediction, words: Words | None) -> Said | None:
    """As :func:`said_of`; None if nothing is said that could act, or nothing at all."""
    found = None if words is None else said_of(prediction, words)
    return found if found and found.phrases else None


def native_ab(
    prediction: Prediction,
    settings: Settings,
    reference: Reference | None = None,
    said: Said | None = None,
) -> Array:
    """Decode at working size: (2, H', W'), bilinear from the logits' grid, padding cut off.

    Rare colours are favoured as the picture's palette allows, see :mod:`.color.rarity`; colours are
    made coherent as much as the settings say, see :mod:`.color.coherence`; a picture that would be
    brown all over is balanced, and one with a reference takes its palette, see
    :mod:`.color.palette`; words make colours likelier where their things are, see
    :mod:`.words.model`. What a person says is no cast: whether the picture is brown all over is
    asked without words.
    """
    if said is None:
        return _unsaid(prediction, settings, reference)[0]
    more = whole_of(prediction, settings, reference).more
    return _on_pixels(_decoded(prediction, settings, more, said), prediction)


def whole_of(
    prediction: Prediction, settings: Settings, reference: Reference | None = None
) -> Whole:
    """What is decided on the whole of a photograph of which something is said, without that."""

    def decided() -> Whole:
        ab, more = _unsaid(prediction, settings, reference)
        return Whole(more, measure_cast(ab))

    key = (
        settings.temperature,
        settings.rebalancing,
        settings.coherence,
        settings.second_look,
        settings.cast_removal,
        reference,
    )
    return prediction.latest.of("whole", key, decided)


def _unsaid(
    prediction: Prediction, settings: Settings, reference: Reference | None
) -> tuple[Array, Array | None]:
    """:func:`native_ab` without words, and what was added to all logits for it."""
    ab, more = balanced(
        lambda more: _decoded(prediction, settings, more),
        lambda ab: ab,
        prediction.palette,
        prediction.rebalancing_weights,
        settings,
        reference,
    )
    return _on_pixels(ab, prediction), more


def balanced(
    decoded: Callable[[Array | None], Found],
    measured: Callable[[Found], Array],
    palette: Array,
    weights: Array,
    settings: Settings,
    reference: Reference | None,
) -> tuple[Found, Array | None]:
    """What is decoded with a reference's palette, and balanced if it is brown all over.

    Args:
        decoded: what comes out with (313,) more on the logits of all places, or with nothing.
        measured: its colours, (2, h, w).
        palette: (313,), how likely each colour is in the whole.
        weights: (313,), of the network's training.
        settings: cast removal is looked at.
        reference: whose palette it is to take.

    Returns:
        It, and what was added to the logits.
    """
    more = None
    if reference is not None:
        more = reference_shift(palette, np.array(reference.palette), reference.amount)
    found = decoded(more)
    if settings.cast_removal > 0 and (share := warm_share(measured(found))) > FROM:
        shift = balancing_shift(palette, weights, share, settings.cast_removal)
        if shift is not None:
            more = shift if more is None else more + shift
            found = decoded(more)
    return found, more


def _on_pixels(ab: Array, prediction: Prediction) -> Array:
    """Colours of the logits' grid at working size, without padding."""
    height, width = prediction.lightness.shape
    full = enlarge(ab, ab.shape[1] * LOGIT_STRIDE, ab.shape[2] * LOGIT_STRIDE)
    return full[:, :height, :width]


def _decoded(
    prediction: Prediction, settings: Settings, more: Array | None, said: Said | None = None
) -> Array:
    """Colours on the logits' grid, (2, h, w); ``more``: (313,) to add to all logits."""
    found = distributions(prediction, settings, more=more, said=said)
    return colours(prediction, found, settings, None if said is None else said.believed)


def adjust(ab: Array, settings: Settings, drift: tuple[float, float] | None = None) -> Array:
    """Apply cast removal, saturation, warmth, tint and strength to ab (2, h, w).

    ``drift`` is that of the whole that it is a part of; None is its own.
    """
    ab = remove_cast(ab, settings.cast_removal, drift)
    shift = np.array([settings.tint, settings.warmth], np.float32)[:, None, None]
    return (ab * np.float32(settings.saturation) + shift) * np.float32(settings.strength)
