"""A colorizer that paints everything orange, needs no network, and remembers what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from colorizer.guidance import Guidance, Hint
from colorizer.photo import Photo, Provenance
from colorizer.settings import Settings


class FakeColorizer:
    """Counts its calls, and notices when the network is entered twice at the same time."""

    name = "fake"
    device = "cpu"

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.working_sizes: list[int | None] = []
        self.pictures: list[Any] = []  # of mounts
        self.settings: list[Settings] = []
        self.crowded = False
        self._inside = threading.Lock()

    def predict(
        self, photo: Photo, *, working_size: int | None = None, hints: Sequence[Hint] = ()
    ) -> int:
        if not self._inside.acquire(blocking=False):
            self.crowded = True
            raise AssertionError("the network is entered twice at the same time")
        try:
            time.sleep(self.seconds)
            self.working_sizes.append(working_size)
            self.pictures.append(photo.picture)
            return photo.width
        finally:
            self._inside.release()

    def render(
        self,
        photo: Photo,
        prediction: Any,
        settings: Settings | None = None,
        guidance: Guidance | None = None,
    ) -> Photo:
        assert prediction == photo.width
        self.settings.append(settings or Settings())
        peak = np.iinfo(photo.pixels.dtype).max
        grey = photo.pixels.astype(np.float64)
        rgb = np.stack([grey, grey * 0.6, grey * 0.2], axis=-1).clip(0, peak)
        return replace(photo, pixels=rgb.astype(photo.pixels.dtype))

    def provenance(self, settings: Settings, guidance: Guidance | None = None) -> Provenance:
        noted = {"guidance": guidance.as_note()} if guidance else {}
        return Provenance("fake", "0" * 64, settings.as_dict() | noted, "1.2.3")
