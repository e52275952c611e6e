"""Pictures that are warm only, and what is done about them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from colorizer.color.bins import BIN_COUNT, ab_bins, annealed_mean, decode
from colorizer.color.hues import statistics
from colorizer.color.palette import FROM, TO, balancing_shift, warm_share
from colorizer.color.rarity import calibrated_shift

BINS = ab_bins()
BROWN = int(np.argmin(((BINS - (10, 20)) ** 2).sum(1)))
BLUE = int(np.argmin(((BINS - (0, -40)) ** 2).sum(1)))
GREY = int(np.argmin((BINS**2).sum(1)))


def weights(prior: np.ndarray) -> np.ndarray:
    """As the paper's lambda = 1/2 gives them."""
    found: np.ndarray = 1 / (prior + 1 / BIN_COUNT)
    return found.astype(np.float32)


def usual() -> np.ndarray:
    """A prior with little blue, much grey and brown."""
    prior = np.full(BIN_COUNT, 0.1 / BIN_COUNT)
    prior[[GREY, BROWN, BLUE]] += 0.4, 0.4, 0.1
    return prior


def palette(z: np.ndarray, w: np.ndarray) -> np.ndarray:
    return statistics(z, 1.0, calibrated_shift(w)).palette


def picture(brown: float, blue: float, shape: tuple[int, int] = (12, 50)) -> np.ndarray:
    """Logits (313, h, w) whose every place says brown and blue so likely, weighted as trained."""
    p = np.full(BIN_COUNT, (1 - brown - blue) / BIN_COUNT)
    p[[BROWN, BLUE]] += brown, blue
    z = np.log(p * weights(usual()))
    return np.broadcast_to(z[:, None, None], (BIN_COUNT, *shape)).astype(np.float32)


@pytest.mark.parametrize(
    ("ab", "share"),
    [((10, 20), 1.0), ((-10, 20), 0.0), ((0, -40), 0.0), ((0, 0), 0.0), ((20, 10), 0.0)],
)
def test_warm_share_of_one_colour(ab: tuple[float, float], share: float) -> None:
    assert warm_share(np.full((2, 3, 4), np.reshape(ab, (2, 1, 1)), np.float32)) == share


def test_warm_share_counts_chroma() -> None:
    ab = np.array([[[3.0, 0.0]], [[4.0, -15.0]]])  # chroma 5 at 53 degrees, 15 at -90
    assert warm_share(ab) == pytest.approx(0.25)


def test_the_usual_palette_changes_nothing() -> None:
    shift = balancing_shift(usual().astype(np.float32), weights(usual()), 1.0, 1.0)
    assert shift is not None
    np.testing.assert_allclose(shift, 0, atol=1e-4)


def test_brown_all_over_gives_way_to_what_else_is_likely() -> None:
    z, w = picture(brown=0.75, blue=0.15), weights(usual())
    before = decode(z, 0.5, -np.log(w))
    shift = balancing_shift(palette(z, w), w, warm_share(before), 0.5)
    assert shift is not None
    after = decode(z, 0.5, shift - np.log(w))
    assert before[1].mean() > 15
    assert after[1].mean() < 0.9 * before[1].mean()
    assert shift[BROWN] < shift[GREY]


def test_it_sets_in_slowly_and_stops() -> None:
    z, w = picture(brown=0.75, blue=0.15), weights(usual())
    found = palette(z, w)

    def strength(share: float, amount: float) -> float:
        shift = balancing_shift(found, w, share, amount)
        return 0.0 if shift is None else float(np.abs(shift).max())

    full = strength(1.0, 1.0)
    assert strength(TO, 0.5) == pytest.approx(full)
    assert strength((FROM + TO) / 2, 0.5) == pytest.approx(full / 2)
    assert strength(TO, 0.25) == pytest.approx(full / 2)
    assert strength(FROM, 1.0) == strength(1.0, 0.0) == 0.0


def test_a_network_without_weights_has_nothing_to_compare_with() -> None:
    assert balancing_shift(usual().astype(np.float32), np.ones(BIN_COUNT), 1.0, 1.0) is None


def test_decode_takes_the_shift() -> None:
    z = picture(brown=0.5, blue=0.3)
    shift = np.random.default_rng(1).normal(0, 1, BIN_COUNT)
    expected = annealed_mean(log_softmax(z + shift[:, None, None], axis=0), 0.4, axis=0)
    np.testing.assert_allclose(decode(z, 0.4, shift), expected, atol=1e-3)
