"""The torch engine, on CPU or CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import networks
from ..errors import DeviceUnavailable, WeightsCorrupt

if TYPE_CHECKING:
    from ..weights import LoadedWeights


def choose_device(name: str) -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"`` into a device.

    Raises:
        DeviceUnavailable: if it is unknown or not on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceUnavailable(f"There is no kind of device called {name!r}.") from error
    if device.type == "cuda" and (
        not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()
    ):
        raise DeviceUnavailable(f"The device {name} is not on this machine.")
    if device.type not in {"cpu", "cuda"}:
        raise DeviceUnavailable(f"Devices of kind {device.type} are not supported.")
    return device


class TorchEngine:
    """Eager torch with channels last: float32 on the CPU, float16 (autocast) on CUDA."""

    name = "torch"

    def __init__(self, weights: LoadedWeights, device: str = "auto") -> None:
        self._device = choose_device(device)
        self.device = str(self._device)
        self.precision = "float16" if self._device.type == "cuda" else "float32"
        try:
            network = networks.build(weights.network, **weights.options)
            network.load_state_dict(weights.state_dict)
        except (RuntimeError, TypeError, ValueError) as error:
            raise WeightsCorrupt(
                f"The weights {weights.name} do not fit the network {weights.network}."
            ) from error
        network = network.to(self._device).to(memory_format=torch.channels_last)
        self._network = network.eval()

    @torch.inference_mode()
    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """See :meth:`colorizer.engines.Engine.logits`."""
        x = torch.from_numpy(np.ascontiguousarray(lightness, np.float32))[:, None].to(self._device)
        logits = self._forward(x, half=self.precision == "float16")
        result: NDArray[np.float32] = logits.float().cpu().numpy()
        return result

    def _forward(self, x: Tensor, *, half: bool) -> Tensor:
        """Logits of ``x`` (N, 1, H, W); in float32 again if something is too large for 16 bits."""
        logits: Tensor
        with torch.autocast(self._device.type, torch.float16, enabled=half):
            logits = self._network(x)
        if half and not bool(torch.isfinite(logits).all()):
            return self._forward(x, half=False)
        return logits
