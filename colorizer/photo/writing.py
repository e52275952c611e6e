"""Writing a :class:`~colorizer.photo.Photo` to a file, atomically, with its metadata."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ..atomic import atomic_file
from ..errors import ColorizerError, InvalidSetting, OutputError
from . import captions, exif, icc, private, xmp
from .encoders import encoder
from .encoders.base import Outgoing
from .formats import SIXTEEN_BIT_FORMATS, SUFFIX_TO_FORMAT, WRITABLE_FORMATS
from .guard import quiet
from .photo import Photo
from .provenance import Provenance
from .srgb import to_depth

Target = str | os.PathLike[str] | BinaryIO


def write(
    photo: Photo,
    target: Target,
    *,
    format: str | None = None,
    quality: int = 92,
    lossless: bool = False,
    bit_depth: int | None = None,
    provenance: Provenance | None = None,
    strip_private: bool = False,
) -> None:
    """Write a photograph with resolution, EXIF, XMP, captions and an sRGB profile.

    A path is written atomically: into a temporary file beside it, which then takes its name; when
    anything fails nothing is left behind and an older file stays as it was. Alpha is kept where
    the format has it; for JPEG the picture is laid on white. Sizes and resolution in EXIF and XMP
    are set to those of the picture, orientation is removed. Captions (IPTC-IIM, PNG text, comments)
    are kept where the format has them, and are also in XMP and EXIF where these were empty.

    Args:
        photo: Grey or colour.
        target: A path, or a binary file open for writing (left open).
        format: "png", "jpeg", "webp" or "tiff" (also "jpg", "tif"); None takes it from the name.
        quality: 1..100, for JPEG (always 4:4:4) and lossy WebP.
        lossless: WebP without loss; PNG and TIFF never lose anything.
        bit_depth: 8 or 16; None means the photograph's own where the format allows, otherwise 8.
        provenance: A note that the colours were added, into the history in XMP and EXIF; None
            writes no note. The photograph's ``read_options``, if there are any, are added to its
            settings, as "read".
        strip_private: Leave out where the picture was taken (GPS), serial numbers, the owner of
            the camera and what only its maker can read. Captions, creator and copyright stay.

    Raises:
        OutputError: unknown format, a depth or size that the format does not have, no permission,
            disk full, no such folder.
        InvalidSetting: quality or bit depth outside its range; ``lossless`` for JPEG.
    """
    kind = _format_of(target, format)
    if lossless and kind == "jpeg":
        raise InvalidSetting("JPEG always loses something; choose WebP, PNG or TIFF.")
    depth = depth_for(photo, kind, bit_depth)
    if not 1 <= quality <= 100:
        raise InvalidSetting(f"quality must be between 1 and 100, not {quality}.")
    metadata = private.without(photo.metadata) if strip_private else photo.metadata
    photo = replace(photo, metadata=metadata)
    if provenance is not None and photo.read_options:
        settings = {**provenance.settings, "read": dict(photo.read_options)}
        provenance = replace(provenance, settings=settings)
    outgoing = _outgoing(photo, kind, depth, quality, lossless, provenance)
    if isinstance(target, str | os.PathLike):
        with _atomic(Path(target)) as file:
            _encode(kind, outgoing, file)
        return
    buffer = io.BytesIO()
    _encode(kind, outgoing, buffer)
    try:
        target.write(buffer.getbuffer())
    except (OSError, ValueError) as error:
        raise OutputError(f"The picture cannot be written ({error}).") from error


def _format_of(target: Target, format: str | None) -> str:
    if format is not None:
        kind = format.lower().lstrip(".")
        kind = SUFFIX_TO_FORMAT.get(f".{kind}", kind)
        if kind in WRITABLE_FORMATS:
            return kind
        unknown = repr(format)
    else:
        name = target if isinstance(target, str | os.PathLike) else getattr(target, "name", "")
        suffix = Path(name).suffix.lower() if isinstance(name, str | os.PathLike) else ""
        if suffix in SUFFIX_TO_FORMAT:
            return SUFFIX_TO_FORMAT[suffix]
        unknown = f"of {suffix!r} files" if suffix else "of a name without suffix"
    raise OutputError(
        f"The format {unknown} cannot be written; choose {', '.join(WRITABLE_FORMATS)}."
    )


def depth_for(photo: Photo, format: str, wanted: int | None = None) -> int:
    """Bits per channel, 8 or 16, with which :func:`write` would write a photograph.

    Who renders for a file sets the photograph's ``bit_depth`` to it: a picture of 16 bits that is
    to become a JPEG would take twice the memory for nothing.

    Args:
        format: as for :func:`write`.
        wanted: 8, 16, or None for the photograph's own where the format has it.

    Raises:
        OutputError, InvalidSetting: as :func:`write`.
    """
    kind = _format_of("", format)
    if wanted not in (None, 8, 16):
        raise InvalidSetting(f"bit_depth must be 8 or 16, not {wanted}.")
    if kind in SIXTEEN_BIT_FORMATS:
        return wanted or photo.bit_depth
    if wanted == 16:
        raise OutputError(f"{kind.upper()} has 8 bits only; choose PNG or TIFF for 16 bits.")
    return 8


def _outgoing(
    photo: Photo, kind: str, depth: int, quality: int, lossless: bool, provenance: Provenance | None
) -> Outgoing:
    width, height, meta = photo.width, photo.height, photo.metadata
    dpi = exif.sensible_dpi(meta.dpi)
    missing = captions.missing(meta, kind)
    return Outgoing(
        pixels=to_depth(photo.pixels, depth),
        alpha=None if photo.alpha is None else to_depth(photo.alpha, depth),
        icc=photo.icc or (icc.grey_profile() if photo.is_grey else icc.srgb_profile()),
        exif=exif.for_output(meta.exif, width, height, dpi, provenance, missing.exif),
        xmp=xmp.for_output(meta.xmp, width, height, dpi, provenance, missing.xmp),
        xmp_note=xmp.for_output(None, width, height, dpi, provenance, {}),
        photoshop=meta.photoshop,
        texts=missing.texts,
        comments=missing.comments,
        dpi=dpi,
        quality=quality,
        lossless=lossless,
    )


def _encode(kind: str, outgoing: Outgoing, file: BinaryIO) -> None:
    try:
        with quiet():
            encoder(kind)(outgoing, file)
    except (ColorizerError, OSError):
        raise
    except MemoryError as error:
        raise OutputError("There is not enough memory to write the picture.") from error
    except Exception as error:
        raise OutputError(f"The picture cannot be written as {kind.upper()} ({error}).") from error


@contextmanager
def _atomic(path: Path) -> Iterator[BinaryIO]:
    try:
        with atomic_file(path) as file:
            yield file
    except (OSError, ValueError) as error:
        raise OutputError(_reason(path, error)) from error


def _reason(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path} cannot be written: the folder {path.parent} does not exist."
    if isinstance(error, IsADirectoryError):
        return f"{path} cannot be written: it is a folder."
    if isinstance(error, PermissionError):
        return f"{path} cannot be written: you have no permission."
    if isinstance(error, OSError) and error.strerror:
        return f"{path} cannot be written: {error.strerror}."
    return f"{path} cannot be written: {error}."
