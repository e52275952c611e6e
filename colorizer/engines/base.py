"""What an engine is, and how one is chosen."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

from ..errors import InvalidSetting, PackageMissing
from ..optional import has_torch, need_torch
from .devices import may_have_cuda

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..weights import LoadedWeights

EngineName = Literal["auto", "torch", "openvino"]
#: what a person may choose
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

log = logging.getLogger(__name__)

#: the network that the engine without torch knows
_WITHOUT_TORCH = "eccv16-vgg16"


class Answer(NamedTuple):
    """What a network says of some pictures.

    Attributes:
        logits: see :meth:`Engine.logits`.
        features: (N, f, H/8, W/8) float32 for the refiner; None where the weights have none.
    """

    logits: NDArray[np.floating[Any]]
    features: NDArray[np.float32] | None = None


class Engine(Protocol):
    """A network on a device.

    Attributes:
        name: "torch" or "openvino".
        device: as torch calls it: "cpu", "cuda", "cuda:1".
        precision: of the arithmetic: "int8", "float16" or "float32".
    """

    name: str
    device: str
    precision: str

    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        """L* (N, H, W), 0..100, H and W multiples of 8 -> logits (N, 313, H/4, W/4).

        They are float32, or float16 where the arithmetic has less. May be called from several
        threads.
        """
        ...

    def answer(
        self, lightness: NDArray[np.float32], hints: NDArray[np.float32] | None = None
    ) -> Answer:
        """As :meth:`logits`, with the features that a refiner looks at, if there is one.

        Args:
            lightness: as for :meth:`logits`.
            hints: (N, 3, H, W), see :mod:`colorizer.color.hint_planes`; for networks of
                :data:`colorizer.networks.TAKE_HINTS` only.
        """
        ...

    def refine(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the refiner, which must be there: (N, inputs, h, w) -> (N, OUTPUTS, h, w) float32.

        See :mod:`colorizer.color.second_look`. May be called from several threads.
        """
        ...


def open_engine(weights: LoadedWeights, device: str = "auto", engine: str = "auto") -> Engine:
    """Build the network of ``weights`` on ``device`` ("auto", "cpu", "cuda", "cuda:1", …).

    ``engine`` is one of :data:`ENGINES`. By itself ("auto") it is OpenVINO on the CPU, for the
    network that it knows and if it is installed, and torch otherwise. A device "auto" is the
    graphics card if torch can use one, else the CPU.

    Raises:
        DeviceUnavailable: if the device is not there, or not one of the engine's.
        InvalidSetting: if there is no such engine, or it does not know the network.
        PackageMissing: if the engine, or torch for a network or device that needs it, is not
            installed.
        WeightsCorrupt: if the tensors do not fit the network.
    """
    if engine not in ENGINES:
        raise InvalidSetting(f"There is no engine {engine!r}; known are {', '.join(ENGINES)}.")
    if engine == "openvino":
        return _open_openvino(weights, device)
    if engine == "auto" and _is_for_openvino(weights, device):
        try:
            return _open_openvino(weights, device)
        except PackageMissing as error:
            if not has_torch():
                raise
            log.warning("%s Now torch does its work, more slowly.", error)
    need_torch(_who_needs_torch(weights, device, engine))
    from .torch_engine import TorchEngine

    return TorchEngine(weights, device)


def device_of(name: str) -> str:
    """The device that "auto" stands for, or ``name`` itself if it is one that can be used.

    Raises:
        DeviceUnavailable: if it is unknown or not on this machine.
        PackageMissing: if it is not the CPU and torch is not installed.
    """
    if name == "cpu" or (name == "auto" and not _has_cuda()):
        return "cpu"
    need_torch(f"The device {name}")
    from .torch_engine import choose_device

    return str(choose_device(name))


def _who_needs_torch(weights: LoadedWeights, device: str, engine: str) -> str:
    if device not in {"auto", "cpu"}:
        return f"The device {device}"
    if weights.network != _WITHOUT_TORCH:
        return f"The network {weights.network}"
    return "The engine torch" if engine == "torch" else "A computer without OpenVINO"


def _is_for_openvino(weights: LoadedWeights, device: str) -> bool:
    if weights.network != _WITHOUT_TORCH or device not in {"auto", "cpu"}:
        return False
    return find_spec("openvino") is not None and not (device == "auto" and _has_cuda())


def _has_cuda() -> bool:
    """Whether torch can use a graphics card; torch is imported only where there may be one."""
    if not (may_have_cuda() and has_torch()):
        return False
    import torch

    return torch.cuda.is_available()


def _open_openvino(weights: LoadedWeights, device: str) -> Engine:
    try:
        from .openvino_engine import OpenVINOEngine
    except ImportError as error:
        raise PackageMissing(
            "The engine openvino cannot be loaded; it needs: pip install openvino."
        ) from error
    return OpenVINOEngine(weights, device)
