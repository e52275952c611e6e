"""What the default network is made of, without torch: constants, options, names and shapes.

The engine that needs no torch builds its graph from this, and a checkpoint is compared with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..color.bins import BIN_COUNT

#: mean of B, G, R on a 0..255 scale, as the Oxford VGG16 was trained with
CAFFE_BGR_MEAN = (104.00698793, 116.66876762, 122.67891434)

#: output channels and number of convolutions of the five VGG16 blocks
VGG16_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))

#: heads of the attention where an option says only that there shall be one
HEADS = 4

#: side of the grid that the attention pools its keys and values to
GRID = 16

#: added to the variance in a BatchNorm and a LayerNorm, PyTorch's default
EPSILON = 1e-5

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Options:
    """The options of :class:`.eccv16_vgg16.ECCV16VGG16`.

    Raises:
        ValueError: if one is out of range.
        TypeError: if the width or the heads are no whole numbers.
    """

    width: int = 256
    skips: bool = True
    global_context: bool = False
    attention: int | bool = 0
    batch_norm: str = "before"

    def __post_init__(self) -> None:
        if type(self.width) is not int or not isinstance(self.attention, int):
            raise TypeError("width and attention are whole numbers")
        if self.width < 1 or self.heads < 0 or (self.heads and self.width % self.heads):
            raise ValueError(f"{self.heads} heads of attention do not divide {self.width} channels")
        if self.batch_norm not in {"before", "after"}:
            raise ValueError(f"batch_norm must be before or after, not {self.batch_norm!r}")

    @property
    def heads(self) -> int:
        """Heads of the attention; 0 without one."""
        return HEADS if self.attention is True else int(self.attention)


def tensor_shapes(
    width: int = 256,
    skips: bool = True,
    global_context: bool = False,
    attention: int | bool = 0,
    batch_norm: str = "before",
) -> dict[str, Shape]:
    """Name -> shape of everything in the network's ``state_dict``.

    Raises:
        ValueError, TypeError: as :class:`Options`.
    """
    options = Options(width, skips, global_context, attention, batch_norm)
    return dict([*_encoder(), *_decoder(options)])


def _encoder() -> Iterator[tuple[str, Shape]]:
    inputs = 3
    for number, (outputs, count) in enumerate(VGG16_BLOCKS, start=1):
        for index in range(count):
            name = f"encoder.block{number}.{index}"
            yield from affine(f"{name}.0", (outputs, inputs, 3, 3))
            yield from batch_norm(f"{name}.1", outputs)
            inputs = outputs


def _decoder(options: Options) -> Iterator[tuple[str, Shape]]:
    width = options.width
    for index, channels in enumerate((256, 512, 512)):
        yield from batch_norm(f"decoder.normalise.{index}", channels, learns=False)
    for name, inputs in (
        ("block6.0", 512),
        ("block6.1", width),
        ("block6.2", width),
        ("block7.0", width),
        ("block7.1", width),
        ("block8", width),
    ):
        before = options.batch_norm == "before"
        shape = (width, inputs, 3, 3)
        yield from affine(f"decoder.{name}.0", shape, bias=not before)
        yield from batch_norm(f"decoder.{name}.{1 if before else 2}", width)
    if options.global_context:
        yield from affine("decoder.context", (width, 512))
    if options.skips:
        yield from affine("decoder.skip4", (width, 512, 1, 1))
        yield from affine("decoder.skip3", (width, 256, 1, 1))
    yield from affine("decoder.classify", (BIN_COUNT, width, 1, 1))
    if options.heads:
        yield from affine("decoder.attention.norm", (width,))
        yield from affine("decoder.attention.query", (width, width))
        yield from affine("decoder.attention.key_value", (2 * width, width))
        yield from affine("decoder.attention.project", (width, width))


def affine(name: str, shape: Shape, bias: bool = True) -> Iterator[tuple[str, Shape]]:
    """Weight and bias of a layer."""
    yield f"{name}.weight", shape
    if bias:
        yield f"{name}.bias", shape[:1]


def batch_norm(name: str, channels: int, learns: bool = True) -> Iterator[tuple[str, Shape]]:
    """What a BatchNorm keeps, with gains and offsets if it ``learns``."""
    if learns:
        yield from affine(name, (channels,))
    yield f"{name}.running_mean", (channels,)
    yield f"{name}.running_var", (channels,)
    yield f"{name}.num_batches_tracked", ()
