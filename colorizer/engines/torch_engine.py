"""The torch engine, on CPU or CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import networks
from ..errors import DeviceUnavailable, WeightsCorrupt
from ..networks.refiner import Refiner
from .base import Answer

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
    except (RuntimeError, TypeError) as error:
        raise DeviceUnavailable(f"There is no kind of device called {name!r}.") from error
    if device.type == "cuda" and (
        not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()
    ):
        raise DeviceUnavailable(f"The device {name} is not on this machine.")
    if device.type not in {"cpu", "cuda"}:
        raise DeviceUnavailable(f"Devices of kind {device.type} are not supported.")
    return device


Network = TypeVar("Network", bound=nn.Module)


def _refiner(weights: LoadedWeights | None) -> Refiner | None:
    if weights is None:
        return None
    refiner = Refiner(**weights.options)
    refiner.load_state_dict(weights.state_dict)
    return refiner


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
            refiner = _refiner(weights.refiner)
        except (RuntimeError, TypeError, ValueError) as error:
            raise WeightsCorrupt(
                f"The weights {weights.name} do not fit the network {weights.network}."
            ) from error
        self._network = self._ready(network)
        self._refiner = None if refiner is None else self._ready(refiner)

    def _ready(self, network: Network) -> Network:
        return network.to(self._device).to(memory_format=torch.channels_last).eval()

    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        """See :meth:`colorizer.engines.Engine.logits`."""
        return self.answer(lightness).logits

    @torch.inference_mode()
    def answer(
        self, lightness: NDArray[np.float32], hints: NDArray[np.float32] | None = None
    ) -> Answer:
        """See :meth:`colorizer.engines.Engine.answer`."""
        given = (lightness[:, None],) if hints is None else (lightness[:, None], hints)
        inputs = [torch.from_numpy(np.ascontiguousarray(x, np.float32)) for x in given]
        inputs = [x.to(self._device) for x in inputs]
        logits, sources = self._forward(inputs, half=self.precision == "float16")
        if self._refiner is None:
            return Answer(_array(logits))
        return Answer(_array(logits), _array(self._refiner.features([s.float() for s in sources])))

    @torch.inference_mode()
    def refine(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """See :meth:`colorizer.engines.Engine.refine`."""
        assert self._refiner is not None
        return _array(self._refiner(torch.from_numpy(planes).to(self._device)))

    def _forward(self, inputs: list[Tensor], *, half: bool) -> tuple[Tensor, list[Tensor]]:
        """Answer to ``inputs``; in float32 again if something is too large for 16 bits."""
        logits: Tensor
        sources: list[Tensor] = []
        network: Any = self._network
        with torch.autocast(self._device.type, torch.float16, enabled=half):
            if self._refiner is None:
                logits = network(*inputs)
            else:
                logits, sources = network.answer(*inputs)
        if half and not all(bool(torch.isfinite(t).all()) for t in (logits, *sources)):
            return self._forward(inputs, half=False)
        return logits, sources


def _array(values: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values.float().cpu().numpy()
    return found
