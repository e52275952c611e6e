"""Engines run a network's forward pass: lightness in, logits out, numpy on both sides."""

from .base import Engine, open_engine

__all__ = ["Engine", "open_engine"]
