"""The OpenVINO engine, on the CPU: 8 bits where the weights say how, float32 otherwise.

It never imports torch, which takes longer to import than a photograph takes to colour.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from ..color.lab import lightness_to_grey
from ..errors import DeviceUnavailable, InvalidSetting, WeightsCorrupt
from .base import Answer
from .devices import cpu_threads
from .openvino_core import core
from .openvino_graph import NETWORK, build_graph
from .openvino_refiner import build_refiner

if TYPE_CHECKING:
    from ..weights import LoadedWeights

#: after a larger picture, px, the memory it needed is given back
KEEP_MEMORY_UP_TO = 512 * 512

#: float32 must be asked for: the default is bfloat16 where the processor has it, which is slow and
#: coarse. Without pinning several processes share the processors as the system sees fit. Kernels
#: made for a size are kept, and to make them again takes milliseconds, so few are: with room for
#: 200 a process that sees every size ends 40 MB larger, and is no faster.
_SETTINGS: dict[str, Any] = {
    "INFERENCE_PRECISION_HINT": "f32",
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    "ENABLE_CPU_PINNING": False,
    "CPU_RUNTIME_CACHE_CAPACITY": 50,
}


class OpenVINOEngine:
    """The default network, compiled once for pictures of every size.

    Args:
        weights: of the network ``eccv16-vgg16``.
        device: "auto" or "cpu".

    Raises:
        DeviceUnavailable: for any other device.
        InvalidSetting: if the weights are for another network.
        WeightsCorrupt: if the tensors do not fit the network.
    """

    name = "openvino"
    device = "cpu"

    def __init__(self, weights: LoadedWeights, device: str = "auto") -> None:
        if device not in {"auto", "cpu"}:
            raise DeviceUnavailable(f"The engine openvino works on the CPU only, not on {device}.")
        if weights.network != NETWORK:
            raise InvalidSetting(
                f"The engine openvino cannot run the network {weights.network}; choose torch."
            )
        try:
            model = build_graph(weights)
        except (RuntimeError, TypeError, ValueError) as error:
            raise WeightsCorrupt(
                f"The weights {weights.name} do not fit the network {weights.network}."
            ) from error
        rounds = any(node.get_type_name() == "FakeQuantize" for node in model.get_ops())
        self.precision = "int8" if rounds else "float32"
        if rounds:  # a prediction keeps 16 bits, and numpy makes them slowly
            steps = PrePostProcessor(model)
            steps.output(0).tensor().set_element_type(openvino.Type.f16)
            model = steps.build()
        settings = _SETTINGS | {"INFERENCE_NUM_THREADS": cpu_threads()}
        self._compiled = core().compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._refiner: Any = None
        if weights.refiner is not None:
            refiner = core().compile_model(build_refiner(weights.refiner), "CPU", settings)
            self._refiner = refiner.create_infer_request()
        self._one_at_a_time = threading.Lock()  # a pass uses all processors, and much memory

    def logits(self, lightness: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        """See :meth:`colorizer.engines.Engine.logits`."""
        return self.answer(lightness).logits

    def answer(
        self, lightness: NDArray[np.float32], hints: NDArray[np.float32] | None = None
    ) -> Answer:
        """See :meth:`colorizer.engines.Engine.answer`; the network takes no hints."""
        grey = lightness_to_grey(np.ascontiguousarray(lightness, np.float32)) * 255
        with self._one_at_a_time:
            found = self._request.infer([grey[:, None]], share_inputs=True, share_outputs=True)
            # copied, as the next pass writes over it
            features = None if self._refiner is None else found[1].copy()
            answer = Answer(found[0].copy(), features)
            if grey.size > KEEP_MEMORY_UP_TO:
                self._compiled.release_memory()
        return answer

    def refine(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """See :meth:`colorizer.engines.Engine.refine`."""
        with self._one_at_a_time:
            found = self._refiner.infer([planes], share_inputs=True, share_outputs=True)
            look: NDArray[np.float32] = found[0].copy()
        return look
