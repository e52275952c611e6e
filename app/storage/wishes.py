"""What a person wants of a photograph beside its settings: guidance, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from colorizer.errors import InvalidSetting
from colorizer.guidance import AMOUNT, Guidance, Hint, Words, amount_of
from colorizer.photo import WRITABLE_FORMATS

#: format -> (MIME type, suffix of a file's name)
MIMETYPES: Mapping[str, tuple[str, str]] = {
    "png": ("image/png", "png"),
    "jpeg": ("image/jpeg", "jpg"),
    "webp": ("image/webp", "webp"),
    "tiff": ("image/tiff", "tif"),
}


@dataclass(frozen=True)
class Guide:
    """What a person knows of one photograph: the library's guidance, the reference by its id.

    Attributes:
        hints: colours of some places.
        reference: id of another photograph of the same owner, or "".
        reference_amount: 0..1; how much of its palette is taken.
        words: what is on it, or None.

    Raises:
        InvalidGuidance: if there are too many hints, or the amount is out of range.
    """

    hints: tuple[Hint, ...] = ()
    reference: str = ""
    reference_amount: float = AMOUNT
    words: Words | None = None

    def __post_init__(self) -> None:
        Guidance(self.hints)
        amount_of(self.reference_amount)


#: what is asked for if a person knows nothing
UNGUIDED = Guide()


@dataclass(frozen=True)
class Output:
    """How a finished picture is to be written.

    Attributes:
        format: "png", "jpeg", "webp" or "tiff".
        quality: 1..100, of JPEG and WebP.
        bit_depth: 8, 16 (PNG and TIFF only), or None for the scan's own.
        provenance: whether the metadata say that the colours were added, and how.
        side_by_side: the grey photograph on the left of the coloured one.
        strip_private: leave out position, serial numbers, owner and thumbnail of the scan.

    Raises:
        InvalidSetting: if a value is not one of these.
    """

    format: str = "png"
    quality: int = 92
    bit_depth: int | None = None
    provenance: bool = True
    side_by_side: bool = False
    strip_private: bool = False

    def __post_init__(self) -> None:
        if self.format not in WRITABLE_FORMATS:
            names = ", ".join(WRITABLE_FORMATS)
            raise InvalidSetting(f"format must be one of {names}, not {self.format!r}.")
        if not 1 <= self.quality <= 100:
            raise InvalidSetting(f"quality must be between 1 and 100, not {self.quality}.")
        if self.bit_depth not in (None, 8, 16):
            raise InvalidSetting(f"bit_depth must be 8 or 16, not {self.bit_depth}.")
        if self.bit_depth == 16 and self.format not in ("png", "tiff"):
            raise InvalidSetting(f"{self.format} has 8 bits only; choose png or tiff for 16 bits.")
