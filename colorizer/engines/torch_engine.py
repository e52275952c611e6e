"""The torch engine, on CPU or CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

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
    """Eager torch in float32 with channels last."""

    def __init__(self, weights: LoadedWeights, device: str = "auto") -> None:
        self._device = choose_device(device)
        self.device = str(self._device)
        try:
            network = networks.build(weights.network, **weights.options)
            network.load_state_dict(weights.state_dict)
        except (RuntimeError, TypeError) as error:
            raise WeightsCorrupt(
                f"The weights {weights.name} do not fit the network {weights.network}."
            ) from error
        network = network.to(self._device).to(memory_format=torch.channels_last)
        self._network = network.eval()

    @torch.inference_mode()
    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """See :meth:`colorizer.engines.Engine.logits`."""
        x = torch.from_numpy(np.ascontiguousarray(lightness, np.float32))[:, None]
        result: NDArray[np.float32] = self._network(x.to(self._device)).float().cpu().numpy()
        return result
