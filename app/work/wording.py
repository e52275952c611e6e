"""What words come to: on a photograph, and without one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from colorizer.errors import (
    InvalidGuidance,
    WeightsError,
    WeightsMissing,
    WordsOfAnother,
    WordsUnavailable,
)
from colorizer.guidance import Words
from colorizer.prediction import Prediction
from colorizer.words import Understanding, find, overlay, understand

from .offers import Place

logger = logging.getLogger(__name__)


@contextmanager
def model_of_words() -> Iterator[None]:
    """Where the library may want it; who asks need not know which file of the server is wrong.

    Raises:
        WeightsMissing: if it is missing or damaged.
        WordsUnavailable: if it is that of another model.
    """
    try:
        yield
    except WeightsError as error:
        logger.error("%s", error)
        raise WeightsMissing(
            "This server cannot read words: its model of them is missing."
        ) from None
    except WordsOfAnother as error:
        logger.error("%s", error)
        raise WordsUnavailable(
            "This server has no model of words for the model that coloured this photograph."
        ) from None


def understood(words: Words) -> Understanding:
    """What a sentence comes to without a photograph."""
    with model_of_words():
        return understand(words.text)


def places(prediction: Prediction, words: Words) -> list[Place]:
    """How far each phrase acts; raises WordsUnavailable."""
    with model_of_words():
        found = find(prediction, words)
    return [Place(one.phrase, float(one.place.max()), float(one.place.mean())) for one in found]


def layer(
    prediction: Prediction, words: Words, number: int, height: int, width: int
) -> NDArray[np.uint8]:
    """RGBA (height, width, 4) to lay over a photograph, opaque where a phrase acts.

    Args:
        number: of the phrase, from 0.

    Raises:
        InvalidGuidance: if there is no such phrase; WordsUnavailable is one.
    """
    with model_of_words():
        found = find(prediction, words)
    if not 0 <= number < len(found):
        raise InvalidGuidance(f"There is no phrase {number} in these words; 0 is the first.")
    return overlay(found[number], height, width)
