"""TIFF and BigTIFF through tifffile, which keeps every depth.

TIFF 6.0 with its technical notes. What tifffile leaves undone is done here: white-is-zero,
palettes, premultiplied alpha, odd depths. Only the codecs of ``_CODECS`` are reachable.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage, UnsupportedImage
from ...threads import processors
from .. import exif as exif_block
from .. import ifd, photoshop
from .. import xmp as xmp_packet
from . import tiff_segments as segments
from .base import Model, Opened, Raster, Request, unmultiply
from .scale import Limits, from_float, from_integer, from_packed
from .tiff_pages import is_reduced, pictures

_ICC, _XMP, _IPTC, _PHOTOSHOP = 34675, 700, 33723, 34377
_DNG_VERSION, _SUB_IFDS = 50706, 330
_MAX_SAMPLE_VALUE, _S_MIN_SAMPLE_VALUE, _S_MAX_SAMPLE_VALUE = 281, 340, 341
# None, CCITT (3), LZW, deflate (2), PackBits, LZMA, Zstandard; and whole pictures.
_CODECS = {1, 2, 3, 4, 5, 8, 32946, 32773, 34925, 50000} | segments.PICTURES
_MAX_METADATA = 32 << 20
_MAX_SAMPLES = 8
_WHITE_IS_ZERO, _PALETTE, _YCBCR, _CIELAB = 0, 3, 6, 8
# Photometric interpretation -> colour model and number of its channels.
_MODELS: dict[int, tuple[Model, int]] = {
    0: ("grey", 1), 1: ("grey", 1), 2: ("rgb", 3), 3: ("grey", 1), 4: ("grey", 1),
    5: ("cmyk", 4), 6: ("rgb", 3), 8: ("lab", 3), 9: ("lab", 3), 10: ("lab", 3),
}  # fmt: skip


def open_tiff(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read a directory of a TIFF; see :class:`Opened`."""
    import tifffile

    def read_at(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    try:
        places = pictures(read_at)
    except ValueError as error:
        raise CorruptImage(f"{name} is damaged: its directories lie one over another.") from error
    if not places:
        raise CorruptImage(f"{name} is damaged: it has no TIFF directory.")
    place = places[min(max(request.page, 1), len(places)) - 1]
    directory = ifd.read(read_at, max_value=_MAX_METADATA, at=place.offset)
    assert directory is not None
    _refuse_raw(read_at, name)
    file.seek(0)
    page = tifffile.TiffFile(file).pages[place.index]
    if not isinstance(page, tifffile.TiffPage) or page.offset != place.offset:
        raise CorruptImage(f"{name} is damaged: it has no page {request.page}.")
    _refuse_variants(page, name)
    profile, xmp, iptc, resources = (
        entry.data if entry else None
        for entry in map(directory.main.get, (_ICC, _XMP, _IPTC, _PHOTOSHOP))
    )
    return Opened(
        page.imagewidth,
        page.imagelength,
        lambda: _load(page, file, name),
        icc=profile,
        exif=exif_block.clean(directory, of_tiff=True),
        xmp=xmp_packet.clean(xmp),
        photoshop=photoshop.of_tiff(iptc, resources),
        dpi=exif_block.dpi(directory),
        orientation=exif_block.orientation(directory),
        pages=len(places),
    )


def _refuse_raw(read_at: ifd.ReadAt, name: str) -> None:
    """Camera raw files are TIFFs whose first page is a thumbnail or a sensor mosaic."""
    first = ifd.read(read_at)
    assert first is not None
    thumbnail_first = is_reduced(first) and _SUB_IFDS in first.main
    if read_at(8, 2) == b"CR" or _DNG_VERSION in first.main or thumbnail_first:
        raise UnsupportedImage(
            f"{name} is a camera raw file, which is not read; develop it to TIFF, PNG or JPEG."
        )


def _refuse_variants(page: Any, name: str) -> None:
    if int(page.compression) not in _CODECS:
        raise UnsupportedImage(
            f"{name} uses a compression that is not read ({page.compression}); save it with LZW, "
            "deflate or none."
        )
    if not (isinstance(page.imagewidth, int) and isinstance(page.imagelength, int)):
        raise CorruptImage(f"{name} is damaged: its header gives no possible size.")
    model = _MODELS.get(int(page.photometric))
    kind = page.dtype
    if (
        model is None
        or page.imagedepth != 1
        or kind is None
        or kind.kind not in "buif"
        or not model[1] <= page.samplesperpixel <= _MAX_SAMPLES
        or (int(page.photometric) == _PALETTE and page.bitspersample > 16)
    ):
        raise UnsupportedImage(f"{name} is a kind of TIFF that is not read; save it as plain RGB.")


def _load(page: Any, file: BinaryIO, name: str) -> Raster:
    photometric, compression = int(page.photometric), int(page.compression)
    segments.check(page, file, name)
    if photometric == _YCBCR and compression not in segments.PICTURES:
        return _load_ycbcr(page, file, name)
    samples = page.asarray(maxworkers=processors())
    samples = samples.reshape(page.shaped[0], *page.shaped[2:])  # planes, rows, columns, samples
    samples = samples[0] if samples.shape[0] == 1 else np.moveaxis(samples[..., 0], 0, -1)
    model, channels = _MODELS[photometric]
    if photometric == _PALETTE:
        return _from_palette(samples, page, name)
    alpha = samples[..., channels : channels + 1]
    colour = _full_range(samples[..., :channels], page)
    if photometric == _WHITE_IS_ZERO:
        colour = np.invert(colour)
    if photometric == _CIELAB:  # a* and b* are signed there
        middle = (np.iinfo(colour.dtype).max >> 1) + 1
        colour = colour ^ np.array([0, middle, middle], colour.dtype)
    opacity = None
    kinds = tuple(int(e) for e in page.extrasamples)
    if alpha.size and kinds and kinds[0] in (1, 2):  # 1 premultiplied, 2 not
        opacity = np.ascontiguousarray(_full_range(alpha, page)[..., 0])
        if kinds[0] == 1:
            colour = unmultiply(colour, opacity)
    if channels == 1:
        colour = colour[..., 0]
    return Raster(colour, model, opacity, colour.dtype.itemsize * 8)


def _full_range(samples: NDArray[Any], page: Any) -> NDArray[Any]:
    bits = int(page.bitspersample)
    if samples.dtype.kind == "f":
        return from_float(samples, _limits(page))
    if samples.dtype.kind == "i" or bits > 16:
        return from_integer(samples, _limits(page))
    white = page.tags.valueof(_MAX_SAMPLE_VALUE, page.tags.valueof(_S_MAX_SAMPLE_VALUE))
    return from_packed(samples, bits, _white(white, bits))


def _limits(page: Any) -> Limits | None:
    """Black and white as the file says: S(igned)MinSampleValue and SMaxSampleValue (340, 341)."""
    low, high = (
        np.atleast_1d(np.asarray(page.tags.valueof(tag, np.nan), np.float64))
        for tag in (_S_MIN_SAMPLE_VALUE, _S_MAX_SAMPLE_VALUE)
    )
    if not low.size or not high.size:
        return None
    black, white = float(low.min()), float(high.max())
    return (black, white) if np.isfinite([black, white]).all() and black < white else None


def _white(value: Any, bits: int) -> int | None:
    """MaxSampleValue (281) of samples that have fewer bits than they are stored with.

    Other numbers are the brightest that occur in the picture, which TIFF 6.0 allows as well.
    """
    value = max(value) if isinstance(value, tuple) and value else value
    whites = [(1 << fewer) - 1 for fewer in range(9, bits)]
    return int(value) if value in whites else None


def _from_palette(samples: NDArray[Any], page: Any, name: str) -> Raster:
    """The palette holds 16-bit red, green and blue; files that wrote 8-bit ones exist."""
    palette = page.colormap
    if palette is None or palette.ndim != 2 or palette.shape[0] != 3:
        raise CorruptImage(f"{name} is damaged: it has no palette.")
    colours = palette.T.astype(np.uint32)
    if colours.max() > 255:
        colours >>= 8  # right whether 8-bit values were multiplied by 256 or by 257
    index = samples[..., 0].astype(np.intp)
    return Raster(colours.astype(np.uint8).take(index, axis=0, mode="clip"), "rgb", None, 8)


def _load_ycbcr(page: Any, file: BinaryIO, name: str) -> Raster:
    """YCbCr outside JPEG, subsampled as it may be: libtiff turns it into 8-bit RGB."""
    import imagecodecs

    file.seek(0)
    samples = imagecodecs.tiff_decode(file.read(), page.index, asrgb=True)
    if samples.shape[:2] != (page.imagelength, page.imagewidth) or samples.dtype != np.uint8:
        raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
    return Raster(samples[..., :3], "rgb", None, 8)
