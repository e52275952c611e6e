"""TIFF and BigTIFF, first page, through tifffile, which keeps every depth.

TIFF 6.0 with its technical notes. What tifffile leaves undone is done here: white-is-zero,
palettes, premultiplied alpha, odd depths. Only the codecs of ``_CODECS`` are reachable.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage, UnsupportedImage
from ...threads import processors
from .. import exif as exif_block
from .. import ifd, photoshop
from .. import xmp as xmp_packet
from .base import Model, Opened, Raster, unmultiply
from .jpeg import frame
from .scale import from_float, from_integer, from_packed

_ICC, _XMP, _IPTC, _PHOTOSHOP = 34675, 700, 33723, 34377
_DNG_VERSION, _SUBFILE_TYPE, _SUB_IFDS = 50706, 254, 330
# None, CCITT (3), LZW, old and new JPEG, deflate (2), PackBits, LZMA, Zstandard.
_CODECS = {1, 2, 3, 4, 5, 6, 7, 8, 32946, 32773, 34925, 50000}
_JPEG_CODECS = {6, 7}
_MAX_METADATA = 32 << 20
_MAX_SAMPLES = 8
_WHITE_IS_ZERO, _PALETTE, _YCBCR, _CIELAB = 0, 3, 6, 8
# Photometric interpretation -> colour model and number of its channels.
_MODELS: dict[int, tuple[Model, int]] = {
    0: ("grey", 1), 1: ("grey", 1), 2: ("rgb", 3), 3: ("grey", 1), 4: ("grey", 1),
    5: ("cmyk", 4), 6: ("rgb", 3), 8: ("lab", 3), 9: ("lab", 3), 10: ("lab", 3),
}  # fmt: skip


def open_tiff(file: BinaryIO, name: str) -> Opened:
    """Read the first directory of a TIFF; see :class:`Opened`."""
    import tifffile

    def read_at(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    directory = ifd.read(read_at, max_value=_MAX_METADATA)
    if directory is None or not directory.main:
        raise CorruptImage(f"{name} is damaged: it has no TIFF directory.")
    _refuse_raw(directory, read_at(8, 2), name)
    file.seek(0)
    page = tifffile.TiffFile(file).pages[0]
    if not isinstance(page, tifffile.TiffPage):
        raise CorruptImage(f"{name} is damaged: it has no first page.")
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
        orientation=exif_block.orientation(directory) or xmp_packet.orientation(xmp) or 1,
    )


def _refuse_raw(directory: ifd.Directory, mark: bytes, name: str) -> None:
    """Camera raw files are TIFFs whose first page is a thumbnail or a sensor mosaic."""
    reduced = (directory.number(directory.main, _SUBFILE_TYPE) or 0) & 1
    if mark == b"CR" or _DNG_VERSION in directory.main or (reduced and _SUB_IFDS in directory.main):
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
    photometric = int(page.photometric)
    _check_segments(page, file, name)
    if photometric == _YCBCR and int(page.compression) not in _JPEG_CODECS:
        return _load_ycbcr(page, file, name)
    samples = page.asarray(maxworkers=processors())
    samples = samples.reshape(page.shaped[0], *page.shaped[2:])  # planes, rows, columns, samples
    samples = samples[0] if samples.shape[0] == 1 else np.moveaxis(samples[..., 0], 0, -1)
    model, channels = _MODELS[photometric]
    if photometric == _PALETTE:
        return _from_palette(samples, page, name)
    alpha = samples[..., channels : channels + 1]
    depth = 8 if samples.dtype.kind in "bu" and page.bitspersample <= 8 else 16
    colour = _full_range(samples[..., :channels], page.bitspersample)
    if photometric == _WHITE_IS_ZERO:
        colour = np.invert(colour)
    if photometric == _CIELAB:  # a* and b* are signed there
        middle = (np.iinfo(colour.dtype).max >> 1) + 1
        colour = colour ^ np.array([0, middle, middle], colour.dtype)
    opacity = None
    kinds = tuple(int(e) for e in page.extrasamples)
    if alpha.size and kinds and kinds[0] in (1, 2):  # 1 premultiplied, 2 not
        opacity = np.ascontiguousarray(_full_range(alpha, page.bitspersample)[..., 0])
        if kinds[0] == 1:
            colour = unmultiply(colour, opacity)
    if channels == 1:
        colour = colour[..., 0]
    return Raster(colour, model, opacity, depth)


def _full_range(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    if samples.dtype.kind == "f":
        return from_float(samples)
    if samples.dtype.kind == "i" or bits > 16:
        return from_integer(samples)
    return from_packed(samples, bits)


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
    samples = imagecodecs.tiff_decode(file.read(), 0, asrgb=True)
    if samples.shape[:2] != (page.imagelength, page.imagewidth) or samples.dtype != np.uint8:
        raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
    return Raster(samples[..., :3], "rgb", None, 8)


def _check_segments(page: Any, file: BinaryIO, name: str) -> None:
    """Strips and tiles must lie within the file: tifffile would fill missing ones with black."""
    size = file.seek(0, io.SEEK_END)
    offsets, counts = page.dataoffsets, page.databytecounts
    expected = int(np.prod(page.chunked))
    if len(offsets) < expected or len(counts) < expected:
        raise CorruptImage(f"{name} is damaged: it lists fewer strips than the picture has.")
    for offset, count in zip(offsets[:expected], counts[:expected], strict=True):
        if count <= 0 or offset <= 0 or offset + count > size:
            raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
    if page.chunks[0] * page.chunks[1] > max(4 * page.imagelength * page.imagewidth, 1 << 22):
        raise CorruptImage(f"{name} is damaged: its tiles are larger than the picture.")
    if int(page.compression) in _JPEG_CODECS:
        _check_jpeg_segments(page, file, name, expected)


def _check_jpeg_segments(page: Any, file: BinaryIO, name: str, expected: int) -> None:
    """A JPEG inside must not be larger than its strip: its size is a second, hidden header."""
    rows, columns = page.chunks[:2]
    limit = (rows + 64) * (columns + 64)
    for offset in page.dataoffsets[:expected]:
        file.seek(offset)
        head = frame(file)
        if head is not None and head.width * head.height > limit:
            raise CorruptImage(f"{name} is damaged: a part of it claims to be larger than it is.")
