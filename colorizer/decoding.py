"""From what the network said to colours on its grid, as the settings have it.

Apart from the place-by-place answers two things are needed: the palette of the whole, by which rare
colours are favoured (:mod:`.color.rarity`), and what joins the places (:mod:`.color.field`). Of a
photograph both are its own; of a film they are those of a shot (:mod:`.video`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .color.coherence import coherent
from .color.hues import Folded, fold
from .color.rarity import mixed_share, rarity_shift
from .color.second_look import REBALANCING, TEMPERATURE, applied

if TYPE_CHECKING:
    from .color.field import ColourField
    from .color.likeness import Likeness
    from .prediction import Prediction
    from .settings import Settings
    from .words.model import Said

Array = NDArray[np.float32]


class Places(Protocol):
    """What joins the places of a picture: see :class:`.prediction.Prediction`."""

    @property
    def look(self) -> NDArray[np.floating[Any]] | None:
        """Of the refiner."""

    @property
    def field(self) -> ColourField:
        """The colour field."""

    @property
    def likeness(self) -> Likeness | None:
        """What is like what; None where it is not known."""

    @property
    def rebalancing_weights(self) -> Array:
        """Of the network's training."""


def colours(
    places: Places, found: Folded, settings: Settings, believed: Array | None = None
) -> Array:
    """Colours on the grid, (2, h, w): place by place, coherent, or between the two.

    Args:
        places: what joins them.
        found: distributions, of :func:`distributions`.
        settings: coherence and second look are looked at.
        believed: (h, w), 0..1: how much of the second look is left beside words; ``None`` is 1.
    """
    if settings.coherence == 0:
        return found.mean()
    even = together(places, found, settings.second_look, believed)
    if settings.coherence == 1:
        return even
    return found.mean() + np.float32(settings.coherence) * (even - found.mean())


def together(
    places: Places, found: Folded, second_look: float, believed: Array | None = None
) -> Array:
    """Coherent colours: after the second look, without it, or between the two."""
    if places.look is not None and second_look == 1:
        return looked_at(places, places.look, found, believed)
    # what the network was trained with is not known: it expects too much chroma
    unknown = np.ptp(places.rebalancing_weights) == 0
    even = coherent(found, places.field, 1.0 if unknown else None)
    if places.look is None or second_look == 0:
        return even
    after = looked_at(places, places.look, found, believed)
    return even + np.float32(second_look) * (after - even)


def looked_at(
    places: Places,
    look: NDArray[np.floating[Any]],
    found: Folded,
    believed: Array | None = None,
) -> Array:
    """Coherent colours after the second look."""
    seen = applied(look, found, believed)
    likeness = places.likeness
    if likeness is not None:
        seen = likeness.smooth(seen, believed)
    return places.field.smooth(seen)


def distributions(
    prediction: Prediction,
    settings: Settings,
    palette: Array | None = None,
    more: Array | None = None,
    said: Said | None = None,
) -> Folded:
    """The distributions at the temperature of the settings, with their share of rare colours.

    Args:
        prediction: what the network said.
        settings: temperature and rebalancing are looked at.
        palette: of the whole that it is a part of, (313,); None is its own.
        more: (313,) to add to all logits.
        said: what words say of each place.
    """
    amount = settings.rebalancing
    bare = more is None and said is None
    if bare and settings.temperature == 1:  # known already, but for the mixing
        share = mixed_share(prediction.palette if palette is None else palette, amount)
        return prediction.statistics.favouring(share)
    usual = (settings.temperature, amount) == (TEMPERATURE, REBALANCING)
    if bare and palette is None and usual:
        return prediction.usual
    if said is None or palette is not None:
        return folded(prediction, settings.temperature, amount, palette, more, said)
    return prediction.latest.of(
        "folded",
        (said, settings.temperature, amount, None if more is None else more.tobytes()),
        lambda: folded(prediction, settings.temperature, amount, None, more, said),
    )


def folded(
    prediction: Prediction,
    temperature: float,
    amount: float,
    palette: Array | None = None,
    more: Array | None = None,
    said: Said | None = None,
) -> Folded:
    """As :func:`distributions`, of a temperature and an amount of rare colours, and anew."""
    native = prediction.native_temperature
    if palette is None:
        palette = prediction.palette
    shift = rarity_shift(prediction.rebalancing_weights, palette, amount, native)
    shift = shift if more is None else shift + more
    if said is None:
        return fold(prediction.logits, temperature * native, shift)
    local = said.shift(temperature * native)
    found = fold(prediction.logits, temperature * native, shift, local)
    return said.painted(found, prediction.lightness_of_places)
