"""JPEG 2000 through OpenJPEG (imagecodecs), which keeps up to 16 bits."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage, UnsupportedImage
from .. import exif as exif_block
from .. import photoshop
from .. import xmp as xmp_packet
from .base import Opened, Raster, Request, raster_of
from .jpeg2000_header import bare, has_end, read
from .scale import from_packed

_CMYK, _LAB = 12, 14
_MOST_COMPONENTS, _MOST_BITS = 4, 16


def open_jpeg2000(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a JPEG 2000; see :class:`Opened`.

    Raises:
        UnsupportedImage: if it has more than four components, samples of more than 16 bits or of
            different kinds, or Lab colours.
    """
    data = file.read()
    header = read(data)
    if header is None:
        raise CorruptImage(f"{name} is damaged: it has no JPEG 2000 picture header.")
    stream = header.codestream
    depth = abs(stream.depths[0]) if stream.depths else 0
    if (
        not 1 <= len(stream.depths) <= _MOST_COMPONENTS
        or len(set(stream.depths)) > 1
        or depth > _MOST_BITS
        or header.colour == _LAB
        or (header.palette and header.icc)
    ):
        raise UnsupportedImage(
            f"{name} is a rare kind of JPEG 2000, which is not read; save it as TIFF or PNG."
        )

    def load() -> Raster:
        import imagecodecs

        if not has_end(data):
            raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
        # a profile in the file would be applied, in 8 bits
        samples: NDArray[Any] = imagecodecs.jpeg2k_decode(bytes(bare(data)) if header.icc else data)
        if samples.dtype.kind == "i":
            samples = (samples.astype(np.int32) + (1 << (depth - 1))).astype(np.uint16)
        bits = samples.dtype.itemsize * 8 if header.palette else depth
        samples = from_packed(samples, bits)
        if header.colour == _CMYK and samples.shape[2:] == (4,):
            return Raster(samples, "cmyk", None, samples.dtype.itemsize * 8)
        return raster_of(samples)

    directory = exif_block.parse(header.exif)
    return Opened(
        stream.width,
        stream.height,
        load,
        icc=header.icc,
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(header.xmp),
        photoshop=header.iptc and photoshop.of_profile(header.iptc),
        dpi=exif_block.sensible_dpi(header.dpi) or exif_block.dpi(directory),
        orientation=exif_block.orientation(directory),
    )
