"""VGG distance: how different two pictures look to VGG16, without weights tuned by people.

Of both pictures the features after the last ReLU of each of the five blocks of VGG16 are taken,
every place's vector scaled to length 1; the distance is the squared difference of these vectors,
meaned over the places of a block and summed over the blocks. So it is LPIPS (Zhang et al., CVPR
2018) without its trained heads, on VGG16, 0 for the same picture; grey instead of colour is 1 to 2.
Features of whole things weigh as much in it as those of single edges: it sees a coat that is half
red where a mean over pixels does not.

VGG16 needs no download: the encoder of the default weights is Oxford's VGG16, stored in 8 bits, and
stands in for the original with features that differ by a hundredth (docs/coherence.md). Pictures
are read as VGG16 was trained: BGR, 0..255, less Caffe's mean, padded convolutions, max-pooling
before blocks 2 to 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidSetting
from ..optional import need_torch
from .metrics import Pixels

if TYPE_CHECKING:
    from torch import Tensor

    from ..weights import LoadedWeights

#: the last block has 1/16 of the sides
MIN_SIDE = 16
#: what a report says of it
DESCRIPTION = (
    "features of VGG16 (the encoder of the default weights) after the last ReLU of each block, "
    "scaled to length 1 at each place; squared difference, mean over places, sum over the blocks"
)


class VggDistance:
    """The distance. Called with two uint8 pictures (H, W, 3), it gives a number >= 0 (0: alike).

    The features of the last truth are kept, so that several results of one photograph cost one
    pass each.

    Args:
        weights: whose encoder is VGG16; ``None``: the default weights.
        device: where it runs.

    Raises:
        PackageMissing: if torch is not installed.
        WeightsMissing, WeightsCorrupt: if the weights are not there, or their encoder is not VGG16.
    """

    def __init__(self, weights: LoadedWeights | None = None, device: str = "cpu") -> None:
        need_torch("The VGG distance")
        import torch

        from ..networks.vgg16 import vgg16_convolutions

        if weights is None:
            from .. import weights as library
            from ..settings import DEFAULT_MODEL

            weights = library.load(DEFAULT_MODEL)
        self._device = torch.device(device)
        self._blocks = [
            [(w.to(self._device), b.to(self._device)) for w, b in block]
            for block in vgg16_convolutions(weights)
        ]
        self._truth: tuple[Pixels, list[Tensor]] | None = None

    def __call__(self, truth: Pixels, result: Pixels) -> float:
        """The distance of two pictures of one shape.

        Raises:
            InvalidSetting: if they are smaller than 16 px.
        """
        if self._truth is None or self._truth[0] is not truth:
            self._truth = truth, self._features(truth)
        pairs = zip(self._truth[1], self._features(result), strict=True)
        return sum(float((a - b).square().sum(dim=1).mean()) for a, b in pairs)

    def _features(self, picture: Pixels) -> list[Tensor]:
        import torch
        from torch.nn import functional

        from ..networks.layout import CAFFE_BGR_MEAN
        from ..networks.vgg16 import vgg16_features

        if min(picture.shape[:2]) < MIN_SIDE:
            raise InvalidSetting(f"The VGG distance needs pictures of at least {MIN_SIDE} pixels.")
        bgr = picture[..., ::-1].astype(np.float32) - np.array(CAFFE_BGR_MEAN, np.float32)
        x = torch.from_numpy(np.ascontiguousarray(bgr.transpose(2, 0, 1)))[None].to(self._device)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            found = vgg16_features(self._blocks, x)
            return [functional.normalize(block, dim=1, eps=1e-10) for block in found]
