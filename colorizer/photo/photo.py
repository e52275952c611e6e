"""The photograph in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metadata import Metadata
from .mount import Box
from .srgb import lightness_table


@dataclass(frozen=True)
class Photo:
    """A photograph: pixels the right way up, in sRGB encoding, with alpha and metadata apart.

    Attributes:
        pixels: (H, W) grey or (H, W, 3) colour; uint8 0..255 or uint16 0..65535, sRGB-encoded.
            The array's type may be finer than ``bit_depth``: an 8-bit colour file read as a grey
            photograph has uint16 pixels, so that its lightness is not rounded.
        alpha: (H, W) opacity, not premultiplied, uint8 if ``bit_depth`` is 8, else uint16; or None.
        bit_depth: 8 or 16, the depth of the source and of the output where the format allows.
        metadata: EXIF, XMP, resolution.
        was_colour: Whether the picture that was read is a colour photograph. A toned, faintly
            tinted or yellowed grey one is none; :mod:`.toning` says where the limit lies.
        icc: The profile that colour pixels are in, if it is not sRGB; see ``colours`` of
            :func:`~colorizer.photo.read`.
        pages: how many pictures the file has that can be read (pages of a TIFF); this is one.
        warnings: what is wrong with the picture, in plain sentences: parts that are damaged or
            missing, a colour profile that could not be read.
        picture: where on its mount the picture is, see :mod:`.mount`; None if it has none. The
            network is shown this part alone, and only this part is coloured.
        read_options: with which arguments :func:`~colorizer.photo.read` made it of a file (page,
            salvage, turn, negative, whole), those that are not the usual ones; :func:`write` adds
            them to the note, so that a result can be made again.

    Raises:
        ValueError: if shapes, types or depth do not fit together (a mistake of the program).
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    bit_depth: int = 8
    metadata: Metadata = field(default_factory=Metadata)
    was_colour: bool = False
    icc: bytes | None = None
    pages: int = 1
    warnings: tuple[str, ...] = ()
    picture: Box | None = None
    read_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pixels.ndim not in (2, 3) or (self.pixels.ndim == 3 and self.pixels.shape[2] != 3):
            raise ValueError(f"pixels must be (H, W) or (H, W, 3), not {self.pixels.shape}")
        if 0 in self.pixels.shape:
            raise ValueError(f"pixels must not be empty, but are {self.pixels.shape}")
        if self.pixels.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"pixels must be uint8 or uint16, not {self.pixels.dtype}")
        if self.bit_depth not in (8, 16):
            raise ValueError(f"bit_depth must be 8 or 16, not {self.bit_depth}")
        if self.alpha is not None:
            if self.alpha.shape != self.pixels.shape[:2]:
                raise ValueError(f"alpha {self.alpha.shape} does not fit {self.pixels.shape}")
            if self.alpha.dtype not in (np.uint8, np.uint16):
                raise ValueError(f"alpha must be uint8 or uint16, not {self.alpha.dtype}")

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    @property
    def is_grey(self) -> bool:
        """Whether the pixels are one channel."""
        return self.pixels.ndim == 2

    def lightness(self) -> NDArray[np.float32]:
        """CIE L* of a grey photograph, float32 (H, W), 0..100 (D65).

        Raises:
            ValueError: if the photograph is in colour.
        """
        if not self.is_grey:
            raise ValueError("lightness() is for grey photographs")
        return lightness_table(self.pixels.dtype.itemsize * 8).take(self.pixels)
