"""Features of a frozen encoder, or of its lower blocks, by OpenVINO in int8.

While the encoder does not learn, its forward pass may run in the fastest engine at hand. On a CPU
with VNNI instructions the int8 pass is several times faster than float32.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import DeviceUnavailable
from ..networks.eccv16_vgg16 import VGG16Encoder
from ..networks.layout import VGG16_BLOCKS

FeatureFunction = Callable[[Tensor], list[Tensor]]


class _Lower(nn.Module):
    def __init__(self, encoder: VGG16Encoder, blocks: int) -> None:
        super().__init__()
        self.encoder, self.blocks = encoder, blocks

    def forward(self, lightness: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.encoder.lower(lightness, self.blocks))


def openvino_features(
    encoder: VGG16Encoder, calibration: Tensor, threads: int, blocks: int = len(VGG16_BLOCKS)
) -> FeatureFunction:
    """Quantise the encoder to int8 after training (NNCF) and run it in OpenVINO on the CPU.

    Args:
        encoder: in evaluation mode.
        calibration: lightness (N, 1, H, W) of photographs, for the ranges of the activations.
        threads: CPU threads; 0 leaves it to OpenVINO.
        blocks: as of :meth:`VGG16Encoder.lower`.

    Returns:
        A function from lightness of any shape (compiled once for each) to the features of
        blocks 3 to ``blocks``.

    Raises:
        DeviceUnavailable: if openvino or nncf is not installed.
    """
    try:
        import nncf
        import openvino as ov

        from ..engines.openvino_core import core
    except ImportError as error:
        raise DeviceUnavailable(
            "int8 features need the packages openvino and nncf: pip install 'colorizer[train]'."
        ) from error
    logging.getLogger("nncf").setLevel(logging.WARNING)
    lower = _Lower(encoder.cpu(), blocks).eval()
    samples = [part.numpy() for part in torch.split(calibration.cpu(), 1)]
    model = ov.convert_model(lower, example_input=calibration[:1].cpu())
    model = nncf.quantize(model, nncf.Dataset(samples), subset_size=len(samples))
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    compiled: dict[tuple[int, ...], Any] = {}

    def features(lightness: Tensor) -> list[Tensor]:
        shape = tuple(lightness.shape)
        if shape not in compiled:
            model.reshape(list(shape))
            compiled[shape] = core().compile_model(model, "CPU", settings)
        results = compiled[shape](lightness.contiguous().numpy(), share_inputs=True)
        return [torch.from_numpy(results[i].copy()) for i in range(blocks - 2)]

    return features
