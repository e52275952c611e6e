"""Engines run a network's forward pass: lightness in, logits out, numpy on both sides."""

from .base import ENGINES, Engine, open_engine

__all__ = ["ENGINES", "Engine", "open_engine"]
