"""Colours from words: "a woman in a red coat, autumn".

:func:`understand` says what a sentence comes to, without a photograph. A small
model (:mod:`.model`) says where each thing is, by what the colour network saw there, and which
colours become likelier: it changes the distributions, place by place. :func:`find` says where on a
photograph each thing was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grammar import Phrase, Understanding
from .vocabulary import understand

if TYPE_CHECKING:
    from .found import Found, find, overlay

__all__ = ["Found", "Phrase", "Understanding", "find", "overlay", "understand"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import found

        return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
