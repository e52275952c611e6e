"""The note that colours were added, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SENTENCE = "Colours were added by software"


@dataclass(frozen=True)
class Provenance:
    """How the colours of a picture came about; written into the file by :func:`write`.

    Attributes:
        model: Name of the network.
        weights_sha256: SHA-256 of the weights file, hexadecimal.
        settings: The parameters used; plain numbers, text, lists and dictionaries (JSON).
        version: Version of the software.
        software: Name of the software.
    """

    model: str
    weights_sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    software: str = "Colorizer"

    @property
    def tool(self) -> str:
        """Name and version of the software, as metadata fields for software want it."""
        return f"{self.software} {self.version}".strip()

    @property
    def sentence(self) -> str:
        """One plain sentence for people who look at the history of a picture."""
        return f"{SENTENCE} ({self.tool}, model {self.model})."
