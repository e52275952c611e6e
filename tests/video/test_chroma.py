"""Chroma planes of single frames."""

from __future__ import annotations

import numpy as np
import pytest

from colorizer.color.lab import srgb_to_lab
from colorizer.color.upsample import LinearColour
from colorizer.video.chroma import chroma_planes
from colorizer.video.luma import Levels


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize(("index", "colour"), [(0, (0, 0, 1)), (1, (1, 0, 0))])
def test_the_strongest_colours_do_not_wrap(
    bits: int, index: int, colour: tuple[float, float, float]
) -> None:
    """Chroma of pure blue and of pure red is half a code above the highest one."""
    ab = srgb_to_lab(np.array(colour, np.float32))[1:].reshape(2, 1, 1)
    luma = np.arange(65536, dtype=np.uint16)[None]
    planes = chroma_planes(
        luma,
        Levels(16, True, "bt709"),
        LinearColour(np.zeros_like(ab), ab),
        1,
        1,
        Levels(bits, True, "bt709"),
    )
    assert planes[index].min() >= 1 << (bits - 1)
    assert planes[index].max() == (1 << bits) - 1
