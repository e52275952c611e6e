"""The refiner, :mod:`colorizer.networks.refiner`, as an OpenVINO graph; see there for the why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openvino.opset13 as ops
from openvino import Model, PartialShape

from ..networks.refiner_layout import RefinerOptions, refiner_shapes
from .openvino_layers import Layers, check_tensors, doubled

if TYPE_CHECKING:
    from openvino import Node

    from ..weights import LoadedWeights


def components(weights: LoadedWeights, sources: list[Node]) -> Node:
    """Of the first network's features, block by block, what the refiner looks at: (N, f, h, w).

    Raises:
        ValueError, TypeError: as :func:`build_refiner`.
    """
    check_tensors(weights, refiner_shapes(**weights.options))
    layers = Layers(weights.tensors, weights.ranges)
    kept = [layers.convolve(x, f"project.{index}") for index, x in enumerate(sources)]
    return ops.concat(kept, 1)


def build_refiner(weights: LoadedWeights) -> Model:
    """(N, inputs, h, w), h and w multiples of 4 -> (N, OUTPUTS, h, w).

    Raises:
        ValueError, TypeError: if the options or the tensors are not those of a refiner.
    """
    options = RefinerOptions(**weights.options)
    check_tensors(weights, refiner_shapes(**weights.options))
    layers = Layers(weights.tensors, weights.ranges)

    def block(x: Node, name: str) -> Node:
        for place in (0, 3):
            x = layers.convolve(x, f"{name}.{place}", norm=f"{name}.{place + 1}")
            x = ops.relu(x)
        return x

    planes = ops.parameter(PartialShape([-1, options.inputs, -1, -1]), np.float32, "planes")
    high = block(ops.relu(layers.convolve(planes, "enter")), "high")
    middle = block(_halved(high), "middle")
    low = block(_halved(middle), "low")
    context = layers.linear(ops.reduce_mean(low, np.array([2, 3]), keep_dims=False), "context")
    low = ops.add(low, ops.unsqueeze(context, np.array([2, 3])))
    middle = block(ops.concat([middle, doubled(low)], 1), "back_middle")
    high = block(ops.concat([high, doubled(middle)], 1), "back_high")
    return Model([ops.result(layers.convolve(high, "leave"))], [planes], "refiner")


def _halved(x: Node) -> Node:
    return ops.avg_pool(x, [2, 2], [0, 0], [0, 0], [2, 2], True)
