"""The default network, :mod:`colorizer.networks.eccv16_vgg16`, as an OpenVINO graph.

It computes what that module computes, layer by layer, without torch; see there for the why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openvino.opset13 as ops
from openvino import Model, PartialShape

from ..networks.layout import CAFFE_BGR_MEAN, EPSILON, GRID, VGG16_BLOCKS, Options, tensor_shapes
from . import openvino_refiner
from .openvino_layers import Layers, check_tensors, constant, doubled, per_channel

if TYPE_CHECKING:
    from openvino import Node

    from ..weights import LoadedWeights

#: the network that :func:`build_graph` can build
NETWORK = "eccv16-vgg16"


def build_graph(weights: LoadedWeights) -> Model:
    """Grey (N, 1, H, W), 0..255, H and W multiples of 8 -> logits (N, 313, H/4, W/4).

    With a refiner there is a second output, what it looks at besides: (N, f, H/8, W/8).

    Raises:
        ValueError, TypeError: if the options or the tensors are not those of the network.
    """
    options = Options(**weights.options)
    check_tensors(weights, tensor_shapes(**weights.options))
    layers = Layers(weights.tensors, weights.ranges)
    grey = ops.parameter(PartialShape([-1, 1, -1, -1]), np.float32, "grey")
    block3, block4, block5 = _encoder(layers, grey)
    logits, features = _Decoder(layers, options).answer(block3, block4, block5)
    results = [ops.result(logits)]
    if weights.refiner is not None:
        results.append(ops.result(openvino_refiner.components(weights.refiner, features)))
    return Model(results, [grey], NETWORK)


def _encoder(layers: Layers, grey: Node) -> list[Node]:
    """Features of blocks 3, 4 and 5, after ReLU."""
    x = ops.subtract(grey, per_channel(np.array(CAFFE_BGR_MEAN, np.float32)))
    features = []
    for number, (_, count) in enumerate(VGG16_BLOCKS, start=1):
        for index in range(count):
            name = f"encoder.block{number}.{index}"
            pooled = index == 0 and 1 < number < 5
            if pooled:  # rounded first: so the pooling has whole numbers to compare
                x = _max_pool(layers.round_for(x, f"{name}.0"))
            x = layers.convolve(
                x, f"{name}.0", norm=f"{name}.1", dilation=2 if number == 5 else 1, rounded=pooled
            )
            x = ops.relu(x)
        features.append(x)
    return features[2:]


def _max_pool(x: Node) -> Node:
    return ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)


class _Decoder:
    def __init__(self, layers: Layers, options: Options) -> None:
        self._layers = layers
        self._options = options

    def answer(self, block3: Node, block4: Node, block5: Node) -> tuple[Node, list[Node]]:
        """The logits, and what a refiner looks at besides."""
        layers, options = self._layers, self._options
        block4 = layers.normalise(block4, "decoder.normalise.1")
        block5 = layers.normalise(block5, "decoder.normalise.2")
        x = block5
        for index in range(3):
            x = self._layer(x, f"decoder.block6.{index}", dilation=2)
        if options.global_context:
            mean = ops.reduce_mean(block5, np.array([2, 3]), keep_dims=False)
            context = layers.linear(mean, "decoder.context")
            x = ops.add(x, ops.unsqueeze(context, np.array([2, 3])))
        if options.skips:
            x = ops.add(x, layers.convolve(block4, "decoder.skip4"))
        if options.heads:
            x = self._attention(x)
        block7 = self._layer(self._layer(x, "decoder.block7.0"), "decoder.block7.1")
        x = doubled(block7)
        if options.skips:
            skip = layers.normalise(block3, "decoder.normalise.0")
            x = ops.add(x, layers.convolve(skip, "decoder.skip3"))
        logits = layers.convolve(self._layer(x, "decoder.block8"), "decoder.classify")
        return logits, [block4, block5, block7]

    def _layer(self, x: Node, name: str, dilation: int = 1) -> Node:
        """A 3x3 convolution with its ReLU and BatchNorm, in the order of the options."""
        layers = self._layers
        if self._options.batch_norm == "before":
            x = layers.convolve(x, f"{name}.0", norm=f"{name}.1", dilation=dilation)
            return ops.relu(x)
        x = ops.relu(layers.convolve(x, f"{name}.0", dilation=dilation))
        return layers.normalise(x, f"{name}.2")

    def _attention(self, x: Node) -> Node:
        """See :mod:`colorizer.networks.attention`."""
        layers, name = self._layers, "decoder.attention"
        query = self._heads(layers.linear(self._tokens(x), f"{name}.query"))
        cells = ops.adaptive_avg_pool(x, np.array([GRID, GRID]))
        both = layers.linear(self._tokens(cells), f"{name}.key_value")
        key, value = (self._heads(part) for part in ops.split(both, np.int64(2), 2).outputs())
        scores = ops.matmul(query, key, False, True)
        width = self._options.width / self._options.heads
        found = ops.matmul(
            ops.softmax(ops.multiply(scores, constant(width**-0.5)), 3), value, False, False
        )
        found = ops.reshape(
            ops.transpose(found, np.array([0, 2, 1, 3])), np.array([0, 0, -1]), special_zero=True
        )
        change = ops.transpose(layers.linear(found, f"{name}.project"), np.array([0, 2, 1]))
        return ops.add(x, ops.reshape(change, ops.shape_of(x), special_zero=False))

    def _tokens(self, x: Node) -> Node:
        """(N, C, h, w) -> normalised (N, h·w, C)."""
        flat = ops.reshape(x, np.array([0, 0, -1]), special_zero=True)
        tokens = ops.transpose(flat, np.array([0, 2, 1]))
        normal = ops.mvn(tokens, np.array([2]), True, EPSILON, "INSIDE_SQRT")
        scale = constant(self._layers.array("decoder.attention.norm.weight"))
        shift = constant(self._layers.array("decoder.attention.norm.bias"))
        return ops.add(ops.multiply(normal, scale), shift)

    def _heads(self, tokens: Node) -> Node:
        """(N, T, C) -> (N, heads, T, C / heads)."""
        heads = self._options.heads
        parts = np.array([0, 0, heads, self._options.width // heads])
        split = ops.reshape(tokens, parts, special_zero=True)
        return ops.transpose(split, np.array([0, 2, 1, 3]))
