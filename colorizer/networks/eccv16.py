"""ECCV16: the network of Zhang, Isola and Efros, "Colorful Image Colorization" (ECCV 2016).

Key for key the released PyTorch port, so that the official checkpoint loads with ``strict=True``:
82 state-dict keys, 32,236,011 parameters. ReLU follows each 3x3 convolution, one BatchNorm follows
the last ReLU of a block. Blocks 1 to 3 halve the resolution, blocks 5 and 6 are dilated by 2.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ..color.bins import BIN_COUNT, ab_bins


def block(channels: list[int], *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """3x3 convolutions with ReLU through ``channels``; the last one has ``stride``; then a norm."""
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(channels)):
        last = i == len(channels) - 2
        layers += [
            nn.Conv2d(
                inputs,
                outputs,
                3,
                stride=stride if last else 1,
                padding=dilation,
                dilation=dilation,
            ),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.BatchNorm2d(channels[-1]))


class ECCV16(nn.Module):
    """The released network up to the logits; its ``model_out`` decodes at T = 1 and is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.model1 = block([1, 64, 64], stride=2)
        self.model2 = block([64, 128, 128], stride=2)
        self.model3 = block([128, 256, 256, 256], stride=2)
        self.model4 = block([256, 512, 512, 512])
        self.model5 = block([512, 512, 512, 512], dilation=2)
        self.model6 = block([512, 512, 512, 512], dilation=2)
        self.model7 = block([512, 512, 512, 512])
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, BIN_COUNT, 1),
        )
        self.model_out = nn.Conv2d(BIN_COUNT, 2, 1, bias=False)
        with torch.no_grad():  # fixed in the release: the bins' centres
            centres = torch.from_numpy(ab_bins() / 110.0)
            self.model_out.weight.copy_(centres.T[:, :, None, None])

    def forward(self, lightness: Tensor) -> Tensor:
        """L* (N, 1, H, W), 0..100 -> logits (N, 313, H/4, W/4); H, W multiples of 8."""
        x = (lightness - 50.0) / 100.0
        for block in (self.model1, self.model2, self.model3, self.model4):
            x = block(x)
        for block in (self.model5, self.model6, self.model7, self.model8):
            x = block(x)
        return x

    def released_ab(self, logits: Tensor) -> Tensor:
        """ab (N, 2, H/4, W/4) as the released forward pass has it: softmax, model_out, x 110."""
        ab: Tensor = self.model_out(logits.softmax(dim=1)) * 110.0
        return ab
