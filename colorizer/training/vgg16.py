"""Start the encoder as VGG16: load its 13 convolutions, set every BatchNorm to the identity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ColorizerError, WeightsCorrupt, WeightsMissing
from ..networks.eccv16_vgg16 import ConvNormReLU, VGG16Encoder
from ..networks.layout import VGG16_BLOCKS

#: where torchvision's ``vgg16().features`` keeps the convolutions, in order
_TORCHVISION_INDICES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_NAMES = [f"conv{b}_{i}" for b, (_, n) in enumerate(VGG16_BLOCKS, 1) for i in range(1, n + 1)]

Convolutions = dict[str, tuple[Tensor, Tensor]]


def _from_torchvision_state(state: dict[str, Tensor]) -> Convolutions:
    found = {}
    for name, index in zip(_NAMES, _TORCHVISION_INDICES, strict=True):
        weight = state[f"features.{index}.weight"]
        # torchvision keeps the Caffe weights with RGB input; ours take BGR
        found[name] = (weight.flip(1) if index == 0 else weight, state[f"features.{index}.bias"])
    return found


def read_vgg16(source: str | Path) -> Convolutions:
    """Read the Oxford (Caffe) VGG16 convolutions, input channels in BGR order.

    Args:
        source: ``"torchvision"`` (downloads ``VGG16_Weights.IMAGENET1K_FEATURES``), an ``.npz``
            with ``convB_I.weight`` (O, I, 3, 3) and ``convB_I.bias`` in BGR order, or a torch file
            with torchvision's ``features.N`` keys of those same weights.

    Raises:
        WeightsMissing: if the file does not exist or cannot be downloaded.
        WeightsCorrupt: if it does not hold the 13 convolutions.
    """
    try:
        if str(source) == "torchvision":
            return _from_torchvision_state(_download())
        path = Path(source)
        if not path.is_file():
            raise WeightsMissing(f"There is no VGG16 file {path}.")
        if path.suffix == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                return {n: (_tensor(data, n, "weight"), _tensor(data, n, "bias")) for n in _NAMES}
        return _from_torchvision_state(torch.load(path, map_location="cpu", weights_only=True))
    except ColorizerError:
        raise
    except KeyError as error:
        raise WeightsCorrupt(f"{source} lacks the VGG16 tensor {error}.") from error
    except (OSError, ImportError) as error:  # URLError too
        raise WeightsMissing(
            f"The VGG16 weights could not be read from {source}: {error}. "
            "Give a local file instead."
        ) from error
    except Exception as error:  # numpy, zipfile, pickle and torch raise a zoo on damaged files
        raise WeightsCorrupt(f"{source} is not a file of VGG16 weights: {error}") from error


def _download() -> dict[str, Tensor]:
    from torchvision.models import VGG16_Weights

    weights = VGG16_Weights.IMAGENET1K_FEATURES
    state: dict[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True)
    return state


def _tensor(data: Mapping[str, NDArray[Any]], name: str, part: str) -> Tensor:
    return torch.from_numpy(data[f"{name}.{part}"].astype(np.float32))


def _layers(encoder: VGG16Encoder) -> dict[str, ConvNormReLU]:
    layers = {}
    for b, (_, count) in enumerate(VGG16_BLOCKS, 1):
        for i in range(count):
            layers[f"conv{b}_{i + 1}"] = getattr(encoder, f"block{b}")[i]
    return layers


def load_vgg16(encoder: VGG16Encoder, convolutions: Convolutions) -> None:
    """Copy the 13 convolutions into ``encoder``; the BatchNorms still need calibrating.

    Raises:
        WeightsCorrupt: if a tensor is missing or has the wrong shape.
    """
    with torch.no_grad():
        for name, layer in _layers(encoder).items():
            conv = layer[0]
            assert isinstance(conv, nn.Conv2d)
            assert conv.bias is not None
            if name not in convolutions:
                raise WeightsCorrupt(f"The VGG16 tensor {name} is missing.")
            weight, bias = convolutions[name]
            if weight.shape != conv.weight.shape or bias.shape != conv.bias.shape:
                raise WeightsCorrupt(f"VGG16 tensor {name} has shape {tuple(weight.shape)}.")
            conv.weight.copy_(weight)
            conv.bias.copy_(bias)


@torch.no_grad()
def calibrate_batchnorm(encoder: VGG16Encoder, lightness: Tensor, batch: int = 8) -> None:
    """Set each BatchNorm so that the encoder in evaluation mode computes exactly VGG16.

    For each layer the mean m and variance v of its convolution's output over the calibration
    photographs become the running statistics, and gamma = sqrt(v + eps), beta = m undo them.

    Args:
        encoder: with VGG16's convolutions loaded; left in evaluation mode.
        lightness: calibration photographs (N, 1, H, W), L* 0..100.
        batch: how many photographs go through at once.
    """
    encoder.eval()
    parts = [encoder.prepare(part) for part in torch.split(lightness, batch)]
    for number in range(1, len(VGG16_BLOCKS) + 1):
        for conv, norm, relu in getattr(encoder, f"block{number}"):
            for i, part in enumerate(parts):  # in place: at most one set of activations is held
                parts[i] = conv(part)
            mean, variance = _moments(parts)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.copy_(mean)
            parts = [relu(part) for part in parts]
        if number <= 3:
            parts = [functional.max_pool2d(part, 2) for part in parts]


def _moments(parts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and variance (C,) of each channel over parts (N, C, H, W), in float64, centred first."""
    count = sum(part.numel() // part.shape[1] for part in parts)
    mean = sum((part.double().sum(dim=(0, 2, 3)) for part in parts), torch.zeros(())) / count
    centred = (part.double() - mean[:, None, None] for part in parts)
    total = sum((part.square().sum(dim=(0, 2, 3)) for part in centred), torch.zeros(()))
    return mean, total / count
