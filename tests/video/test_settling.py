"""What key frames make of each other's colours."""

from __future__ import annotations

import numpy as np
import pytest

from colorizer.video.settling import MOST_GAIN, restoring_gain


def test_chroma_that_averages_lose_is_given_back_and_wavering_is_not() -> None:
    draw = np.random.default_rng(1)
    true = np.broadcast_to(np.array([[[12]], [[-9]]], np.float32), (2, 50, 60))
    assert restoring_gain(true * np.float32(0.9), true) == pytest.approx(1 / 0.9)
    wavering = true + draw.normal(0, 12, true.shape).astype(np.float32)
    assert np.hypot(*wavering).mean() > 1.2 * np.hypot(*true).mean()
    assert restoring_gain(true, wavering) == pytest.approx(1, abs=0.03)
    assert restoring_gain(true * np.float32(0.1), true) == MOST_GAIN
    assert restoring_gain(true * 2, true) == 1
    assert restoring_gain(np.zeros_like(true), true) == 1
