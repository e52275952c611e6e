"""The refiner: a small U-Net over the answers of a colour network, see :mod:`..color.second_look`.

The first network answers place by place; what a picture looks like as a whole it was never asked.
The refiner sees all its answers at once, with the lightness and the network's own features, and is
trained on what pictures look like (:mod:`..training.refine`).

Levels of 1/8, 1/16 and 1/32 of the working size, two 3 x 3 convolutions with batch normalisation
and ReLU at each; the lowest level's mean is added to all of its places; bilinear enlargement; skip
connections. Its last layer starts at 0: an untrained refiner leaves the colours as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..color.second_look import OUTPUTS
from .refiner_layout import COMPONENTS, SOURCES, WIDTHS, RefinerOptions, blocks


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Refiner(nn.Module):
    """From (N, inputs, h, w), h and w multiples of 4, to (N, OUTPUTS, h, w).

    Args:
        sources, components, widths: see :class:`.refiner_layout.RefinerOptions`.

    Raises:
        ValueError: if the options do not fit together.
    """

    def __init__(
        self,
        sources: Sequence[int] = SOURCES,
        components: Sequence[int] = COMPONENTS,
        widths: Sequence[int] = WIDTHS,
    ) -> None:
        super().__init__()
        options = RefinerOptions(sources, components, widths)
        pairs = zip(sources, components, strict=True)
        self.project = nn.ModuleList(nn.Conv2d(channels, kept, 1) for channels, kept in pairs)
        self.widths = tuple(widths)
        high, _, low = widths
        self.enter = nn.Conv2d(options.inputs, high, 1)
        made = {name: _block(*channels) for name, *channels in blocks(options)}
        self.high, self.middle, self.low = made["high"], made["middle"], made["low"]
        self.back_middle, self.back_high = made["back_middle"], made["back_high"]
        self.context = nn.Linear(low, low)
        self.leave = nn.Conv2d(high, OUTPUTS, 1)
        for parameter in (*self.context.parameters(), *self.leave.parameters()):
            nn.init.zeros_(parameter)

    def features(self, sources: Sequence[Tensor]) -> Tensor:
        """Of a network's features (N, c, h, w), block by block, the components (N, f, h, w)."""
        return torch.cat([p(x) for p, x in zip(self.project, sources, strict=True)], 1)

    def forward(self, x: Tensor) -> Tensor:
        high = self.high(functional.relu(self.enter(x)))
        middle = self.middle(functional.avg_pool2d(high, 2))
        low = self.low(functional.avg_pool2d(middle, 2))
        low = low + self.context(low.mean(dim=(2, 3)))[:, :, None, None]
        middle = self.back_middle(torch.cat([middle, _doubled(low)], 1))
        high = self.back_high(torch.cat([high, _doubled(middle)], 1))
        look: Tensor = self.leave(high)
        return look
