"""Whole photographs as the training of words looks at them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from colorizer.networks.vgg16 import vgg16_convolutions
from colorizer.training.captioned import CELLS
from colorizer.training.perception import Perception
from colorizer.training.words_pictured import SIDE, Pictures, enlarged, grid
from colorizer.weights import load


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_what_is_known_at_places_lies_where_they_are(corner: tuple[int, int]) -> None:
    places = grid(corner)
    assert len(places) == CELLS**2 / 4
    middles = np.stack(np.divmod(places, CELLS)) * 2 + 0.5
    found = enlarged(torch.from_numpy(middles[None].astype(np.float32)), corner)[0].numpy()
    assert found.shape == (2, SIDE, SIDE)
    inner = slice(4, SIDE - 4)
    rows, columns = np.mgrid[inner, inner]
    np.testing.assert_allclose(found[0, inner, inner], rows, atol=1e-3)
    np.testing.assert_allclose(found[1, inner, inner], columns, atol=1e-3)


def test_a_change_towards_the_truth_is_seen() -> None:
    perceive = Perception(vgg16_convolutions(load("eccv16-vgg16")), bf16=False)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    truth = np.zeros((1, 2, SIDE, SIDE), np.float16)
    truth[:, 0] = 40
    lightness = (50 + 20 * np.sin(rows / 5) * np.cos(columns / 4)).astype(np.float16)[None]
    files = {"lightness": lightness, "colours": np.zeros_like(truth), "truth": truth}
    pictures = Pictures.of(files, [0], perceive)
    change = torch.zeros(1, 2, CELLS**2 // 4)
    none, some, all_of_it, other = (
        float(pictures.distance(change + torch.tensor([[[a], [0.0]]]), (0, 1), perceive))
        for a in (0, 20, 40, -20)
    )
    assert 0 <= all_of_it < 1e-3 < some < none < other
