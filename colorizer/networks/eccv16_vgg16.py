"""ECCV16 with a VGG16 encoder: the network of Pandey et al., the default.

Encoder: the 13 convolutions of VGG16 (Simonyan and Zisserman, 2015) with BatchNorm before every
ReLU. Grey is repeated to three channels and Caffe's BGR mean is subtracted. Max-pooling follows
blocks 1 to 3 only, block 5 is dilated by 2, so a 224 x 224 picture becomes 28 x 28 x 512.

Decoder: block 6 (dilated by 2) and block 7 at 1/8, block 8 at 1/4, a 1x1 convolution to the 313
bins. Skip connections (1x1 projections, added) come from encoder block 4 at 1/8 and block 3 at 1/4.
``global_context`` adds the picture's mean block-5 features, projected, to every place of block 6;
``attention`` lets the places at 1/8 look at each other before block 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..color.bins import BIN_COUNT
from ..color.lab import lightness_to_grey
from .attention import PooledAttention
from .layout import CAFFE_BGR_MEAN, HEADS, VGG16_BLOCKS

#: parts of the network that start without effect: weights from before them fit all the same
NEUTRAL_PARTS = ("decoder.attention.",)


class ConvNormReLU(nn.Sequential):
    """3x3 convolution, BatchNorm, ReLU; the resolution is kept."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1, bias: bool = False) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=bias),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class ConvReLUNorm(nn.Sequential):
    """3x3 convolution, ReLU, BatchNorm, the order of ECCV16; the resolution is kept."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(outputs),
        )


#: where a decoder's layer has its BatchNorm, before or after the ReLU -> layer
_LAYERS: dict[str, type[ConvNormReLU | ConvReLUNorm]] = {
    "before": ConvNormReLU,
    "after": ConvReLUNorm,
}


class Features(NamedTuple):
    """What the decoder takes from the encoder, all after ReLU."""

    block3: Tensor  # (N, 256, H/4, W/4)
    block4: Tensor  # (N, 512, H/8, W/8)
    block5: Tensor  # (N, 512, H/8, W/8)


class VGG16Encoder(nn.Module):
    """The 13 convolutions, with BatchNorm before every ReLU."""

    bgr_mean: Tensor
    block1: nn.Sequential
    block2: nn.Sequential
    block3: nn.Sequential
    block4: nn.Sequential
    block5: nn.Sequential

    def __init__(self) -> None:
        super().__init__()
        inputs = 3
        for number, (outputs, count) in enumerate(VGG16_BLOCKS, start=1):
            layers = []
            for _ in range(count):
                layers.append(
                    ConvNormReLU(inputs, outputs, dilation=2 if number == 5 else 1, bias=True)
                )
                inputs = outputs
            setattr(self, f"block{number}", nn.Sequential(*layers))
        mean = torch.tensor(CAFFE_BGR_MEAN, dtype=torch.float32).reshape(1, 3, 1, 1)
        self.register_buffer("bgr_mean", mean, persistent=False)

    def prepare(self, lightness: Tensor) -> Tensor:
        """L* (N, 1, H, W), 0..100 -> BGR on Caffe's scale, mean subtracted (N, 3, H, W)."""
        grey = lightness_to_grey(lightness) * 255.0
        bgr: Tensor = grey.to(lightness.dtype) - self.bgr_mean.to(lightness.dtype)
        return bgr

    def forward(self, lightness: Tensor) -> Features:
        """L* (N, 1, H, W), 0..100, H and W multiples of 8 -> features at 1/4, 1/8 and 1/8."""
        return self.upper(self.lower(lightness, 3))

    def lower(self, lightness: Tensor, blocks: int) -> list[Tensor]:
        """Features of blocks 3 to ``blocks`` (3..5); lightness as for :meth:`forward`."""
        x = self.prepare(lightness)
        x = functional.max_pool2d(self.block1(x), 2)
        x = functional.max_pool2d(self.block2(x), 2)
        features = [self.block3(x)]
        if blocks > 3:
            features.append(self.block4(functional.max_pool2d(features[0], 2)))
        if blocks > 4:
            features.append(self.block5(features[1]))
        return features

    def upper(self, lower: Sequence[Tensor]) -> Features:
        """The rest of the features, from those of :meth:`lower`."""
        block3, *rest = lower
        block4 = rest[0] if rest else self.block4(functional.max_pool2d(block3, 2))
        return Features(block3, block4, rest[1] if len(rest) > 1 else self.block5(block4))


class Decoder(nn.Module):
    """From encoder features to logits (N, 313, H/4, W/4); arguments as of :class:`ECCV16VGG16`."""

    def __init__(
        self,
        width: int = 256,
        skips: bool = True,
        global_context: bool = False,
        attention: int | bool = 0,
        batch_norm: str = "before",
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width must be above 0, not {width}")
        if batch_norm not in _LAYERS:
            raise ValueError(f"batch_norm must be before or after, not {batch_norm!r}")
        layer = _LAYERS[batch_norm]
        # VGG16's features reach 4 (block 5) to 400 (block 3) in the root mean square. Summed as
        # they are, block 3 drowns the rest; at mean 0 and variance 1 one learning rate fits all.
        self.normalise = nn.ModuleList(
            nn.BatchNorm2d(channels, affine=False) for channels in (256, 512, 512)
        )
        self.block6 = nn.Sequential(
            layer(512, width, dilation=2),
            layer(width, width, dilation=2),
            layer(width, width, dilation=2),
        )
        self.context = nn.Linear(512, width) if global_context else None
        self.skip4 = nn.Conv2d(512, width, 1) if skips else None
        self.block7 = nn.Sequential(layer(width, width), layer(width, width))
        self.skip3 = nn.Conv2d(256, width, 1) if skips else None
        self.block8 = layer(width, width)
        self.classify = nn.Conv2d(width, BIN_COUNT, 1)
        self._initialise()
        heads = HEADS if attention is True else int(attention)
        self.attention = PooledAttention(width, heads) if heads else None

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for skip in (self.skip4, self.skip3):
            if skip is not None:
                nn.init.normal_(skip.weight, std=skip.in_channels**-0.5)
        nn.init.normal_(self.classify.weight, std=0.01)
        if self.context is not None:
            nn.init.zeros_(self.context.weight)
            nn.init.zeros_(self.context.bias)

    def forward(self, features: Features) -> Tensor:
        return self.answer(features)[0]

    def answer(self, features: Features) -> tuple[Tensor, list[Tensor]]:
        """The logits, and what a refiner looks at besides, all at 1/8.

        That is: blocks 4 and 5 of the encoder, normalised, and block 7 of the decoder.
        """
        features = Features(*(norm(x) for norm, x in zip(self.normalise, features, strict=True)))
        x = self.block6(features.block5)
        if self.context is not None:
            x = x + self.context(features.block5.mean(dim=(2, 3)))[:, :, None, None]
        if self.skip4 is not None:
            x = x + self.skip4(features.block4)
        if self.attention is not None:
            x = self.attention(x)
        block7 = self.block7(x)
        x = functional.interpolate(block7, scale_factor=2.0, mode="bilinear", align_corners=False)
        if self.skip3 is not None:
            x = x + self.skip3(features.block3)
        logits: Tensor = self.classify(self.block8(x))
        return logits, [features.block4, features.block5, block7]


class ECCV16VGG16(nn.Module):
    """Encoder and decoder together.

    Args:
        width: channels of the decoder.
        skips: take skip connections from encoder blocks 4 and 3.
        global_context: let every place know the picture's mean features.
        attention: heads of the self-attention at 1/8 (see :mod:`.attention`), 0 for none, True
            for :data:`HEADS`; it starts without effect.
        batch_norm: "before" or "after" the decoder's ReLUs. The encoder's stay before: there they
            can be set so that it computes exactly VGG16.

    Raises:
        ValueError: if the width is not above 0, the heads do not divide it, or for another
            ``batch_norm``.
    """

    def __init__(
        self,
        width: int = 256,
        skips: bool = True,
        global_context: bool = False,
        attention: int | bool = 0,
        batch_norm: str = "before",
    ) -> None:
        super().__init__()
        self.encoder = VGG16Encoder()
        self.decoder = Decoder(width, skips, global_context, attention, batch_norm)

    def forward(self, lightness: Tensor) -> Tensor:
        """L* (N, 1, H, W), 0..100 -> logits (N, 313, H/4, W/4); H, W multiples of 8."""
        logits: Tensor = self.decoder(self.encoder(lightness))
        return logits

    def answer(self, lightness: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits, and what a refiner looks at besides, see :meth:`Decoder.answer`."""
        answer: tuple[Tensor, list[Tensor]] = self.decoder.answer(self.encoder(lightness))
        return answer
