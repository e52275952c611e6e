"""What training asks of colours besides looking right."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from colorizer.color.nearest import nearest_bins
from colorizer.training.answers import SIDE, Answers
from colorizer.training.wanted_colours import (
    class_weights,
    purple_not_there,
    rare_error,
    too_warm,
)

GREY, RED, BLUE, PURPLE = (2.0, 2.0), (60.0, 40.0), (-5.0, -45.0), (45.0, -40.0)
YELLOW, GREEN = (5.0, 50.0), (-40.0, 40.0)


def plane(*colours: tuple[float, float]) -> Tensor:
    """(1, 2, len, 4): a row of each colour."""
    return torch.tensor(colours).T[None, :, :, None].repeat(1, 1, 1, 4)


class Photographs(Answers):
    """Three grey photographs in four, the fourth half red."""

    def __init__(self) -> None:
        self.refined = ""

    def ready(self) -> np.ndarray:
        return np.arange(4)

    def truth(self, row: int) -> np.ndarray:
        picture = np.full((SIDE, SIDE, 3), 128, np.uint8)
        if row == 3:
            picture[::32] = 200, 30, 30
        return picture


def test_the_rare_weigh_more() -> None:
    weights = class_weights(Photographs())
    assert weights.shape == (313,)
    red, grey = (int(nearest_bins(np.array(c))) for c in ((66.0, 45.0), (0.0, 0.0)))
    assert weights[red] > 3 * weights[grey]
    off = (5.0, 0.0)
    truth = plane(GREY, (66.0, 45.0))
    wrong_grey = truth + torch.tensor(off).view(1, 2, 1, 1) * plane((1, 1), (0, 0))
    wrong_red = truth + torch.tensor(off).view(1, 2, 1, 1) * plane((0, 0), (1, 1))
    assert rare_error(wrong_red, truth, weights) > 2 * rare_error(wrong_grey, truth, weights)


def test_purple_counts_only_where_there_is_none() -> None:
    assert purple_not_there(plane(PURPLE), plane(GREY)) > 30
    assert purple_not_there(plane(PURPLE), plane(PURPLE)) < 1
    for colour in (RED, BLUE, YELLOW, GREEN, GREY):
        assert purple_not_there(plane(colour), plane(GREY)) < 3


def test_warm_counts_beyond_the_truth() -> None:
    assert too_warm(plane(YELLOW, YELLOW), plane(YELLOW, BLUE)) > 0.05
    assert too_warm(plane(YELLOW, YELLOW), plane(YELLOW, YELLOW)) == 0
    assert too_warm(plane(YELLOW, BLUE), plane(GREEN, BLUE)) == 0


@pytest.mark.parametrize(
    "term", [purple_not_there, too_warm, lambda x, y: rare_error(x, y, np.ones(313, np.float32))]
)
def test_gradients_are_finite_even_for_grey(term: Callable[[Tensor, Tensor], Tensor]) -> None:
    ab = torch.zeros((2, 2, 4, 4), requires_grad=True)
    term(ab, torch.zeros((2, 2, 4, 4))).backward()  # type: ignore[no-untyped-call]
    assert ab.grad is not None
    assert bool(torch.isfinite(ab.grad).all())


def test_less_purple_is_where_the_gradient_leads() -> None:
    ab = plane(PURPLE).requires_grad_()
    purple_not_there(ab, plane(GREY)).backward()  # type: ignore[no-untyped-call]
    assert ab.grad is not None
    with torch.no_grad():
        better = ab - 50 * ab.grad
    assert purple_not_there(better, plane(GREY)) < purple_not_there(ab, plane(GREY))
