"""LPIPS: how different two pictures look to a network that people have tuned (optional package).

Source: Zhang, Isola, Efros, Shechtman, Wang, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric" (CVPR 2018); the authors' package ``lpips`` (BSD-2-Clause), version 0.1 of the
metric on AlexNet. The package has the metric's own weights; AlexNet's (244 MB) torchvision fetches
into its cache at the first use.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InvalidSetting, PackageMissing, WeightsMissing
from .metrics import Pixels

#: AlexNet leaves nothing of smaller pictures
MIN_SIDE = 32


class Lpips:
    """The distance. Called with two uint8 pictures (H, W, 3), it gives a number >= 0 (0: alike).

    Args:
        device: where its network runs.
        side: the smaller side of the pictures that are to be compared, px.
        random_backbone: for tests: AlexNet's weights are random numbers and need not be there.

    Raises:
        PackageMissing: if ``lpips`` is not installed.
        WeightsMissing: if AlexNet's weights are not on this machine and cannot, or may not, be
            fetched.
        InvalidSetting: if the pictures are smaller than 32 px.
    """

    def __init__(
        self, device: str = "cpu", side: int = MIN_SIDE, *, random_backbone: bool = False
    ) -> None:
        if side < MIN_SIDE:
            raise InvalidSetting(f"LPIPS needs pictures of at least {MIN_SIDE} pixels.")
        if find_spec("lpips") is None:
            raise PackageMissing(
                "LPIPS needs the package lpips, which pip install 'colorizer[lpips]' installs."
            )
        if not random_backbone:
            _require_weights()
        import lpips
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package asks torchvision in an outdated way
            try:
                network = lpips.LPIPS(net="alex", pnet_rand=random_backbone, verbose=False)
            except (OSError, RuntimeError) as error:
                raise WeightsMissing(
                    "The weights of AlexNet, which LPIPS needs, could not be fetched and loaded "
                    f"({error})."
                ) from error
        self._network: Any = network.to(torch.device(device)).eval()
        self._device = device

    def __call__(self, truth: Pixels, result: Pixels) -> float:
        """The LPIPS distance of two uint8 pictures of one shape (H, W, 3)."""
        import torch

        pair = np.stack([truth, result]).transpose(0, 3, 1, 2).astype(np.float32)
        scaled = torch.from_numpy(pair / 127.5 - 1.0).to(self._device)
        with torch.inference_mode():
            return float(self._network(scaled[:1], scaled[1:]).item())


def _require_weights() -> None:
    """Where downloads are switched off, the file must be in torchvision's cache already."""
    from ..weights.locate import OFFLINE_VARIABLE, is_offline

    if not is_offline():
        return
    import torch
    from torchvision.models import AlexNet_Weights

    name = Path(AlexNet_Weights.IMAGENET1K_V1.url).name
    if not Path(torch.hub.get_dir(), "checkpoints", name).is_file():
        raise WeightsMissing(
            f"LPIPS needs the weights of AlexNet ({name}), which are not in torch's cache, and "
            f"downloads are switched off ({OFFLINE_VARIABLE})."
        )
