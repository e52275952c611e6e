"""What a person knows of a photograph, as the library wants it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cachetools import LRUCache

from colorizer.errors import InvalidGuidance
from colorizer.guidance import Guidance, Reference
from colorizer.photo import Photo
from colorizer.prediction import Prediction
from colorizer.settings import Settings
from colorizer.video import FilmGuidance

from ..errors import LenderNotReady, NotReady, PredictionFailed
from ..storage.folder import FACTS, Storage
from ..storage.orders import FilmGuide
from ..storage.records import FilmRecord, PhotoRecord
from ..storage.wishes import Guide
from .admission import Budget

_KEPT = 64
_SOON = 1  # s
PATIENCE = 10.0  # s that a request waits for its turn at a large picture


class Guiding:
    """Makes guidances of guides; keeps the palettes of photographs in colour.

    Args:
        read: gives a photograph as it was uploaded, in its own colours.
        predicted: gives a photograph's prediction, by its id; raises NotReady, PredictionFailed.
    """

    def __init__(
        self,
        storage: Storage,
        budget: Budget,
        read: Callable[..., Photo],
        predicted: Callable[[str, Settings], Prediction],
    ) -> None:
        self._storage = storage
        self._budget = budget
        self._read = read
        self._predicted = predicted
        self._references: LRUCache[str, Any] = LRUCache(_KEPT)
        self._lock = threading.Lock()

    def guidance(self, guide: Guide, settings: Settings) -> Guidance:
        """What the library wants to know.

        The palette of the reference is its own if it is a colour photograph, or that of its result.

        Raises:
            LenderNotReady: if the reference has no colours yet.
            InvalidGuidance: if it gets none.
        """
        taken = self._reference(guide.reference, guide.reference_amount, settings)
        return Guidance(guide.hints, taken, guide.words)

    def guidance_of_film(
        self, guide: FilmGuide, film: FilmRecord, settings: Settings
    ) -> FilmGuidance:
        """The same of a film.

        Raises:
            InvalidGuidance: also if a hint is at a time that the film does not have.
        """
        last = max((hint.time for hint in guide.hints), default=0.0)
        if film.seconds is not None and last > film.seconds:
            raise InvalidGuidance(
                f"The film lasts {round(film.seconds, 3):g} s; a hint at {round(last, 3):g} s is "
                "after its end."
            )
        taken = self._reference(guide.reference, guide.reference_amount, settings)
        return FilmGuidance(guide.hints, taken, guide.words)

    def _reference(self, id: str, amount: float, settings: Settings) -> Reference | None:
        if not id:
            return None
        record = self._storage.record(id)
        own = self._own_palette(record)
        if own is not None:
            return replace(own, amount=amount)
        try:
            prediction = self._predicted(record.id, settings)
        except NotReady:
            detail = f"{record.name}, whose colours are to be taken, has none yet."
            raise LenderNotReady(detail, _SOON) from None
        except PredictionFailed:
            raise InvalidGuidance(f"{record.name} has no colours to be taken.") from None
        return Reference.of_result(prediction, settings, amount, record.name)

    def _own_palette(self, record: PhotoRecord) -> Reference | None:
        """The palette of a photograph that is in colour itself; None of a grey one."""
        with self._lock:
            if record.id in self._references:
                found: Reference | None = self._references[record.id]
                return found
        facts = self._storage.read(record.id, FACTS)
        if facts is None:  # it has not been opened yet: nobody knows whether it is in colour
            return None
        reference = None
        if json.loads(facts).get("was_colour"):
            with self._budget.reserve(record.width * record.height, PATIENCE):
                photo = self._read(record, colours=True)
            if not photo.is_grey:
                reference = Reference.of(photo, name=record.name)
        with self._lock:
            self._references[record.id] = reference
        return reference
