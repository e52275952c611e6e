"""Words that are said of a film act in every shot, and go with the motion as all else does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from colorizer import Colorizer, Guidance, Photo, Settings, Words
from colorizer.color.lab import srgb_to_lab
from colorizer.decoding import colours
from colorizer.errors import WordsUnavailable
from colorizer.video import FilmGuidance, Output, Pictures

from .clips import KnowingColorizer, render, rgb_frames, shapes, write_clip

BLUE = FilmGuidance(words=Words("mostly blue"))
LOSSLESS = Output("ffv1")
SETTINGS = Settings(working_size=128)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer.load()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two shots of a moving picture."""
    frames = [shapes(number) for number in range(8)] + [shapes(n, scene=3) for n in range(6)]
    return write_clip(tmp_path / "clip.mkv", frames)


def mean_b(frame: NDArray[np.uint8]) -> float:
    return float(srgb_to_lab(frame.astype(np.float32) / 255)[..., 2].mean())


def test_they_act_in_every_frame_of_every_shot(
    clip: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    found = {}
    for name, guidance in (("plain", None), ("blue", BLUE)):
        target = tmp_path / f"{name}.mkv"
        render(clip, target, colorizer, settings=SETTINGS, guidance=guidance, output=LOSSLESS)
        found[name] = [mean_b(frame) for frame in rgb_frames(target)]
    assert len(found["blue"]) == 14
    steps = np.array(found["plain"]) - np.array(found["blue"])
    assert steps.min() > 3


def test_they_move_a_film_as_they_move_a_photograph(colorizer: Colorizer, tmp_path: Path) -> None:
    picture = shapes(3)
    source = write_clip(tmp_path / "still.mkv", [picture] * 3)
    words = Words("mostly blue, a red ball", 1.5)
    films, photos = [], []
    for known in (None, words):
        target = tmp_path / "out.mkv"
        guidance = FilmGuidance(words=known)
        render(source, target, colorizer, settings=SETTINGS, guidance=guidance, output=LOSSLESS)
        films.append([mean_b(frame) for frame in rgb_frames(target)])
        photo = colorizer.colorize(Photo(np.asarray(picture)), SETTINGS, Guidance(words=known))
        photos.append(mean_b(np.asarray(photo.pixels, np.uint8)))
    step = photos[1] - photos[0]
    assert step < -10
    np.testing.assert_allclose(np.subtract(films[1], films[0]), step, rtol=0.3)


def test_what_words_leave_of_the_second_look_is_averaged(
    clip: Path, colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.float32] | None] = []

    def watched(places: object, found: object, settings: object, believed: object) -> object:
        seen.append(believed)  # type: ignore[arg-type]
        return colours(places, found, settings, believed)  # type: ignore[arg-type]

    monkeypatch.setattr("colorizer.video.settling.colours", watched)
    render(clip, tmp_path / "a.mkv", colorizer, settings=SETTINGS, guidance=BLUE, output=LOSSLESS)
    worded = [believed for believed in seen if believed is not None]
    assert len(worded) >= len(seen) // 2 > 0  # once without words, for what is decided on the whole
    assert all(0 <= believed.min() < 0.95 for believed in worded)
    seen.clear()
    render(clip, tmp_path / "b.mkv", colorizer, settings=SETTINGS, output=LOSSLESS)
    assert seen
    assert all(believed is None for believed in seen)


def test_a_model_that_keeps_nothing_for_words(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(WordsUnavailable, match="Words need"):
        render(clip, tmp_path / "out.mkv", KnowingColorizer(), guidance=BLUE)


def test_they_stand_in_the_note_of_pictures(colorizer: Colorizer, tmp_path: Path) -> None:
    from colorizer import provenance_of

    source = write_clip(tmp_path / "clip.mkv", [shapes(0), shapes(1)])
    folder = tmp_path / "out"
    render(source, folder, colorizer, settings=SETTINGS, guidance=BLUE, output=Pictures())
    first = min(folder.iterdir())
    note = provenance_of(first)
    assert note is not None
    assert note.settings["guidance"] == {"words": {"text": "mostly blue", "amount": 1.0}}
