"""Words on a prediction: where things are found, and what colour they get."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from colorizer import Guidance, Hint, Photo, Reference, Settings, render
from colorizer.color.bins import BIN_COUNT
from colorizer.color.hues import HUES
from colorizer.color.second_look import OUTPUTS
from colorizer.errors import WeightsCorrupt, WeightsMissing, WordsUnavailable
from colorizer.guidance import Words
from colorizer.networks.refiner_layout import COMPONENTS
from colorizer.prediction import Prediction
from colorizer.weights.catalogue import WORDS_FILE, shipped_folder
from colorizer.words import find, overlay, understand
from colorizer.words.vocabulary import model_file, of_file
from colorizer.working import said_of, working_ab

from ..words_model import FEATURES_ID, write_words_model

#: no cast removal: the pictures are of one colour
PLAIN = Settings(cast_removal=0, saturation=1)
SIZE = 64


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(tmp_path))
    write_words_model(tmp_path)
    return tmp_path


@pytest.fixture
def prediction() -> Prediction:
    """Grey all over, and the network does not know why; the coat is on the left half."""
    cells = SIZE // 4
    lightness = np.full((SIZE, SIZE), 70, np.float32)
    lightness[:, SIZE // 2 :] = 50
    features = np.zeros((sum(COMPONENTS), cells // 2, cells // 2), np.int8)
    return Prediction(
        np.zeros((BIN_COUNT, cells, cells), np.float16),
        lightness,
        SIZE,
        SIZE,
        "fake",
        "0" * 64,
        SIZE,
        1.0,
        np.ones(BIN_COUNT, np.float32),
        np.zeros((OUTPUTS, cells // 2, cells // 2), np.float16),
        features,
        FEATURES_ID,
    )


def coloured(prediction: Prediction, text: str, amount: float = 1.0, **more: object) -> np.ndarray:
    return working_ab(prediction, PLAIN, Guidance(words=Words(text, amount), **more))  # type: ignore[arg-type]


def halves(ab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colours of the left and the right side, without the middle."""
    quarter = SIZE // 4
    return ab[:, :, :quarter].mean((1, 2)), ab[:, :, -quarter:].mean((1, 2))


def test_a_thing_gets_its_colour_and_the_rest_stays(prediction: Prediction) -> None:
    before = halves(working_ab(prediction, PLAIN, Guidance()))
    left, right = halves(coloured(prediction, "a red coat"))
    assert left[0] > before[0][0] + 20
    assert left[1] > before[0][1] + 10
    np.testing.assert_allclose(right, before[1], atol=2)


def test_what_is_said_is_no_cast(prediction: Prediction) -> None:
    """Balancing and cast removal look at the picture without words, and go on doing the same."""
    careful = Settings(cast_removal=1, saturation=1)
    for text in ("an orange coat", "a blue coat"):
        plain, worded = Guidance(), Guidance(words=Words(text))
        steps = [
            halves(working_ab(prediction, settings, worded))[1]
            - halves(working_ab(prediction, settings, plain))[1]
            for settings in (careful, PLAIN)
        ]
        np.testing.assert_allclose(steps[0], steps[1], atol=0.3)


def test_twice_the_amount_is_more_and_none_is_nothing(prediction: Prediction) -> None:
    plain = working_ab(prediction, PLAIN, Guidance())
    np.testing.assert_allclose(coloured(prediction, "blue coat", 0), plain, atol=1e-3)
    some, much = (halves(coloured(prediction, "blue coat", k))[0][1] for k in (0.05, 0.1))
    assert much < some < halves(plain)[0][1]


def test_the_second_look_counts_less_where_a_person_has_spoken(prediction: Prediction) -> None:
    look = prediction.look.copy()  # type: ignore[union-attr]
    look[:HUES] = -30
    greyed = replace(prediction, look=look)
    left, right = halves(coloured(greyed, "red coat"))
    assert left[0] > 20
    np.testing.assert_allclose(right, 0, atol=2)


def test_hints_win(prediction: Prediction) -> None:
    hint = Hint(0.2, 0.5, (0.0, -50.0))
    ab = coloured(prediction, "red coat", hints=(hint,))
    np.testing.assert_allclose(ab[:, SIZE // 2, SIZE // 5], [0, -50], atol=3)


def test_words_go_with_a_reference(prediction: Prediction) -> None:
    shares = np.zeros(BIN_COUNT)
    shares[:20] = 1 / 20
    reference = Reference(tuple(shares), 0.5)
    alone = halves(working_ab(prediction, PLAIN, Guidance(reference=reference)))
    left, right = halves(coloured(prediction, "red coat", reference=reference))
    assert left[0] > alone[0][0] + 20
    np.testing.assert_allclose(right, alone[1], atol=4)


def test_words_of_the_whole_palette_are_everywhere(prediction: Prediction) -> None:
    left, right = halves(coloured(prediction, "mostly blue"))
    assert left[1] < -10
    assert right[1] < -10


def test_a_sentence_without_anything_known_changes_nothing(prediction: Prediction) -> None:
    plain = working_ab(prediction, PLAIN, Guidance())
    np.testing.assert_array_equal(coloured(prediction, "a zyzzyva"), plain)


def test_where_a_thing_was_found(prediction: Prediction) -> None:
    coat, autumn = find(prediction, Words("a red coat, autumn"))
    assert (coat.phrase.thing, autumn.phrase.thing) == ("coat", "autumn")
    assert coat.place.shape == (SIZE, SIZE)
    left, right = coat.place[:, : SIZE // 4].mean(), coat.place[:, -SIZE // 4 :].mean()
    assert left > 0.9
    assert right < 0.1
    np.testing.assert_array_equal(autumn.place, 1)
    picture = overlay(coat, 20, 30)
    assert picture.shape == (20, 30, 4)
    assert picture[10, 2, 3] > 100 > picture[10, 27, 3]


def test_predictions_without_features_say_so(prediction: Prediction) -> None:
    other = replace(prediction, features=None, features_id="")
    with pytest.raises(WordsUnavailable, match="Words need"):
        said_of(other, Words("red coat"))
    working_ab(other, PLAIN, Guidance())


def test_words_for_another_refiner_say_so(prediction: Prediction, folder: Path) -> None:
    expected = r"The model of words in .*words\.safetensors was trained for another .* of fake\."
    with pytest.raises(WordsUnavailable, match=expected) as caught:
        said_of(replace(prediction, features_id="other"), Words("red coat"))
    assert str(folder) in str(caught.value)


def test_of_several_the_one_for_the_refiner_is_taken(
    prediction: Prediction, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    beside = tmp_path_factory.mktemp("beside")
    write_words_model(folder, "of others")
    write_words_model(beside)
    with pytest.raises(WordsUnavailable, match="another refiner"):
        said_of(prediction, Words("red coat"))
    there = replace(prediction, weights_folder=beside)
    assert said_of(there, Words("red coat")).phrases
    assert understand("hat", FEATURES_ID, beside).phrases
    ship = shipped_folder() / WORDS_FILE
    assert model_file() == model_file(of_file(ship).features_id) == ship
    assert model_file("of others", beside) == folder / WORDS_FILE
    assert model_file("of nobody", beside) == beside / WORDS_FILE


def test_an_own_model_goes_before_the_one_that_ships(folder: Path) -> None:
    write_words_model(folder, of_file(shipped_folder() / WORDS_FILE).features_id)
    assert model_file() == folder / WORDS_FILE


def test_luminance_stays(prediction: Prediction) -> None:
    photo = Photo(np.full((SIZE, SIZE), 119, np.uint8))
    result = render(photo, prediction, PLAIN, Guidance(words=Words("dark red coat")))
    assert abs(float(result.pixels[..., 1].mean()) - 119) > 5
    from colorizer.color.lab import srgb_to_lab

    lightness = srgb_to_lab(result.pixels.astype(np.float32) / 255)[..., 0]
    np.testing.assert_allclose(lightness, photo.lightness(), atol=1)


def test_what_is_understood_is_known_without_a_photograph() -> None:
    found = understand("a green zyzzyva on a hat, standing")
    assert [p.thing for p in found.phrases] == ["hat"]
    assert found.unknown == ("zyzzyva", "green")


def test_a_model_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.words.vocabulary.search_folders", lambda: [folder])
    (folder / "words.safetensors").unlink()
    with pytest.raises(WeightsMissing, match=r"words\.safetensors"):
        understand("red coat")


def test_a_damaged_model(folder: Path, prediction: Prediction) -> None:
    (folder / "words.safetensors").write_bytes(b"no model at all")
    with pytest.raises(WeightsCorrupt, match="damaged"):
        understand("red coat")
    with pytest.raises(WeightsCorrupt, match="damaged"):
        said_of(prediction, Words("red coat"))


def test_what_words_came_to_is_kept_while_other_settings_change(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorizer import decoding
    from colorizer.words import model

    made = {"seen": 0, "folded": 0}
    for module, name in ((model, "seen"), (decoding, "folded")):
        original = getattr(module, name)

        def counted(
            *args: object, name: str = name, original: Callable[..., object] = original
        ) -> object:
            made[name] += 1
            return original(*args)

        monkeypatch.setattr(module, name, counted)
    first = coloured(prediction, "red coat")
    usual = made["folded"]
    bright = PLAIN.with_changes({"saturation": 1.5})
    more = working_ab(prediction, bright, Guidance(words=Words("red coat")))
    assert made == {"seen": 1, "folded": usual}
    np.testing.assert_allclose(more, 1.5 * first, atol=1e-4)
    less, other = coloured(prediction, "red coat", 0.05), coloured(prediction, "blue coat")
    assert made["seen"] == 1
    assert made["folded"] > usual
    assert halves(less)[0][0] < halves(first)[0][0] - 1
    assert halves(other)[0][1] < 0


def test_a_new_model_is_looked_at_anew(prediction: Prediction, folder: Path) -> None:
    first = coloured(prediction, "red coat")
    (folder / "words.safetensors").unlink()
    file = write_words_model(folder, coats=False)
    os.utime(file, ns=(1, 1))
    assert halves(first)[0][0] > halves(coloured(prediction, "red coat"))[0][0] + 10
