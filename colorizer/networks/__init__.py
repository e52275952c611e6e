"""Networks, one paper each, and the registry name -> builder.

Every network maps lightness (N, 1, H, W), L* in 0..100, to logits (N, 313, H/4, W/4) over the ab
bins. H and W must be multiples of :data:`STRIDE`; the pipeline pads. Those of :data:`TAKE_HINTS`
can be shown a person's hints too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UnknownModel
from ..optional import need_torch

if TYPE_CHECKING:
    from torch import nn

STRIDE = 8
#: what the weights of a :class:`.refiner.Refiner` are called: no network of its own
REFINER = "refiner"
#: networks that a person's hints can be shown to: a second argument, see :mod:`.siggraph17`
TAKE_HINTS = frozenset({"siggraph17"})


def _eccv16(**options: Any) -> nn.Module:
    from .eccv16 import ECCV16

    return ECCV16(**options)


def _eccv16_vgg16(**options: Any) -> nn.Module:
    from .eccv16_vgg16 import ECCV16VGG16

    return ECCV16VGG16(**options)


def _siggraph17(**options: Any) -> nn.Module:
    from .siggraph17 import SIGGRAPH17

    return SIGGRAPH17(**options)


#: name -> builder; builders import torch only when called
REGISTRY: dict[str, Callable[..., nn.Module]] = {
    "eccv16": _eccv16,
    "eccv16-vgg16": _eccv16_vgg16,
    "siggraph17": _siggraph17,
}


def build(name: str, **options: Any) -> nn.Module:
    """Build the network registered as ``name`` with freshly initialised weights.

    Raises:
        UnknownModel: if there is no such name.
        TypeError: if the network does not know one of ``options``.
    """
    try:
        builder = REGISTRY[name]
    except KeyError:
        raise UnknownModel(
            f"There is no network called {name!r}; known are {', '.join(REGISTRY)}."
        ) from None
    return builder(**options)


def tensor_shapes(name: str, options: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of all tensors of the network; the default network's without torch.

    Raises:
        UnknownModel: if there is no such name.
        PackageMissing: if it is told by torch, which is not installed.
        TypeError, ValueError: or whatever else the builder raises for wrong options.
    """
    if name == REFINER:
        from .refiner_layout import refiner_shapes

        return refiner_shapes(**options)
    if REGISTRY.get(name) is _eccv16_vgg16:
        from . import layout

        return layout.tensor_shapes(**options)
    if name in REGISTRY:
        need_torch(f"The network {name}")
    import torch

    with torch.device("meta"):  # shapes only: costs no memory
        state = build(name, **options).state_dict()
    return {key: tuple(value.shape) for key, value in state.items()}
