"""What travels with a photograph besides its pixels, and the note that colours were added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Metadata:
    """Metadata of the file that a photograph was read from, made ready to be written again.

    Attributes:
        exif: EXIF as a TIFF-structured block, without the ``Exif\\0\\0`` prefix that JPEG puts
            before it, without orientation and thumbnail. None if there is none.
        xmp: XMP packet (XML, UTF-8), without orientation and thumbnails. None if there is none.
        dpi: Pixels per inch, horizontally and vertically, after the orientation was applied.
        source_format: Format of the file: "JPEG", "TIFF", ...; empty for a photograph made in
            memory.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    source_format: str = ""


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
        """One plain sentence for people who look at the description of a picture."""
        return f"Colours were added by software ({self.tool}, model {self.model})."
