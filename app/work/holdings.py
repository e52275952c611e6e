"""What there is, for those whose it is: to all others it is as if it were not there."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TypeVar

from ..errors import LENDER_GONE, NotFound, UploadTooLarge
from ..storage.folder import Storage
from ..storage.records import BatchRecord, FilmRecord, PhotoRecord

Owned = TypeVar("Owned", PhotoRecord, BatchRecord, FilmRecord)


def owned(record: Owned, owner: str) -> Owned:
    """The record, if it is theirs.

    Raises:
        NotFound: if it is somebody else's.
    """
    if not hmac.compare_digest(record.owner.encode(), owner.encode()):
        raise NotFound()
    return record


class Holdings:
    """Photographs and batches by their owners.

    Args:
        most: photographs in a batch.
    """

    def __init__(self, storage: Storage, most: int) -> None:
        self._storage = storage
        self._most = most

    def photo(self, owner: str, id: str) -> PhotoRecord:
        """A photograph; raises NotFound."""
        return owned(self._storage.record(id), owner)

    def check_lender(self, owner: str, id: str) -> None:
        """Raise NotFound, and say so, if a photograph is gone whose colours are to be taken."""
        try:
            self.photo(owner, id)
        except NotFound as error:
            raise NotFound(LENDER_GONE) from error

    def batch(self, owner: str, id: str) -> tuple[BatchRecord, list[str]]:
        """A batch and the ids of what was put into it; raises NotFound."""
        record, ids = self._storage.batch(id)
        return owned(record, owner), ids

    def photos(self, owner: str, ids: list[str]) -> list[PhotoRecord]:
        """Those that are still there, by their places in a batch, then in the order of upload."""

        def look(id: str) -> PhotoRecord | None:
            with suppress(NotFound):
                return self.photo(owner, id)
            return None

        photos = [photo for photo in self._storage.each(look, ids) if photo is not None]
        return sorted(photos, key=lambda photo: photo.in_batch)

    def check_batch(self, owner: str, id: str, more: int) -> None:
        """Raise UploadTooLarge if so many more photographs have no room in a batch."""
        _, ids = self.batch(owner, id)
        if len(ids) + more > self._most and len(self.photos(owner, ids)) + more > self._most:
            many = "" if more == 1 else f", and these would be {more} more"
            raise UploadTooLarge(f"A batch holds at most {self._most} photographs{many}.")
