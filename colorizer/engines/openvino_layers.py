"""Layers of an OpenVINO graph, made from stored weights.

A convolution whose weights are stored in 8 bits, and the range of whose input is known, becomes
one of 8 bits: the input is rounded to 256 levels (FakeQuantize) and OpenVINO multiplies whole
numbers. Any other convolution is one of float32. A BatchNorm behind a convolution goes into it:

    γ (s q * x + b - μ) / √(σ² + ε) + β  =  s' q' * x + b',   s' = s |f|,  q' = q sign f,
    b' = f (b - μ) + β,   f = γ / √(σ² + ε)

An input of 8 bits that reaches below 0, of a convolution that pads, is padded first and shifted to
levels from 0 on, z = x - low; the bias takes the shift back:

    w * x + b  =  w * z + b + low Σ w

Left to itself OpenVINO keeps where 0 lies beside the input, and its convolution for processors with
AMX (seen with 2026.3 and 2026.4) then writes past the end of its buffers for some sizes of picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino.opset13 as ops
from numpy.typing import NDArray
from openvino import Type

from ..networks.layout import EPSILON
from ..weights.quantise import TINY
from ..weights.tensors import Quantised, as_array

if TYPE_CHECKING:
    from openvino import Node

    from ..weights import LoadedWeights
    from ..weights.ranges import Range
    from ..weights.tensors import Stored

Array = NDArray[np.float32]
LEVELS = 256


def check_tensors(weights: LoadedWeights, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError unless the weights have just these tensors, name -> shape."""
    if {name: stored.shape for name, stored in weights.tensors.items()} != wanted:
        raise ValueError(f"the tensors are not those of {weights.network}")


def constant(values: Any) -> Node:
    """A float32 constant."""
    return ops.constant(np.asarray(values, np.float32))


def per_channel(values: Array) -> Node:
    """(C,) as a constant (1, C, 1, 1)."""
    return constant(values.reshape(1, -1, 1, 1))


def doubled(x: Node) -> Node:
    """(N, C, h, w) -> (N, C, 2h, 2w), bilinear, as torch with ``align_corners=False``."""
    return ops.interpolate(
        x,
        np.array([2.0, 2.0], np.float32),
        "linear_onnx",
        "scales",
        coordinate_transformation_mode="half_pixel",
        axes=np.array([2, 3]),
    )


def aligned(low: float, high: float) -> tuple[float, float]:
    """The range with 0 on one of its 256 levels: what pads a picture must stay what it is."""
    step = (high - low) / (LEVELS - 1)
    zero = round(-low / step)
    return -zero * step, (LEVELS - 1 - zero) * step


class Layers:
    """Makes layers by the names of their tensors.

    Args:
        tensors: of :class:`~colorizer.weights.LoadedWeights`.
        ranges: of the inputs of convolutions, by name; none gives a graph of float32.
    """

    def __init__(self, tensors: Mapping[str, Stored], ranges: Mapping[str, Range]) -> None:
        self._tensors = tensors
        self._ranges = ranges

    def array(self, name: str) -> NDArray[Any]:
        """A tensor's numbers."""
        return as_array(self._tensors[name])

    def is_quantised(self, name: str) -> bool:
        """Whether the convolution ``name`` is one of 8 bits."""
        stored = self._tensors[f"{name}.weight"]
        return name in self._ranges and isinstance(stored, Quantised) and stored.channel == 0

    def round_for(self, x: Node, name: str, shift: float = 0.0) -> Node:
        """``x`` (N, C, H, W) rounded to the levels of the convolution ``name``, if it has any.

        ``shift`` is added to what is rounded.
        """
        if not self.is_quantised(name):
            return x
        ends = aligned(*self._ranges[name])
        low, high = map(constant, ends)
        return ops.fake_quantize(x, low, high, *(constant(end + shift) for end in ends), LEVELS)

    def convolve(
        self, x: Node, name: str, *, norm: str = "", dilation: int = 1, rounded: bool = False
    ) -> Node:
        """The convolution ``name`` that keeps the resolution, and the BatchNorm ``norm`` behind it.

        ``rounded`` says that ``x`` is from :meth:`round_for` already.
        """
        factor, bias = self._folded(name, norm)
        weight = self._weight(name, factor)
        width = dilation * (weight.shape[-1] // 2)
        if width and isinstance(weight, Quantised) and self._ranges[name][0] < 0:
            low, _ = aligned(*self._ranges[name])
            around = np.array([0, 0, width, width])
            x = ops.pad(x, around, around, "constant", constant(0))
            x, width = self.round_for(x, name, shift=-low), 0
            change = low * _sums(weight)
            bias = change if bias is None else bias + change
        elif not rounded:
            x = self.round_for(x, name)
        padding = [width, width]
        x = ops.convolution(x, _node(weight), [1, 1], padding, padding, [dilation, dilation])
        return x if bias is None else ops.add(x, per_channel(bias))

    def _folded(self, name: str, norm: str) -> tuple[Array | None, Array | None]:
        """Factor and bias (O,) of a convolution with the BatchNorm behind it; None is 1 and 0."""
        bias = self.array(f"{name}.bias") if f"{name}.bias" in self._tensors else None
        if not norm:
            return None, bias
        factor, shift = self.norm_terms(norm)
        return factor, shift if bias is None else factor * bias + shift

    def norm_terms(self, norm: str) -> tuple[Array, Array]:
        """A BatchNorm as factor and shift, (C,) each."""
        mean, variance = self.array(f"{norm}.running_mean"), self.array(f"{norm}.running_var")
        factor = 1.0 / np.sqrt(variance.astype(np.float64) + EPSILON)
        if f"{norm}.weight" not in self._tensors:
            return factor.astype(np.float32), (-factor * mean).astype(np.float32)
        factor = factor * self.array(f"{norm}.weight")
        shift = self.array(f"{norm}.bias") - factor * mean
        return factor.astype(np.float32), shift.astype(np.float32)

    def normalise(self, x: Node, norm: str) -> Node:
        """A BatchNorm by itself."""
        factor, shift = map(per_channel, self.norm_terms(norm))
        return ops.add(ops.multiply(x, factor), shift)

    def _weight(self, name: str, factor: Array | None) -> Array | Quantised:
        """Weights (O, I, k, k) times ``factor`` (O,)."""
        stored = self._tensors[f"{name}.weight"]
        if not (self.is_quantised(name) and isinstance(stored, Quantised)):
            weight = as_array(stored)
            return weight if factor is None else weight * factor.reshape(-1, 1, 1, 1)
        levels, scale = stored.levels, stored.scale
        if factor is not None:
            scale = scale * np.abs(factor)
            levels = np.where(factor.reshape(-1, 1, 1, 1) < 0, -np.maximum(levels, -127), levels)
        live = scale >= TINY
        levels = np.where(live.reshape(-1, 1, 1, 1), levels, np.int8(0))
        return Quantised(levels, np.where(live, scale, np.float32(1)))

    def linear(self, x: Node, name: str) -> Node:
        """A linear layer on the last dimension, in float32."""
        product = ops.matmul(x, constant(self.array(f"{name}.weight")), False, True)
        return ops.add(product, constant(self.array(f"{name}.bias")))


def _node(weight: Array | Quantised) -> Node:
    """Weights (O, I, k, k) as a constant; whole numbers times steps where they are of 8 bits."""
    if not isinstance(weight, Quantised):
        return constant(weight)
    steps = constant(weight.scale.reshape(-1, 1, 1, 1))
    return ops.multiply(ops.convert(ops.constant(weight.levels), Type.f32), steps)


def _sums(weight: Quantised) -> Array:
    """(O,): the weights of every output, summed."""
    sums: Array = weight.levels.sum((1, 2, 3), dtype=np.int64) * weight.scale
    return sums.astype(np.float32)
