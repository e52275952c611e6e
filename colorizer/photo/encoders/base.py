"""What an encoder is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..ifd import Directory
from ..png_text import Text


@dataclass(frozen=True)
class Outgoing:
    """Pixels in the depth to be written, and metadata ready to be packed.

    Attributes:
        pixels: (H, W) or (H, W, 3), uint8 or uint16, sRGB-encoded.
        alpha: (H, W), same type, or None.
        icc: Profile to embed.
        exif: EXIF directory or None.
        xmp: XMP packet or None.
        xmp_note: A packet with our note alone, for formats that limit its size; or None.
        photoshop: Photoshop image resources (IPTC-IIM), or None.
        texts: For PNG.
        comments: For formats that have comments, PNG apart.
        dpi: Pixels per inch or None.
        quality: 1..100 for lossy formats.
        lossless: For WebP.
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None
    icc: bytes
    exif: Directory | None
    xmp: bytes | None
    xmp_note: bytes | None
    photoshop: bytes | None
    texts: tuple[Text, ...]
    comments: tuple[str, ...]
    dpi: tuple[float, float] | None
    quality: int
    lossless: bool

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])
