"""Reading a photograph file into a grey :class:`~colorizer.photo.Photo`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    CorruptImage,
    ImageTooLarge,
    InvalidSetting,
    UnsuitableInput,
    UnsupportedImage,
)
from ..special_files import special_kind
from . import colours as file_colours
from . import icc, memory, orientation, xmp
from .decoders import opener
from .decoders.base import Opened, Raster, Request
from .formats import SNIFF_BYTES, foreign_kind, sniff
from .guard import UnreadableFile, decoding
from .metadata import Metadata
from .mount import find_picture
from .photo import Photo
from .provenance import Provenance
from .srgb import grey_of_lightness_table, luminance

if TYPE_CHECKING:
    from PIL.Image import Image

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | NDArray[Any] | Image"

MAX_PIXELS = 100_000_000
#: arguments of :func:`read` that make another picture of the same file
_USUAL = {"page": 1, "salvage": False, "turn": 0, "negative": False, "whole": False}


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before a pixel is decoded; sizes in px, upright.

    ``pages`` is how many pictures it has that can be read; see :func:`read`.
    """

    format: str
    width: int
    height: int
    pages: int = 1


def read(
    source: Source,
    *,
    max_pixels: int = MAX_PIXELS,
    page: int = 1,
    salvage: bool = False,
    colours: bool = False,
    turn: int = 0,
    negative: bool = False,
    whole: bool = False,
) -> Photo:
    """Read a photograph as grey: upright, in sRGB encoding, with alpha and metadata kept apart.

    The format is recognised by content. EXIF orientation is applied once; an embedded ICC profile
    is converted to sRGB (a broken one is ignored); colour is reduced to its luminance (CIE Y from
    linear sRGB, D65). Of animations the first picture is read.

    Args:
        source: One of

            - a path, the bytes of a file, or a binary file open for reading (read from its
              position to its end; left open);
            - a NumPy array (H, W), (H, W, 3) or (H, W, 4), the last with opacity: uint8 or uint16
              in full range, or float in 0..1, sRGB-encoded; it is copied;
            - a picture of Pillow, in a mode that is grey, RGB (with or without opacity), CMYK,
              YCbCr, HSV, a palette, "I" or "I;16" in 0..65535, or "F" in 0..1.
        max_pixels: Largest width x height; checked on the header, before any pixel is decoded.
        page: Which picture of a TIFF, from 1; thumbnails and masks beside a picture do not count.
        salvage: Give also the part that is there of a truncated JPEG or PNG; ``warnings`` of the
            photograph say so.
        colours: Keep the colours of a colour file instead, for :func:`write`; such a photograph
            cannot be coloured.
        turn: Degrees clockwise, 0, 90, 180 or 270, by which a picture is turned further: for a
            scan that lies on its side, which the network would hardly recognise.
        negative: The scan is of a negative: each sample v becomes white - v, in every channel, so
            that what is dark is bright; its opacity stays.
        whole: Take a mount or border for a part of the picture; otherwise it is looked for, and
            ``picture`` of the photograph says where it ends (:mod:`.mount`).

    Returns:
        A photograph of shape (H, W), whose ``was_colour`` tells whether it came from a colour
        photograph, and whose ``warnings`` say what is damaged in it. With ``colours`` the shape is
        (H, W, 3) if the file is not grey: samples and ``icc`` of an RGB file as they are, others
        converted to sRGB.

        Grey 8-bit files keep their uint8 values exactly, and grey 16-bit files their uint16
        values. Colour files and files whose profile was converted give uint16, ``bit_depth`` being
        that of the file (8 up to 8 bits, otherwise 16; floating point counts as 16; see
        :mod:`.decoders.scale` for what is black and white in it).

    Raises:
        UnsupportedImage: not a picture, or of a kind that is not read.
        ImageTooLarge: more pixels than ``max_pixels``, or than memory can hold.
        CorruptImage: damaged, truncated or lying.
        UnreadableFile: missing, a folder, a pipe or a device, closed, or no permission (also an
            :class:`OSError`).
        UnsuitableInput: the source is none of these (also a :class:`TypeError`).
        InvalidSetting: there is no such page, ``turn`` is none of the four, or ``max_pixels`` is
            no number.
    """
    request = Request(page, salvage)
    with _opened(source, request, turn) as (opened, name, source_format), decoding(name):
        _check_size(opened, name, max_pixels)
        raster = opened.load()
        if raster.samples.shape[:2] != (opened.height, opened.width):
            raise CorruptImage(f"{name} is damaged: its size does not fit its header.")
        kept = file_colours.with_colours(raster, opened.icc) if colours else None
        pixels, profile = kept or (_grey(raster, opened.icc), None)
        stored, alpha, dpi = opened.orientation, raster.alpha, opened.dpi
        if dpi is not None and stored in orientation.SWAPS_SIDES:
            dpi = (dpi[1], dpi[0])
        pixels = orientation.upright(pixels, stored)
        if negative:
            pixels = np.invert(pixels)
        return Photo(
            pixels=pixels,
            alpha=None if alpha is None else orientation.upright(alpha, stored),
            bit_depth=raster.bit_depth,
            metadata=Metadata(
                opened.exif,
                opened.xmp,
                dpi,
                source_format,
                opened.photoshop,
                opened.texts,
                opened.comments,
            ),
            pages=opened.pages,
            warnings=raster.warnings,
            was_colour=file_colours.is_colour(raster, opened.icc),
            icc=profile,
            picture=None if whole or colours else find_picture(pixels),
            read_options=_unusual(page, salvage, turn, negative, whole),
        )


def _unusual(
    page: int, salvage: bool, turn: int, negative: bool, whole: bool
) -> dict[str, int | bool]:
    """Those of the arguments of :func:`read` that are not the usual ones."""
    flags = {"salvage": bool(salvage), "negative": bool(negative), "whole": bool(whole)}
    said = {**flags, "page": int(page), "turn": int(turn)}
    return {name: value for name, value in said.items() if value != _USUAL[name]}


def probe(
    source: Source,
    *,
    max_pixels: int = MAX_PIXELS,
    page: int = 1,
    salvage: bool = False,
    turn: int = 0,
    negative: bool = False,
    whole: bool = False,
) -> Header:
    """Recognise a file by its content and read its header; pixels are not decoded.

    Args:
        source: as for :func:`read`.
        max_pixels: largest width x height.
        page, salvage, turn, negative, whole: as for :func:`read`.

    Raises:
        UnsupportedImage, ImageTooLarge, CorruptImage, UnreadableFile, InvalidSetting: as
            :func:`read`. A file that passes may still turn out to be damaged when its pixels are
            decoded.
    """
    with _opened(source, Request(page, salvage), turn) as (opened, name, source_format):
        _check_size(opened, name, max_pixels)
        width, height = opened.width, opened.height
        if opened.orientation in orientation.SWAPS_SIDES:
            width, height = height, width
        return Header(source_format, width, height, opened.pages)


def provenance_of(source: Source) -> Provenance | None:
    """The note that :func:`write` left in a file, or None; pixels are not decoded.

    Raises:
        UnsupportedImage, CorruptImage, UnreadableFile: as :func:`read`.
    """
    with _opened(source, Request()) as (opened, _, _):
        return xmp.note(opened.xmp)


def _check_size(opened: Opened, name: str, max_pixels: int) -> None:
    if not hasattr(max_pixels, "__float__"):
        raise InvalidSetting(f"max_pixels must be a number, not {max_pixels!r}.")
    width, height = opened.width, opened.height
    if width < 1 or height < 1:
        raise CorruptImage(f"{name} is damaged: it claims to be {width} x {height} pixels large.")
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"{name} has {width} x {height} = {width * height:,} pixels, "
            f"but the limit is {max_pixels:,}."
        )


def _check_page(opened: Opened, name: str, page: int) -> None:
    if not 1 <= page <= opened.pages:
        count = "1 page" if opened.pages == 1 else f"{opened.pages} pages"
        raise InvalidSetting(f"{name} has {count}; there is no page {page}.")


@contextmanager
def _opened(source: Source, request: Request, turn: int = 0) -> Iterator[tuple[Opened, str, str]]:
    """Open, recognise, and read the header: (opened, name for messages, format)."""
    if turn not in orientation.TURNS:
        turns = ", ".join(map(str, orientation.TURNS))
        raise InvalidSetting(f"turn must be one of {turns} degrees, not {turn!r}.")
    if not hasattr(request.page, "__index__"):
        raise InvalidSetting(f"page must be a whole number, not {request.page!r}.")
    in_memory = memory.opened(source)
    if in_memory is not None:
        _check_page(in_memory[0], memory.NAME, request.page)
        yield _turned(in_memory[0], turn), memory.NAME, in_memory[1]
        return
    with _file_of(source) as (file, name):
        with decoding(name):
            head = file.read(SNIFF_BYTES)
            file.seek(0)
        if not head:
            raise CorruptImage(f"{name} is empty.")
        source_format = sniff(head)
        if source_format is None:
            kind = foreign_kind(head)
            raise UnsupportedImage(
                f"{name} is {kind}, which is not read; save it as TIFF, PNG or JPEG."
                if kind
                else f"{name} is not a picture of a format that can be read."
            )
        with decoding(name):
            opened = opener(source_format)(file, name, request)
        _check_page(opened, name, request.page)
        yield _turned(opened, turn), name, source_format


def _turned(opened: Opened, degrees: int) -> Opened:
    return replace(opened, orientation=orientation.turned(opened.orientation, degrees))


@contextmanager
def _file_of(source: Source) -> Iterator[tuple[BinaryIO, str]]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source), memory.NAME
        return
    if isinstance(source, str) and not source:
        raise UnreadableFile("No file was named: the path is empty.")
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        kind = special_kind(path)
        if kind is not None:
            raise UnreadableFile(f"{path} is {kind}, not a picture.")
        try:
            file = path.open("rb")
        except OSError as error:
            raise _unreadable(path, error) from error
        except ValueError as error:  # a NUL in the name
            raise UnreadableFile(f"{str(source)!r} is not a possible file name.") from error
        with file:
            yield file, path.name
        return
    reader: Callable[[], object] | None = getattr(source, "read", None)
    if reader is None:
        raise UnsuitableInput(
            f"An object of type {type(source).__name__} cannot be read as a picture: give a path, "
            "bytes, a binary file, a NumPy array or a picture of Pillow."
        )
    name = getattr(source, "name", None)
    name = Path(name).name if isinstance(name, str) else memory.NAME
    if getattr(source, "closed", False) is True:
        raise UnreadableFile(f"{name} has been closed; give it while it is open.")
    with decoding(name):
        data = reader()
        if not isinstance(data, bytes | bytearray | memoryview):
            raise UnsuitableInput(f"{name} is open as text; open it as binary ('rb').")
    yield io.BytesIO(data), name


def _unreadable(path: Path, error: OSError) -> UnreadableFile:
    if isinstance(error, FileNotFoundError):
        text = f"There is no file {path}."
    elif isinstance(error, IsADirectoryError):
        text = f"{path} is a folder, not a picture."
    elif isinstance(error, PermissionError):
        text = f"You are not allowed to read {path}."
    else:
        text = f"{path} cannot be opened ({error.strerror or error})."
    result = UnreadableFile(text)
    result.errno = error.errno
    return result


def _grey(raster: Raster, profile: bytes | None) -> NDArray[Any]:
    """One sRGB-encoded channel of the same luminance as the decoded samples."""
    samples = raster.samples
    bits = samples.dtype.itemsize * 8
    if raster.model == "grey":
        curve = icc.grey_curve(profile, bits)
        return np.ascontiguousarray(samples) if curve is None else curve.take(samples)
    if raster.model == "lab":
        return grey_of_lightness_table(bits).take(samples[..., 0])
    convert = icc.luminance_function(profile, raster.model, bits)
    if raster.model == "cmyk":
        convert = convert or icc.unprofiled_cmyk
    return luminance(samples, convert)
