"""Oxford's VGG16, which the encoder of the default weights still is, taken out of it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ..errors import WeightsCorrupt
from .layout import EPSILON, VGG16_BLOCKS

if TYPE_CHECKING:
    from ..weights import LoadedWeights

#: mean absolute weight of each of Oxford's convolutions; an encoder that has learned has others
_MARKS = (
    (0.168639, 0.029229),
    (0.020819, 0.015818),
    (0.011925, 0.008876, 0.009053),
    (0.007312, 0.005763, 0.005981),
    (0.006586, 0.006800, 0.006550),
)
_TOLERANCE = 0.002


Blocks = Sequence[Sequence[tuple[Tensor, Tensor]]]


def vgg16_features(blocks: Blocks, bgr: Tensor) -> list[Tensor]:
    """What the last ReLU of each block gives.

    Args:
        blocks: of :func:`vgg16_convolutions`, of the type of ``bgr``.
        bgr: (N, 3, H, W), 0..255, Caffe's mean subtracted.
    """
    found, x = [], bgr
    for number, block in enumerate(blocks):
        if number:
            x = functional.max_pool2d(x, 2)
        for weight, bias in block:
            x = functional.conv2d(x, weight, bias, padding=1).relu_()
        found.append(x)
    return found


def vgg16_convolutions(weights: LoadedWeights) -> list[list[tuple[Tensor, Tensor]]]:
    """Weights and biases of the 13 convolutions, each with its BatchNorm folded in, by block.

    Raises:
        WeightsCorrupt: if ``weights`` have no such encoder, or one that has learned since.
    """
    state = weights.state_dict
    blocks: list[list[tuple[Tensor, Tensor]]] = []
    try:
        for number, (_, count) in enumerate(VGG16_BLOCKS, start=1):
            block = []
            for index in range(count):
                name = f"encoder.block{number}.{index}"
                fused = fuse_conv_bn_weights(
                    state[f"{name}.0.weight"], state.get(f"{name}.0.bias"),
                    state[f"{name}.1.running_mean"], state[f"{name}.1.running_var"], EPSILON,
                    state[f"{name}.1.weight"], state[f"{name}.1.bias"],
                )  # fmt: skip
                block.append((fused[0].detach(), fused[1].detach()))
            blocks.append(block)
    except KeyError as error:
        raise WeightsCorrupt(f"The weights {weights.name} have no VGG16 encoder.") from error
    for block, marks in zip(blocks, _MARKS, strict=True):
        for (weight, _), mark in zip(block, marks, strict=True):
            if abs(float(weight.abs().mean()) - mark) > _TOLERANCE * mark:
                raise WeightsCorrupt(
                    f"The encoder of the weights {weights.name} is no longer VGG16: it cannot "
                    "measure the VGG distance."
                )
    return blocks
