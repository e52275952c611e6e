"""A network that needs no weights: quick, and the same answer every time."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np

from colorizer.errors import CorruptImage
from colorizer.networks.refiner_layout import COMPONENTS
from colorizer.photo import Photo
from colorizer.pipeline import shrink_lightness
from colorizer.prediction import Prediction, logits_shape, look_shape, working_shape
from colorizer.settings import DEFAULT_MODEL

from ..words_model import FEATURES_ID

BINS = 313


class FakeNetwork:
    """Sees red on the left and blue on the right, and is unsure in the lower half.

    Attributes:
        calls: working sizes that it was asked for.
        gate: while it is cleared, the network does not finish.
        error: raised instead of an answer.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def predict(self, photo: Photo, *, working_size: int | None = None) -> Prediction:
        size = working_size or 256
        self.calls.append(size)
        time.sleep(self.seconds)
        assert self.gate.wait(60)
        if self.error is not None:
            raise self.error
        height, width = working_shape(photo.height, photo.width, size)
        lightness = shrink_lightness(photo, height, width)
        shape = logits_shape(height, width)
        logits = np.zeros((BINS, *shape), np.float16)
        middle = shape[1] // 2
        logits[240, :, :middle] = 12.0
        logits[133, :, middle:] = 12.0
        logits[:, shape[0] // 2 :] *= 0.4
        return Prediction(
            logits,
            lightness,
            photo.height,
            photo.width,
            DEFAULT_MODEL,
            "0" * 64,
            size,
            1.0,
            np.ones(BINS, np.float32),
            picture=photo.picture,
        )


class SeeingNetwork(FakeNetwork):
    """Keeps what words look at as well; ``keeps`` is False for one of before words."""

    keeps = True

    def predict(self, photo: Photo, *, working_size: int | None = None) -> Prediction:
        prediction = super().predict(photo, working_size=working_size)
        shape = look_shape(*prediction.lightness.shape)
        prediction = replace(prediction, look=np.zeros(shape, np.float16))
        if not self.keeps:
            return prediction
        features = np.zeros((sum(COMPONENTS), *shape[1:]), np.int8)
        return replace(prediction, features=features, features_id=FEATURES_ID)


def damaged() -> Exception:
    """What a decoder says of a file whose header was good."""
    return CorruptImage("The photograph is damaged.")
