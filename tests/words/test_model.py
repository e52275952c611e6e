"""Words on a prediction: where things are found, and what colour they get."""

from __future__ import annotations

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
from colorizer.pipeline import Prediction, said_of, working_ab
from colorizer.words import find, overlay, understand

from .making import FEATURES_ID, write_model

#: no cast removal: the pictures are of one colour
PLAIN = Settings(cast_removal=0, saturation=1)
SIZE = 64


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(tmp_path))
    write_model(tmp_path)
    return tmp_path


@pytest.fixture
def prediction() -> Prediction:
    """Grey all over, and the network does not know why; the thing is on the left half."""
    cells = SIZE // 4
    lightness = np.full((SIZE, SIZE), 50, np.float32)
    lightness[:, SIZE // 2 :] = 70
    features = np.full((sum(COMPONENTS), cells // 2, cells // 2), -50, np.int8)
    features[0, :, : cells // 4] = 50
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
    for other in (replace(prediction, features=None), replace(prediction, features_id="other")):
        with pytest.raises(WordsUnavailable, match="Words need"):
            said_of(other, Words("red coat"))
        working_ab(other, PLAIN, Guidance())


def test_luminance_stays(prediction: Prediction) -> None:
    photo = Photo(np.full((SIZE, SIZE), 119, np.uint8))
    result = render(photo, prediction, PLAIN, Guidance(words=Words("dark red coat")))
    assert abs(float(result.pixels[..., 1].mean()) - 119) > 5
    from colorizer.color.lab import srgb_to_lab

    lightness = srgb_to_lab(result.pixels.astype(np.float32) / 255)[..., 0]
    np.testing.assert_allclose(lightness, photo.lightness(), atol=1)


def test_what_is_understood_is_known_without_a_photograph() -> None:
    found = understand("a green zyzzyva on grass, walking")
    assert [p.thing for p in found.phrases] == ["grass"]
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
