"""One module per format that is written; each turns an ``Outgoing`` into bytes in a file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, cast

from .base import Outgoing

Encoder = Callable[[Outgoing, BinaryIO], None]


def encoder(name: str) -> Encoder:
    """The function ``(outgoing, file)`` of "png", "jpeg", "webp" or "tiff"."""
    return cast(Encoder, import_module(f"{__name__}.{name}").encode)
