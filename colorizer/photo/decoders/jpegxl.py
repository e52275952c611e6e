"""JPEG XL through libjxl (imagecodecs), which keeps up to 16 bits and turns the picture upright."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

from numpy.typing import NDArray

from ...errors import CorruptImage, UnsupportedImage
from ...threads import processors
from .. import exif as exif_block
from .. import orientation
from .. import xmp as xmp_packet
from ..icc import made_profile
from . import hdr
from .base import Opened, Raster, Request, raster_of, unmultiplied
from .boxes import boxes
from .jpegxl_header import Header, read
from .scale import from_float, from_packed

_DCI_GAMMA = 2.6
_MOST_BITS = 16
_MOST_METADATA = 16 << 20


def open_jpegxl(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a JPEG XL; see :class:`Opened`. Of an animation the first frame is read.

    Raises:
        UnsupportedImage: if it is an HDR picture, or has integer samples of more than 16 bits.
    """
    data = file.read()
    header = read(data)
    if header is None:
        raise CorruptImage(f"{name} is damaged: it has no JPEG XL picture header.")
    if header.gamma is None and not header.profile:
        hdr.refuse(name, header.transfer)
    if header.bits > _MOST_BITS and not header.floating:
        raise UnsupportedImage(
            f"{name} has {header.bits} bits for each sample, which are not read; save it with 16."
        )
    exif, packet = _metadata(data)
    directory = exif_block.parse(exif)
    width, height = header.width, header.height
    if header.orientation in orientation.SWAPS_SIDES:
        width, height = height, width
    warnings: tuple[str, ...] = ()
    if header.profile:
        warnings = (f"{name} has a colour profile that cannot be read: its tones may be off.",)
    return Opened(
        width,
        height,
        lambda: replace(_load(data, header), warnings=warnings),
        icc=_profile(header),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(packet),
        dpi=exif_block.dpi(directory),
    )


def _load(data: bytes, header: Header) -> Raster:
    import imagecodecs

    samples: NDArray[Any] = imagecodecs.jpegxl_decode(data, 0, numthreads=processors())
    if header.grey and header.extra and not header.alpha:
        samples = samples[0]  # planes, of which the others are no picture
    if samples.dtype.kind == "f":
        samples = from_float(samples, linear=header.transfer == "linear")
    else:
        samples = from_packed(samples, header.bits)
    raster = raster_of(samples)
    return unmultiplied(raster) if header.premultiplied else raster


def _profile(header: Header) -> bytes | None:
    """The colour encoding as a profile; None is sRGB, or unknown."""
    space = "gray" if header.grey else "rgb"
    if header.profile or header.transfer == "unknown":
        return None
    gamma = {"linear": 1.0, "DCI": _DCI_GAMMA}.get(header.transfer)
    if header.transfer == "linear" and header.floating:
        gamma = None  # it was encoded before it lost its fractions
    if header.gamma is not None:
        gamma = 1 / header.gamma if header.gamma else None
    if gamma is None and header.primaries is None:
        return None
    return made_profile(space, gamma, header.primaries)


def _metadata(data: bytes) -> tuple[bytes | None, bytes | None]:
    """EXIF and XMP of a file; both may be compressed."""
    found: dict[bytes, bytes] = {}
    if data[4:8] != b"JXL ":
        return None, None
    for kind, body in boxes(data):
        content: bytes | None = None
        if kind == b"brob" and bytes(body[:4]) in (b"Exif", b"xml "):
            kind, content = bytes(body[:4]), _inflate(bytes(body[4:]))
        elif kind in (b"Exif", b"xml "):
            content = bytes(body)
        if content is not None:
            found.setdefault(kind, content)
    exif = found.get(b"Exif", b"")
    if len(exif) < 4:
        return None, found.get(b"xml ")
    return exif[4 + struct.unpack_from(">I", exif)[0] :], found.get(b"xml ")


def _inflate(data: bytes) -> bytes | None:
    """At most 16 MiB; None if the data are broken or larger."""
    import imagecodecs

    with suppress(RuntimeError, ValueError):
        return bytes(imagecodecs.brotli_decode(data, out=_MOST_METADATA))
    return None
