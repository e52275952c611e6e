"""One place where the errors and warnings of foreign decoders become ours."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import ColorizerError, CorruptImage, ImageError, ImageTooLarge, UnsupportedImage


class UnreadableFile(ImageError, OSError):
    """The file is missing, is a folder, or may not be opened by this user.

    It is both an :class:`~colorizer.errors.ImageError` and an :class:`OSError`, so that either
    way of catching finds it; ``errno`` is kept.
    """


_lock = threading.Lock()
_users = 0
_LOGGERS = ("tifffile", "imagecodecs")
_DECODERS = r"(PIL|tifffile|imagecodecs|pillow_heif)(\.|$)"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of the decoders while any thread is inside.

    ``warnings.catch_warnings`` saves and restores process-wide state and goes wrong when threads
    overlap; here overlapping users share one narrow filter, which the last one takes away.
    """
    global _users
    with _lock:
        _users += 1
        warnings.filterwarnings("ignore", module=_DECODERS)
        entry = warnings.filters[0]
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if not logger.handlers:
                logger.addHandler(logging.NullHandler())
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                with suppress(ValueError):
                    warnings.filters.remove(entry)  # type: ignore[attr-defined]


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a typed error that names the file.

    Raises:
        ImageTooLarge: the machine has not enough memory.
        UnsupportedImage: the decoder says that it lacks a feature.
        CorruptImage: anything else went wrong.
    """
    try:
        with quiet():
            yield
    except ColorizerError:
        raise
    except MemoryError as error:
        raise ImageTooLarge(f"{name} needs more memory than this machine can give.") from error
    except NotImplementedError as error:
        raise UnsupportedImage(f"{name} uses a variant of its format that is not read.") from error
    except Exception as error:
        if type(error).__name__ == "DecompressionBombError":
            raise ImageTooLarge(f"{name} has more pixels than the limit allows.") from error
        raise CorruptImage(f"{name} is damaged or incomplete and cannot be read.") from error
