"""The chunks of a PNG, and what they hold besides the picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .. import photoshop, png_text
from ..png_text import Chunk, Text

SIGNATURE = b"\x89PNG\r\n\x1a\n"
AROUND = 12  # bytes of a chunk that are not its body

_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW = b"Raw profile type "
_RAW_EXIF, _RAW_IPTC, _RAW_XMP = (b"exif", b"APP1"), (b"iptc", b"8bim", b"IPTC", b"8BIM"), b"xmp"
_MAX_TEXTS = 1000
_MAX_TEXT_BYTES = 32 << 20
_MAX_UNUSABLE = 8  # each may have been unpacked to 16 MiB
_PACKED = (b"iCCP", b"zTXt", b"iTXt")


def chunks(
    data: memoryview, *, salvage: bool = False
) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield (type, body, whole chunk); stops at IEND or where the file ends too early.

    With ``salvage`` a chunk that the file does not hold to its end is the last one.
    """
    at = len(SIGNATURE)
    while at + AROUND <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + AROUND + length
        if end > len(data):
            if salvage:
                rest = data[at + 8 :]
                yield bytes(data[at + 4 : at + 8]), rest, memoryview(bytes(data[at:]) + bytes(4))
            return
        kind = bytes(data[at + 4 : at + 8])
        if kind == b"IEND":
            return
        yield kind, data[at + 8 : end - 4], data[at:end]
        at = end


@dataclass
class Found:
    """What the chunks said so far; of two of a kind the first counts, what is broken does not.

    The first thousand texts are read, and up to 32 MiB; after eight chunks that could not be
    unpacked, because they are broken or too large, no other is. ImageMagick's copy of the
    orientation is left out: the picture is turned.

    ``cicp`` are the four numbers of cICP, ``srgb`` is whether there is an sRGB chunk, and ``gamma``
    is that of gAMA, 0 without one.
    """

    icc: bytes | None = None
    cicp: bytes | None = None
    srgb: bool = False
    gamma: float = 0.0
    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes | None = None
    dpi: tuple[float, float] | None = None
    texts: list[Text] = field(default_factory=list)
    _room: int = _MAX_TEXT_BYTES
    _unusable: int = 0

    def take(self, kind: bytes, body: memoryview) -> None:
        """Look at one chunk."""
        if kind in _PACKED and self._unusable >= _MAX_UNUSABLE:
            return
        if kind == b"eXIf":
            self.exif = self.exif or bytes(body)
        elif kind == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = struct.unpack(">II", body[:8])
            self.dpi = (x * 0.0254, y * 0.0254)
        elif kind == b"iCCP":
            name, _, _ = bytes(body[:80]).partition(b"\0")
            if self.icc is None:
                self.icc = png_text.inflate(body[len(name) + 2 :])
                self._unusable += self.icc is None
        elif kind == b"cICP" and len(body) == 4:
            self.cicp = self.cicp or bytes(body)
        elif kind == b"gAMA" and len(body) == 4:
            self.gamma = self.gamma or int.from_bytes(body, "big") / 100_000
        elif kind == b"sRGB":
            self.srgb = True
        elif self._room > 0:
            chunk = png_text.parse(kind, body)
            if chunk is not None:
                self._take_text(chunk)
            elif kind in _PACKED:
                self._unusable += 1

    def _take_text(self, chunk: Chunk) -> None:
        self._room -= len(chunk.data)
        if chunk.keyword == _XMP_KEYWORD:
            self.xmp = self.xmp or chunk.data
        elif chunk.keyword.startswith(_RAW):
            name, data = chunk.keyword[len(_RAW) :], png_text.profile_data(chunk.data)
            if data and name in _RAW_EXIF:
                self.exif = self.exif or data
            elif data and name == _RAW_XMP:
                self.xmp = self.xmp or data
            elif data and name in _RAW_IPTC:
                self.photoshop = self.photoshop or photoshop.of_profile(data)
        elif (
            self._room >= 0
            and len(self.texts) < _MAX_TEXTS
            and not chunk.keyword.endswith(b":Orientation")
        ):
            self.texts.append(chunk.text())
