"""One ZIP of many results, made while it is being sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from zipstream import ZipStream

from colorizer.errors import ColorizerError

from .names import numbered
from .records import PhotoRecord, ResultFile

_ERRORS = "errors.txt"


def stream(
    photos: Iterable[PhotoRecord],
    render: Callable[[PhotoRecord], AbstractContextManager[ResultFile]],
) -> Iterator[bytes]:
    """Pieces of a ZIP file; each picture is rendered when its turn comes, and let go after it.

    A picture that cannot be made is not in it, and ``errors.txt`` says why.
    """
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
    if errors:
        archive.add("".join(errors), _ERRORS)
    yield from archive.finalize()
