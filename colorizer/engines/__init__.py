"""Engines run a network's forward pass: lightness in, logits out, numpy on both sides."""

from .base import ENGINES, Answer, Engine, device_of, open_engine

__all__ = ["ENGINES", "Answer", "Engine", "device_of", "open_engine"]
