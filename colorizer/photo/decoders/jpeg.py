"""JPEG: Pillow's libjpeg-turbo, which undoes Adobe's inverted CMYK and refuses truncated files.

What Pillow does not read is decoded by imagecodecs: 12 bits and lossless by libjpeg-turbo 3,
JPEG-LS by CharLS. Pillow then sees only the header, for what travels with the picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ...errors import CorruptImage, UnsupportedImage
from .. import exif as exif_block
from .. import xmp as xmp_packet
from .base import Opened, Raster, Request, raster_of
from .jpeg_scan import END, Frame, check_scans, closed, damage, frame, has_end
from .jpeg_segments import found_in
from .scale import from_packed

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile

# Start-of-frame markers: baseline, extended, progressive, and their arithmetic-coded kin.
_DECODED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_BASELINE, _EXTENDED, _PROGRESSIVE, _LOSSLESS, _JPEG_LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
_FILLER = 0x08  # bits a sample, for Pillow


def open_jpeg(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a JPEG; see :class:`Opened`."""
    from PIL.JpegImagePlugin import JpegImageFile

    file.seek(0)
    head = frame(file)
    if head is None or not head.width or not head.height:
        raise CorruptImage(f"{name} is damaged: it has no JPEG picture header.")
    file.seek(0)
    check_scans(file, name)
    if head.marker in _DECODED and head.precision == 8:
        file.seek(0)
        image = JpegImageFile(file)
        load = _pillow(image, file, name, request)
    else:
        image, load = _other(head, file, name)
    if image.size != (head.width, head.height):
        raise CorruptImage(f"{name} is damaged: it gives two different sizes.")

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
        orientation=exif_block.orientation(directory),
    )


def _pillow(
    image: JpegImageFile, file: BinaryIO, name: str, request: Request
) -> Callable[[], Raster]:
    """Decodes what is whole, what lacks its end marker only, and what has broken parts."""
    from PIL.JpegImagePlugin import JpegImageFile

    def load() -> Raster:
        file.seek(0)
        data = file.read()
        picture = image
        cut = False
        if not has_end(data):
            examined = damage(data) == "cut"
            data, complete = closed(data)
            picture = JpegImageFile(io.BytesIO(data))
            cut = not (examined and complete) or damage(data) == "cut"
            if cut and not request.salvage:
                raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(damage, data)
            picture.load()
            samples = np.asarray(picture)
            broken = found.result() is not None
        warnings: tuple[str, ...] = ()
        if cut:
            warnings = (f"{name} is incomplete: what is missing of the picture is grey.",)
        elif broken:
            warnings = (f"{name} is damaged: parts of the picture are wrong.",)
        if picture.mode == "CMYK":
            return Raster(samples, "cmyk", None, 8, warnings)
        return replace(raster_of(samples), warnings=warnings)

    return load


def _other(head: Frame, file: BinaryIO, name: str) -> tuple[JpegImageFile, Callable[[], Raster]]:
    """The kinds that Pillow does not decode: (header for Pillow, decoder)."""
    from PIL.JpegImagePlugin import JpegImageFile

    kinds = {
        _JPEG_LS: range(2, 17),
        _LOSSLESS: range(2, 17),
        **dict.fromkeys((_BASELINE, _EXTENDED, _PROGRESSIVE), (12,)),
    }
    if head.precision not in kinds.get(head.marker, ()) or head.components not in (1, 3):
        raise UnsupportedImage(
            f"{name} is a rare kind of JPEG, which is not read; save it as TIFF or PNG."
        )
    file.seek(0)
    data = file.read()
    plain = bytearray(data)
    plain[head.start + 1], plain[head.start + 4] = _BASELINE, _FILLER
    image = JpegImageFile(io.BytesIO(plain))

    def load() -> Raster:
        import imagecodecs

        if not has_end(data):
            raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
        decode = imagecodecs.jpegls_decode if head.marker == _JPEG_LS else imagecodecs.jpeg8_decode
        # CharLS never comes back from damaged data behind which there is no end marker
        samples: np.ndarray[Any, Any] = decode(data + END)
        return raster_of(from_packed(samples, head.precision))

    return image, load
