from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorizer.evaluation import sepia
from colorizer.evaluation.sepia import is_sepia, is_warm_only, warm_only_rate, warm_share

# the smallest numbers that a float can be have no hue that stays when halved
finite = st.floats(-90, 90, allow_subnormal=False)
planes = arrays(np.float64, (4, 5, 2), elements=finite)


def hue(degrees: float, chroma: float = 20.0, pixels: int = 10) -> Any:
    angle = np.radians(degrees)
    return np.tile([np.cos(angle) * chroma, np.sin(angle) * chroma], (pixels, 1))


BROWN, BLUE, GREY = hue(70), hue(270), np.zeros((10, 2))


@pytest.mark.parametrize(
    ("degrees", "share"), [(41, 1), (70, 1), (99, 1), (39, 0), (101, 0), (270, 0), (180, 0)]
)
def test_the_warm_sector(degrees: float, share: float) -> None:
    assert warm_share(hue(degrees)) == pytest.approx(share)


def test_the_share_is_one_of_chroma_not_of_pixels() -> None:
    # 3 strong pixels of 40 and 6 faint ones of 10: 120 of 180
    mixed = np.concatenate([hue(60, 40, 3), hue(200, 10, 6)])
    assert warm_share(mixed) == pytest.approx(120 / 180)


@given(planes, st.floats(0.1, 1))
def test_the_share_is_one_and_saturation_leaves_it(ab: Any, factor: float) -> None:
    share = warm_share(ab)
    assert 0 <= share <= 1
    assert warm_share(ab * factor) == pytest.approx(share, abs=1e-9)


@given(planes)
def test_every_colour_is_warm_or_not(ab: Any) -> None:
    """Half a turn takes the warm sector, 60 degrees wide, out of itself."""
    assert warm_share(ab) + warm_share(-ab) <= 1 + 1e-9


def test_sepia_is_brown_where_the_truth_is_not() -> None:
    assert is_sepia(BROWN, BLUE)
    assert not is_sepia(BROWN, BROWN)
    assert not is_sepia(BLUE, BLUE)
    assert not is_sepia(GREY, BLUE)
    assert is_sepia(BROWN, GREY)


@pytest.mark.parametrize(("share", "expected"), [(0.84, False), (0.86, True)])
def test_the_threshold_of_the_result(share: float, expected: bool) -> None:
    result = np.concatenate([hue(70, share, 10), hue(270, 1 - share, 10)]) * 30
    assert is_warm_only(result) is expected
    assert is_sepia(result, BLUE) is expected


@pytest.mark.parametrize(("share", "expected"), [(0.64, True), (0.66, False)])
def test_the_threshold_of_the_truth(share: float, expected: bool) -> None:
    truth = np.concatenate([hue(70, share, 10), hue(270, 1 - share, 10)]) * 30
    assert is_sepia(BROWN, truth) is expected


@pytest.mark.parametrize("side", [-0.1, 0.1])
def test_a_faint_tone_is_grey(side: float) -> None:
    faint = hue(70, sepia.CHROMA_FLOOR + side)
    assert is_warm_only(faint) is (side > 0)
    assert is_sepia(BROWN, faint) is (side < 0)  # a grey truth has no brown


def test_the_rate_without_truths() -> None:
    assert warm_only_rate([BROWN, BLUE, GREY, BROWN]) == 0.5
    with pytest.raises(ValueError):
        warm_only_rate([])


@pytest.mark.parametrize("ab", [np.zeros((0, 2)), np.zeros((4, 3)), np.full((3, 2), np.nan)])
def test_what_is_no_picture(ab: Any) -> None:
    with pytest.raises(ValueError):
        warm_share(ab)
