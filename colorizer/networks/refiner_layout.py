"""What the refiner is made of, without torch: as :mod:`.layout` is for the default network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..color.second_look import OUTPUTS, PLANES
from .layout import Shape, affine, batch_norm

#: channels of the levels at 1/8, 1/16 and 1/32 of the working size
WIDTHS = (96, 128, 192)
#: channels of the default network's features
SOURCES = (512, 512, 256)
#: principal components that are taken of the first network's features at 1/8 of the working size:
#: encoder blocks 4 and 5, normalised, and decoder block 7
COMPONENTS = (24, 48, 40)


@dataclass(frozen=True)
class RefinerOptions:
    """The options of :class:`.refiner.Refiner`.

    Attributes:
        sources: channels of the features that the first network gives, block by block.
        components: how many components are taken of each.
        widths: channels of the three levels.

    Raises:
        ValueError: if there are not three of each, or one is not a whole number above 0.
    """

    sources: Sequence[int] = SOURCES
    components: Sequence[int] = COMPONENTS
    widths: Sequence[int] = WIDTHS

    def __post_init__(self) -> None:
        for numbers in (self.sources, self.components, self.widths):
            if len(numbers) != 3 or not all(type(n) is int and n > 0 for n in numbers):
                raise ValueError("a refiner has three whole numbers of each kind")

    @property
    def inputs(self) -> int:
        """Planes that the network takes in."""
        return PLANES + sum(self.components)


def refiner_shapes(
    sources: Sequence[int] = SOURCES,
    components: Sequence[int] = COMPONENTS,
    widths: Sequence[int] = WIDTHS,
) -> dict[str, Shape]:
    """Name -> shape of everything in a refiner's ``state_dict``.

    Raises:
        ValueError, TypeError: as :class:`RefinerOptions`.
    """
    return dict(_tensors(RefinerOptions(sources, components, widths)))


def _tensors(options: RefinerOptions) -> Iterator[tuple[str, Shape]]:
    for index, (channels, kept) in enumerate(zip(options.sources, options.components, strict=True)):
        yield from affine(f"project.{index}", (kept, channels, 1, 1))
    high, _, low = options.widths
    yield from affine("enter", (high, options.inputs, 1, 1))
    for name, inputs, outputs in blocks(options):
        for place, channels in ((0, inputs), (3, outputs)):
            yield from affine(f"{name}.{place}", (outputs, channels, 3, 3), bias=False)
            yield from batch_norm(f"{name}.{place + 1}", outputs)
    yield from affine("context", (low, low))
    yield from affine("leave", (OUTPUTS, high, 1, 1))


def blocks(options: RefinerOptions) -> list[tuple[str, int, int]]:
    """Name, channels in and channels out of the blocks of two convolutions."""
    high, middle, low = options.widths
    return [
        ("high", high, high),
        ("middle", high, middle),
        ("low", middle, low),
        ("back_middle", middle + low, middle),
        ("back_high", high + middle, high),
    ]
