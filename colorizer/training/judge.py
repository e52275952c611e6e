"""The judge: what tells colours of photographs from ours, place by place (a discriminator)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..prediction import LOGIT_STRIDE


class Judge(nn.Module):
    """A patch discriminator: from L* (n, 1, 4 h, 4 w) and colours (n, 2, h, w) to (n, 1, h/4, w/4).

    Above 0 is true, below 0 is ours. Five convolutions with spectral normalisation, on the
    lightness folded 4 x 4 into channels and the colours.
    """

    def __init__(self) -> None:
        super().__init__()
        # channels in and out, side of the kernel, stride
        shapes = ((18, 64, 3, 1), (64, 96, 4, 2), (96, 128, 4, 2), (128, 160, 3, 1), (160, 1, 3, 1))
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, stride in shapes:
            convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=1)
            layers += [nn.utils.parametrizations.spectral_norm(convolution), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        cells = functional.pixel_unshuffle(lightness, LOGIT_STRIDE) / 50 - 1
        said: Tensor = self.layers(torch.cat([cells, ab / 30], 1))
        return said.float()
