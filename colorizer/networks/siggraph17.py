"""SIGGRAPH17: the network of Zhang, Zhu, Isola, Geng, Lin, Yu and Efros, which is shown hints.

"Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017. Key for key the
released PyTorch port, so that the official checkpoint loads with ``strict=True``: 107 state-dict
keys, 34,187,027 parameters. Blocks 1 to 7 are those of ECCV16, with every second row and column
left out where those have a stride; blocks 8 to 10 come back to full size, joined with blocks 3, 2
and 1.

The network answers with one colour a pixel, not with a distribution. What the pipeline works on are
logits whose mean is that colour, averaged over 4 x 4 px (:func:`.color.bins.soft_logits`). All that
chooses and carries on colours works as with other networks; how sure the network was, and what else
it thought possible, they cannot tell.

The classes of the checkpoint, ``model_class``, 23 x 23 on the grid of the bins, are loaded and not
asked, as in the released forward pass. Weights that want a mask of 0 and 1 are those that the
authors converted from Caffe (README of richzhang/colorization-pytorch); the distributions of that
network came from blocks 3 to 8 together, and what its classes are worth nobody has said.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..color.bins import soft_logits
from .eccv16 import block

#: Lab units that an output of 1 stands for
_AB_SCALE = 110.0
_CLASSES = 23 * 23


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1))


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1))


class SIGGRAPH17(nn.Module):
    """The released network up to logits of its colours."""

    def __init__(self) -> None:
        super().__init__()
        self.model1 = block([4, 64, 64])
        self.model2 = block([64, 128, 128])
        self.model3 = block([128, 256, 256, 256])
        self.model4 = block([256, 512, 512, 512])
        self.model5 = block([512, 512, 512, 512], dilation=2)
        self.model6 = block([512, 512, 512, 512], dilation=2)
        self.model7 = block([512, 512, 512, 512])
        self.model8up, self.model3short8 = _doubling(512, 256), _convolution(256, 256)
        self.model8 = nn.Sequential(nn.ReLU(inplace=True), *block([256, 256, 256]))
        self.model9up, self.model2short9 = _doubling(256, 128), _convolution(128, 128)
        self.model9 = nn.Sequential(nn.ReLU(inplace=True), *block([128, 128]))
        self.model10up, self.model1short10 = _doubling(128, 128), _convolution(64, 128)
        self.model10 = nn.Sequential(
            nn.ReLU(inplace=True), nn.Conv2d(128, 128, 3, padding=1), nn.LeakyReLU(0.2)
        )
        self.model_class = nn.Sequential(nn.Conv2d(256, _CLASSES, 1))
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Logits (N, 313, H/4, W/4) of the colours; H, W multiples of 8.

        Args:
            lightness: (N, 1, H, W) L*, 0..100.
            hints: (N, 3, H, W): a*, b* in Lab units and 1 where there is a hint, 0 elsewhere; see
                :mod:`.color.hint_planes`. ``None`` is no hint anywhere.
        """
        ab = functional.avg_pool2d(self.released_ab(lightness, hints).float(), 4)
        logits: Tensor = soft_logits(ab.movedim(1, -1))
        return logits.movedim(-1, 1)

    def released_ab(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """ab (N, 2, H, W) as the released forward pass has it; arguments as of :meth:`forward`."""
        if hints is None:
            hints = lightness.new_zeros(lightness.shape[0], 3, *lightness.shape[2:])
        ab, mask = hints[:, :2], hints[:, 2:]
        x = torch.cat([(lightness - 50.0) / 100.0, ab / _AB_SCALE, mask], dim=1)
        first = self.model1(x)
        second = self.model2(first[..., ::2, ::2])
        third = self.model3(second[..., ::2, ::2])
        x = self.model4(third[..., ::2, ::2])
        for deep in (self.model5, self.model6, self.model7):
            x = deep(x)
        x = self.model8(self.model8up(x) + self.model3short8(third))
        x = self.model9(self.model9up(x) + self.model2short9(second))
        x = self.model10(self.model10up(x) + self.model1short10(first))
        answer: Tensor = self.model_out(x) * _AB_SCALE
        return answer
