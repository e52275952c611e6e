"""The model of words that ships, with both engines."""

from __future__ import annotations

import numpy as np
import pytest

from colorizer import Colorizer, Guidance, Photo, Settings
from colorizer.guidance import Words
from colorizer.weights import load
from colorizer.words import understand
from colorizer.words.vocabulary import model_file, vocabulary
from colorizer.working import said_of, working_ab


@pytest.fixture(scope="module")
def photo() -> Photo:
    rows, columns = np.mgrid[:96, :128]
    pixels = 90 + 60 * np.sin(rows / 9) * np.cos(columns / 7) + rows / 2
    return Photo(pixels.astype(np.uint8))


def test_it_is_small_and_knows_common_things() -> None:
    assert model_file().stat().st_size <= 2_000_000
    things = vocabulary().things
    assert {"coat", "dress", "car", "grass", "sky", "dog", "clothes", "person"} <= things.keys()
    assert not {"man", "woman", "hair", "asian", "skin"} & things.keys()
    assert understand("A woman in a red coat, a blue tram, autumn").unknown == ()


def test_it_was_trained_on_the_features_of_the_weights_that_ship() -> None:
    assert vocabulary().features_id == load("eccv16-vgg16").features_id


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_words_change_colours_with_either_engine(engine: str, photo: Photo) -> None:
    prediction = Colorizer.load(engine=engine).predict(photo, working_size=128)
    plain = working_ab(prediction, Settings(), Guidance())
    blue = working_ab(prediction, Settings(), Guidance(words=Words("blue wall, mostly blue")))
    assert blue[1].mean() < plain[1].mean() - 3


def test_both_engines_find_the_same_places(photo: Photo) -> None:
    found = [
        said_of(Colorizer.load(engine=engine).predict(photo, working_size=128), Words("red coat"))
        for engine in ("openvino", "torch")
    ]
    one, other = (said.places.ravel() for said in found)
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_weights_without_a_refiner_have_no_words_and_go_on(photo: Photo) -> None:
    from dataclasses import replace

    from colorizer.errors import WordsUnavailable

    bare = Colorizer(replace(load("eccv16-vgg16"), refiner=None))
    prediction = bare.predict(photo, working_size=128)
    assert prediction.features is None
    bare.render(photo, prediction)
    with pytest.raises(WordsUnavailable):
        bare.render(photo, prediction, guidance=Guidance(words=Words("red coat")))
