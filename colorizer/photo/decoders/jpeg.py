"""JPEG: Pillow's libjpeg-turbo, which undoes Adobe's inverted CMYK and refuses truncated files."""

from __future__ import annotations

import io
from typing import BinaryIO, NamedTuple

import numpy as np

from ...errors import CorruptImage, UnsupportedImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from .base import Opened, Raster, raster_of
from .jpeg_segments import found_in

# Start-of-frame markers: baseline, extended, progressive, and their arithmetic-coded kin.
_DECODED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BARE = {0x01, *range(0xD0, 0xD9)}


class Frame(NamedTuple):
    """What the start-of-frame segment says."""

    marker: int
    precision: int
    height: int
    width: int
    components: int


def frame(file: BinaryIO) -> Frame | None:
    """Walk the segments of a JPEG to its frame header; None if there is none before the data."""
    if file.read(2) != b"\xff\xd8":
        return None
    while True:
        byte = file.read(1)
        if not byte:
            return None
        if byte != b"\xff":
            continue
        marker = file.read(1)
        while marker == b"\xff":
            marker = file.read(1)
        if not marker:
            return None
        code = marker[0]
        if code == 0 or code in _BARE:
            continue
        if code in (0xD9, 0xDA):
            return None
        size = int.from_bytes(file.read(2), "big")
        if size < 2:
            return None
        if code not in _FRAMES:
            file.seek(size - 2, io.SEEK_CUR)
            continue
        body = file.read(6)
        if len(body) < 6:
            return None
        return Frame(
            code,
            body[0],
            int.from_bytes(body[1:3], "big"),
            int.from_bytes(body[3:5], "big"),
            body[5],
        )


def open_jpeg(file: BinaryIO, name: str) -> Opened:
    """Read the header of a JPEG; see :class:`Opened`."""
    from PIL.JpegImagePlugin import JpegImageFile

    file.seek(0)
    head = frame(file)
    if head is None or not head.width or not head.height:
        raise CorruptImage(f"{name} is damaged: it has no JPEG picture header.")
    if head.marker not in _DECODED or head.precision != 8:
        raise UnsupportedImage(
            f"{name} is a lossless or 12-bit JPEG, which is not read; save it as TIFF or PNG."
        )
    file.seek(0)
    image = JpegImageFile(file)
    if image.size != (head.width, head.height):
        raise CorruptImage(f"{name} is damaged: it gives two different sizes.")

    def load() -> Raster:
        image.load()
        samples = np.asarray(image)
        if image.mode == "CMYK":
            return Raster(samples, "cmyk", None, 8)
        return raster_of(samples)

    directory = exif_block.parse(image.info.get("exif"))
    found = found_in(image.applist)
    density = image.info.get("jfif_density") if image.info.get("jfif_unit") in (1, 2) else None
    if density and image.info["jfif_unit"] == 2:
        density = (density[0] * 2.54, density[1] * 2.54)
    return Opened(
        head.width,
        head.height,
        load,
        icc=image.info.get("icc_profile"),
        exif=exif_block.clean(directory),
        xmp=xmp_packet.clean(found.xmp),
        photoshop=found.photoshop,
        comments=found.comments,
        dpi=exif_block.resolution(directory, density),
        orientation=exif_block.orientation(directory) or xmp_packet.orientation(found.xmp) or 1,
    )
