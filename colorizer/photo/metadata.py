"""What travels with a photograph besides its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from . import exif as exif_block
from . import xmp as xmp_packet
from .png_text import Text
from .provenance import Provenance


@dataclass(frozen=True)
class Metadata:
    """Metadata of the file that a photograph was read from, made ready to be written again.

    Attributes:
        exif: EXIF as a TIFF-structured block, without the ``Exif\\0\\0`` prefix that JPEG puts
            before it, without orientation and thumbnail. None if there is none.
        xmp: XMP packet (XML, UTF-8), without orientation and thumbnails, whole even where the
            file had it in parts. None if there is none.
        dpi: Pixels per inch, horizontally and vertically, after the orientation was applied.
        source_format: Format of the file: "JPEG", "TIFF", ...; empty for a photograph made in
            memory.
        photoshop: Photoshop image resources that hold IPTC-IIM and what belongs to it
            (photoshop.py). None if there are none.
        texts: Text chunks of a PNG.
        comments: Comments of a JPEG or GIF.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    source_format: str = ""
    photoshop: bytes | None = None
    texts: tuple[Text, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def provenance(self) -> Provenance | None:
        """The note of the run that gave the picture its colours, or None."""
        return xmp_packet.note(self.xmp)

    @property
    def is_own_result(self) -> bool:
        """Whether the metadata say that the picture was coloured by this software before.

        XMP or EXIF alone is enough, since many programs keep only one of them. A result that was
        written without a note cannot be told.
        """
        return self.provenance is not None or exif_block.has_note(self.exif)
