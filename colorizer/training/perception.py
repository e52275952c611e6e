"""What VGG16 sees of pictures, with gradients; :mod:`..evaluation.vgg` as a loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.layout import CAFFE_BGR_MEAN
from ..networks.vgg16 import Blocks, vgg16_features


class Perception:
    """Features of VGG16 that gradients flow through.

    Args:
        blocks: of :func:`..networks.vgg16.vgg16_convolutions`.
        bf16: compute in bfloat16.
        device: that the pictures will be on; ``None`` is the CPU.
    """

    def __init__(self, blocks: Blocks, bf16: bool, device: torch.device | None = None) -> None:
        kind = torch.bfloat16 if bf16 else torch.float32
        self._kind = kind
        self._mean = torch.tensor(CAFFE_BGR_MEAN, device=device).view(1, 3, 1, 1)
        self._blocks = [
            [
                (w.to(device, kind, memory_format=torch.channels_last), b.to(device, kind))
                for w, b in block
            ]
            for block in blocks
        ]

    def __call__(self, rgb: Tensor) -> list[Tensor]:
        """sRGB (n, 3, H, W), 0..1, to what each block's last ReLU gives."""
        x = (rgb.flip(1) * 255 - self._mean).to(self._kind, memory_format=torch.channels_last)
        return vgg16_features(self._blocks, x)

    @staticmethod
    def distance(ours: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
        """VGG distance of each photograph (n,): 2 − 2 cos, mean over places, sum over blocks."""
        total = torch.zeros(len(ours[0]), device=ours[0].device)
        for a, b in zip(ours, truth, strict=True):
            a, b = a.permute(0, 2, 3, 1).float(), b.permute(0, 2, 3, 1).float()
            lengths = (a * a).sum(dim=-1) * (b * b).sum(dim=-1)
            cosine = (a * b).sum(dim=-1) * torch.rsqrt(lengths + 1e-12)
            total = total + (2 - 2 * cosine).mean(dim=(1, 2))
        return total
