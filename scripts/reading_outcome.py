"""Read one file as the application does, and say what came of it; both fuzzers ask this."""

from __future__ import annotations

import io

from colorizer import photo as files
from colorizer.errors import ColorizerError, OutputError

MAX_PIXELS = 4_000_000  # so that a short file cannot rightly take long
_WRITTEN_UP_TO = 16_000  # px, so that no side is too long for WebP
_NOTE = files.Provenance("model", "00" * 32)


class Broken(Exception):
    """A promise of the reading path was not kept; the text says which."""


def outcome(data: bytes) -> str:
    """Name of the typed error, or "read" for a photograph (which is then written, if small).

    Raises:
        Broken: what was read contradicts itself, took too much memory, or an error has no sentence.
        Exception: whatever leaked out of a decoder.
    """
    try:
        header = files.probe(data, max_pixels=MAX_PIXELS)
        photo = files.read(data, max_pixels=MAX_PIXELS)
        files.provenance_of(data)
        if (photo.width, photo.height) != (header.width, header.height):
            raise Broken(f"{header} became {photo.width} x {photo.height}")
        if photo.pixels.ndim != 2 or photo.pixels.dtype.name not in ("uint8", "uint16"):
            raise Broken(f"pixels {photo.pixels.shape} of {photo.pixels.dtype}")
        if photo.alpha is not None and photo.alpha.shape != photo.pixels.shape:
            raise Broken(f"alpha {photo.alpha.shape} of {photo.pixels.shape}")
        if photo.width * photo.height <= _WRITTEN_UP_TO:
            for format in files.WRITABLE_FORMATS:
                files.write(photo, io.BytesIO(), format=format)
                files.write(
                    photo, io.BytesIO(), format=format, provenance=_NOTE, strip_private=True
                )
    except OutputError as error:  # what could be read can be written
        raise Broken(f"{error} {error.__cause__!r}") from error
    except ColorizerError as error:
        if isinstance(error.__cause__, MemoryError):
            raise Broken("it took too much memory") from error
        if not str(error).endswith("."):
            raise Broken(f"not a sentence: {error}") from error
        return type(error).__name__
    return "read"
