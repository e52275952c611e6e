"""One ZIP of many results, made while it is being sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from zipstream import ZipStream

from colorizer.errors import ColorizerError

from ..errors import TooBusy
from ..storage.names import numbered
from ..storage.records import PhotoRecord
from .offers import ResultFile

_ERRORS = "errors.txt"

logger = logging.getLogger(__name__)


class Archives:
    """Archives that are being sent; each keeps one picture on the disk while its reader takes it.

    Args:
        most: at a time.
    """

    def __init__(self, most: int) -> None:
        self._turns = threading.BoundedSemaphore(most)

    def stream(
        self,
        photos: Iterable[PhotoRecord],
        render: Callable[[PhotoRecord], AbstractContextManager[ResultFile]],
    ) -> Iterator[bytes]:
        """Pieces of a ZIP file; each picture is rendered when its turn comes, and let go after it.

        A picture that cannot be made is not in it, and ``errors.txt`` says why.

        Raises:
            TooBusy: if there are too many already; at the call, not while iterating.
        """
        pieces = self._pieces(photos, render)
        next(pieces)  # it has begun, so it will end when nobody holds it any more
        return pieces

    def _pieces(
        self,
        photos: Iterable[PhotoRecord],
        render: Callable[[PhotoRecord], AbstractContextManager[ResultFile]],
    ) -> Iterator[bytes]:
        if not self._turns.acquire(blocking=False):
            raise TooBusy()
        try:
            yield b""
            yield from _archive(photos, render)
        finally:
            self._turns.release()


def _archive(
    photos: Iterable[PhotoRecord],
    render: Callable[[PhotoRecord], AbstractContextManager[ResultFile]],
) -> Iterator[bytes]:
    archive = ZipStream()  # stored: pictures are compressed already
    taken = {_ERRORS}
    errors = []
    for photo in photos:
        try:
            with render(photo) as result:
                archive.add_path(result.path, numbered(result.name, taken))
                yield from archive.all_files()
        except ColorizerError as error:
            errors.append(f"{photo.name}: {error}\n")
        except OSError:
            logger.exception("photo %s is missing in an archive", photo.id)
            errors.append(f"{photo.name}: The server could not read or store it.\n")
    if errors:
        archive.add("".join(errors), _ERRORS)
    yield from archive.finalize()
