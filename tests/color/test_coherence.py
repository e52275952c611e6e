"""From distributions place by place to colours that belong together."""

from __future__ import annotations

import numpy as np
import pytest

from colorizer.color import coherence as module
from colorizer.color.bins import BIN_COUNT, ab_bins, nearest_bin
from colorizer.color.coherence import MOST_GAIN, coherent, field_of
from colorizer.color.hues import Statistics, statistics

SQUARED = ((ab_bins(np.float64)[:, None] - ab_bins(np.float64)) ** 2).sum(-1)


def seen(colours: np.ndarray, spread: float = 15.0, also_grey: float = 0.0) -> Statistics:
    """Distributions around colours (h, w, 2), wide or narrow, maybe grey."""
    near = np.exp(-SQUARED[nearest_bin(colours.astype(np.float32))] / (2 * spread**2))
    near /= near.sum(axis=-1, keepdims=True)
    grey = np.exp(-SQUARED[120] / (2 * 8.0**2))
    p = (1 - also_grey) * near + also_grey * grey / grey.sum()
    return statistics(np.log(np.moveaxis(p, -1, 0) + 1e-9), 1.0)


def alone(found: Statistics, lightness: np.ndarray | None = None) -> np.ndarray:
    shape = found.variance.shape
    plane = np.full(shape, 50, np.float32) if lightness is None else lightness
    return coherent(found, field_of(plane, found))


def test_one_sure_colour_everywhere_stays_what_it_is() -> None:
    colours = np.broadcast_to([40.0, 20.0], (10, 12, 2))
    ab = alone(seen(colours, spread=4.0))
    np.testing.assert_allclose(ab, np.moveaxis(colours, -1, 0), atol=3)


def test_what_the_mean_lost_is_given_back_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = np.broadcast_to([40.0, 20.0], (10, 12, 2))
    found, pale = seen(colours, also_grey=0.2), seen(colours, also_grey=0.9)
    given, most = alone(found), alone(pale)
    assert np.hypot(*given).mean() == pytest.approx(found.chroma, rel=0.01)
    assert np.hypot(*most).mean() < pale.chroma
    monkeypatch.setattr(module, "MOST_GAIN", 1.0)
    assert 1 < np.hypot(*given).mean() / np.hypot(*alone(found)).mean() < MOST_GAIN
    np.testing.assert_allclose(most, MOST_GAIN * alone(pale), rtol=1e-3)


def test_a_patchy_coat_has_one_colour() -> None:
    """Red and blue at random within one thing: less uneven by far, and not purple."""
    rng = np.random.default_rng(0)
    which = rng.random((20, 20)) < 0.85
    colours = np.where(which[..., None], [45.0, 25.0], [10.0, -45.0])
    found = seen(colours, spread=25.0)
    ab = alone(found)
    before, after = (x.std(axis=(1, 2)).sum() for x in (found.mean(), ab))
    assert after < before / 3
    assert ab[1].mean() > 0  # red, as most of it is


def test_two_things_keep_their_colours() -> None:
    colours = np.zeros((16, 16, 2))
    colours[:, :8], colours[:, 8:] = (40, 30), (-30, 30)
    lightness = np.full((16, 16), 30, np.float32)
    lightness[:, 8:] = 70
    ab = alone(seen(colours), lightness)
    assert ab[0, :, :8].min() > 20
    assert ab[0, :, 8:].max() < -10


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 300)])
def test_any_shape(shape: tuple[int, int]) -> None:
    ab = alone(seen(np.random.default_rng(0).normal(0, 30, (*shape, 2))))
    assert ab.shape == (2, *shape)
    assert np.isfinite(ab).all()


def test_grey_stays_grey() -> None:
    p = np.full(BIN_COUNT, 1e-30)
    p[120] = 1
    found = statistics(np.broadcast_to(np.log(p)[:, None, None], (BIN_COUNT, 5, 5)), 1.0)
    np.testing.assert_allclose(alone(found), 0, atol=1e-3)
