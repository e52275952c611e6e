"""A colorizer that needs no network, for the commands."""

from __future__ import annotations

import pytest

from colorizer.pipeline import Colorizer

from ..fake_colorizer import FakeColorizer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeColorizer:
    """The fake, in place of whatever model is asked for."""
    colorizer = FakeColorizer()
    colorizer.loads = []  # type: ignore[attr-defined]

    def load(model: str, *, device: str, engine: str) -> FakeColorizer:
        colorizer.loads.append((model, device, engine))  # type: ignore[attr-defined]
        return colorizer

    monkeypatch.setattr(Colorizer, "load", load)
    return colorizer
