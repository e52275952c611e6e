"""Many photographs at once: what :class:`app.service.Service` offers for batches.

Every method that takes an ``owner`` raises NotFound for what is missing, deleted, expired, or
another owner's, without saying which.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import IO

from colorizer.guidance import Words
from colorizer.settings import Settings

from ..errors import NotFound, NotReady, QueueFull, QueueUnavailable, StorageFull
from ..storage.folder import Storage
from ..storage.records import USUAL, BatchRecord, PhotoRecord, Treatment, new_id
from ..storage.wishes import Guide, Output
from .archive import Archives
from .holdings import Holdings
from .intake import Intake
from .offers import BatchView, ResultFile, View
from .photographs import PhotoDesk
from .rendering import Pictures, Wish
from .views import Views

_ARCHIVES_AT_ONCE = 200
_AT_ONCE = 20  # predictions of a batch that one request asks for

logger = logging.getLogger(__name__)


class BatchDesk:
    """All that can be asked of batches."""

    def __init__(
        self,
        storage: Storage,
        holdings: Holdings,
        intake: Intake,
        pictures: Pictures,
        views: Views,
        photos: PhotoDesk,
    ) -> None:
        self._storage = storage
        self._holdings = holdings
        self._intake = intake
        self._pictures = pictures
        self._views = views
        self._photos = photos
        self._archives = Archives(_ARCHIVES_AT_ONCE)

    def new(self, owner: str) -> BatchView:
        """An empty batch; raises StorageFull."""
        self._storage.check_room()
        record = BatchRecord(new_id(), owner, *self._intake.lifetime())
        self._storage.add_batch(record)
        return BatchView(record.id, record.created, record.expires, [], {})

    def view(self, owner: str, id: str, settings: Settings | None = None) -> BatchView:
        """A batch and its photographs, by their places, then in the order of upload."""
        record, ids = self._holdings.batch(owner, id)
        views = self._views.of_all(self._holdings.photos(owner, ids), settings or Settings())
        counts = dict(Counter(view.state for view in views))
        return BatchView(record.id, record.created, record.expires, views, counts)

    def others(self, owner: str, id: str) -> list[PhotoRecord]:
        """The other photographs of its batch, if it has one, without those that failed."""
        record = self._holdings.photo(owner, id)
        if record.batch is None:
            return []
        photos = self.view(owner, record.batch).photos
        return [view.record for view in photos if view.record.id != id and view.state != "failed"]

    def upload_page(self, owner: str, id: str, page: int) -> View:
        """Another page of an uploaded file, as a photograph of its own, in the same batch.

        Raises:
            InvalidSetting: if there is no such page; and what :meth:`upload` raises.
        """
        record = self._holdings.photo(owner, id)
        if record.batch is not None:
            self._holdings.check_batch(owner, record.batch, 1)
        return self._photos.once_more(record, replace(record.treatment, page=page), record.batch)

    def upload_pages(self, owner: str, id: str) -> BatchView:
        """All pages of an uploaded file, as photographs of their own.

        Those of a photograph in a batch join it, but for those that it has; else they get a batch.

        Raises:
            UploadTooLarge: if there are more pages than a batch has room for, or may ever wait.
            QueueFull: if they cannot all wait now.
        """
        record = self._holdings.photo(owner, id)
        with self._into(owner, record.batch) as batch:
            self._add_pages(owner, record, batch)
        return self.view(owner, batch)

    @contextmanager
    def _into(self, owner: str, batch: str | None) -> Iterator[str]:
        """The batch that is named, or a new one, which is deleted if what comes next fails."""
        into = batch or self.new(owner).id
        try:
            yield into
        except Exception:
            if batch is None:
                self._storage.delete("batches", into)
            raise

    def _add_pages(self, owner: str, record: PhotoRecord, batch: str) -> None:
        """Those pages of a file that are not in its batch: all, or else none."""
        there = self._pages_of(owner, record)
        pages = [page for page in range(1, record.pages + 1) if page not in there]
        self._holdings.check_batch(owner, batch, len(pages))
        self._intake.check_room(record.bytes, len(pages))
        made: list[str] = []
        try:
            for page in pages:
                view = self._photos.once_more(record, replace(record.treatment, page=page), batch)
                made.append(view.record.id)
        except Exception:
            for photo in made:
                self._storage.delete("photos", photo)
            raise

    def _pages_of(self, owner: str, record: PhotoRecord) -> set[int]:
        """Pages of a photograph's file that are in its batch."""
        if record.batch is None:
            return set()
        _, ids = self._holdings.batch(owner, record.batch)
        return {
            photo.page for photo in self._holdings.photos(owner, ids) if photo.is_of_file_of(record)
        }

    def upload_all(
        self,
        owner: str,
        source: IO[bytes],
        name: str,
        *,
        batch: str | None = None,
        treatment: Treatment = USUAL,
    ) -> BatchView:
        """All pages of a file, as photographs of one batch: a new one, if none is named.

        Raises:
            InvalidSetting, UploadTooLarge, QueueFull: as :meth:`upload_pages`; and what
                :meth:`PhotoDesk.upload` raises. Nothing of the file is kept then.
        """
        with self._into(owner, batch) as into:
            first = self._photos.upload(owner, source, name, batch=into, treatment=treatment).record
            try:
                if first.pages > 1:
                    self._add_pages(owner, first, into)
            except Exception:
                self._storage.delete("photos", first.id)
                raise
        return self.view(owner, into)

    def request(self, owner: str, id: str, settings: Settings) -> BatchView:
        """Queue "missing" predictions of a batch: some at each call, if there is room.

        Raises:
            InvalidSetting, WeightsMissing: no such model.
        """
        batch = self.view(owner, id, settings)
        missing = [view.record for view in batch.photos if view.state == "missing"]
        if not missing:
            return batch
        with suppress(QueueFull, QueueUnavailable, StorageFull, NotFound):
            self._intake.ask(missing[:_AT_ONCE], settings)
        return self.view(owner, id, settings)

    def delete(self, owner: str, id: str) -> None:
        """Delete a batch and its photographs, now."""
        self._holdings.batch(owner, id)
        self._storage.delete("batches", id)
        logger.info("batch %s deleted", id)

    def zip(
        self,
        owner: str,
        id: str,
        settings: Settings,
        output: Output,
        words: Words | None = None,
        own: Mapping[str, tuple[Settings, Guide]] | None = None,
    ) -> Iterator[bytes]:
        """All finished pictures of a batch as the pieces of a ZIP file; words are said of each.

        Args:
            own: by their ids, what is wanted of single photographs instead.

        Raises:
            NotReady: if none is finished; at the call, as NotFound is, not while iterating.
            TooBusy: if too many are being sent already.
        """
        batch = self.view(owner, id, settings)
        if not batch.counts.get("ready"):
            raise NotReady("None of these photographs is ready yet.", 2)
        usual, others = (settings, Guide(words=words)), own or {}

        def render(photo: PhotoRecord) -> AbstractContextManager[ResultFile]:
            wanted, guide = others.get(photo.id, usual)
            if guide.reference:
                self._holdings.check_lender(owner, guide.reference)
            return self._pictures.fleeting(photo, Wish(wanted, output, guide))

        return self._archives.stream([view.record for view in batch.photos], render)
