"""Whose a record is: to all others it is as if it were not there."""

from __future__ import annotations

import hmac
from typing import TypeVar

from ..errors import NotFound
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
