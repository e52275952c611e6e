"""Times of films whose clock begins again, or is wrong somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import pytest

from colorizer.video.clock import Clock, goes_back, with_following

STEP, JUMP = 40, 500


def shown(said: Sequence[int | None]) -> tuple[list[int], list[int]]:
    """When frames are shown that say these times, and by how much it was moved."""
    clock = Clock(STEP, JUMP)
    frames = with_following(said)
    return [clock.time(time, following, 0) for time, following in frames], clock.jumps


def test_times_that_grow_stay() -> None:
    said = [100, 140, 180, 1000, 1001, 5000]
    assert shown(said) == (said, [])


def test_frames_without_a_time_get_one() -> None:
    assert shown([None, None, 80, None])[0] == [0, 40, 80, 120]
    assert shown([40, 40, 30, 120])[0] == [40, 41, 42, 120]


@pytest.mark.parametrize("parts", [2, 3])
def test_a_clock_that_begins_again_goes_on(parts: int) -> None:
    part = list(range(400, 2400, STEP))
    found, jumps = shown(part * parts)
    assert found == list(range(400, 400 + parts * len(part) * STEP, STEP))
    assert jumps == [2000 * number for number in range(1, parts)]


@pytest.mark.parametrize("wrong", [-2000, 2000])
def test_a_single_wrong_time_moves_nothing_else(wrong: int) -> None:
    said = list(range(4000, 12000, STEP))
    said[50] += wrong
    found, jumps = shown(said)
    assert jumps == []
    assert found[:50] == said[:50]
    assert found[-10:] == said[-10:]
    assert all(before < after for before, after in pairwise(found))


def test_packets_that_go_back() -> None:
    def go_back(*times: int | None) -> bool:
        packets = [SimpleNamespace(dts=time) for time in times]
        return goes_back(packets, Fraction(1, 1000))

    assert go_back(0, 1000, None, 400)
    assert not go_back(0, 1000, 600, 2000)
