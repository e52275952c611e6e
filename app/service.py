"""The one façade that the pages and the API call. It knows nothing of HTTP.

Every method that takes an ``owner`` raises NotFound for what is missing, deleted, expired, or
another owner's, without saying which.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any, cast

from colorizer.guidance import Words
from colorizer.settings import Settings
from colorizer.uncertainty import LikelyColour
from colorizer.words import Understanding

from .config import Config
from .errors import (
    LENDER_GONE,
    NotFound,
    NotReady,
    Problem,
    QueueFull,
    QueueUnavailable,
    StorageFull,
    UploadTooLarge,
)
from .storage import samples
from .storage.films import Films
from .storage.records import (
    UNGUIDED,
    USUAL,
    BatchRecord,
    BatchView,
    Blob,
    Guide,
    Offer,
    Output,
    PhotoRecord,
    Place,
    ResultFile,
    Sample,
    State,
    Treatment,
    View,
    Wanted,
    new_id,
)
from .storage.stores import open_storage
from .watch.checks import checks
from .watch.metrics import Metrics
from .work.admission import Budget
from .work.archive import Archives
from .work.filming import Filming, Load
from .work.films import FilmDesk, FilmView
from .work.intake import Intake, installed_models
from .work.owning import owned
from .work.queue import Queue
from .work.rendering import Pictures, Wish, etag, predicted
from .work.views import view_of
from .work.wording import understood
from .work.worker import Network, Worker

__all__ = [
    "BatchRecord",
    "BatchView",
    "Blob",
    "FilmView",
    "Guide",
    "Offer",
    "Output",
    "PhotoRecord",
    "Place",
    "Problem",
    "ResultFile",
    "Sample",
    "Service",
    "State",
    "Treatment",
    "View",
]

_ARCHIVES_AT_ONCE = 200
_AT_ONCE = 20  # predictions of a batch that one request asks for

logger = logging.getLogger(__name__)


class Service:
    """Photographs in, colours out.

    Args:
        config: the server's settings.
        load: makes a network of a model's name; the default loads its weights, in the consumer's
            thread and only there, and for each film again.

    Attributes:
        films: what can be asked of films.

    Raises:
        DataFolderUnusable: if the data folder cannot be made or written to.
        InvalidSetting: if a library for the object store is not installed.
        QueueUnavailable: if the queue cannot be opened.
    """

    def __init__(self, config: Config, *, load: Callable[[str], Network] | None = None) -> None:
        self.config = config
        self._storage = open_storage(config)
        self._budget = Budget(config.megapixels_at_once * 1_000_000)
        films = Films(self._storage)
        self._metrics = Metrics(
            self._queue_length, lambda: len(films.unfinished()), self._storage, self._budget
        )
        self._pictures = Pictures(self._storage, self._metrics, config.max_pixels, self._budget)
        self._worker = Worker(
            config, self._storage, self._pictures, self._metrics, load, self._budget
        )
        self._queue = Queue(config, self._storage, self._worker.predict, self._worker.warm_up)
        self._intake = Intake(config, self._storage, self._queue, self._worker, self._metrics)
        self._archives = Archives(_ARCHIVES_AT_ONCE)
        self._filming = Filming(
            config, self._storage, films, self._metrics, cast(Load, self._worker.load)
        )
        self.films = FilmDesk(
            config,
            self._storage,
            films,
            self._intake,
            self._queue,
            self._pictures,
            self._budget,
            self._filming,
            self._waiting,
        )

    @property
    def secret_key(self) -> str:
        """The configured secret key, or the one kept in the data folder (made at first use)."""
        given = self.config.secret_key
        return self._storage.secret_key() if given is None else given.get_secret_value()

    def start_worker(self, is_enough: Callable[[int], bool] | None = None) -> None:
        """Work the queue off in threads of this process.

        Args:
            is_enough: asked after each photograph, with how many this process has finished; True
                takes no more.
        """
        self._queue.start(None if is_enough is None else lambda: is_enough(self._worker.done))
        if self.films.off is None:
            self._filming.start()

    @property
    def is_working(self) -> bool:
        """Whether this process works the queue off."""
        return self._queue.is_consumed

    def close(self) -> bool:
        """Stop after the photograph in hand; False if it takes too long. Nothing is lost.

        A film is stopped where it is, and goes on from there at the next start.
        """
        self._filming.stop()
        ended = self._queue.close() and self._filming.close()
        if ended:
            self._storage.close()
        return ended

    # uploads

    def check_room(self, length: int) -> None:
        """Whether an upload of so many bytes may come; raises what :meth:`upload` does."""
        self._intake.check_room(length)

    def spool(self) -> IO[bytes]:
        """A file without a name, in memory or the data folder, to receive an upload in."""
        return self._storage.spool()

    def upload(
        self,
        owner: str,
        source: IO[bytes],
        name: str,
        *,
        batch: str | None = None,
        settings: Settings | None = None,
        treatment: Treatment = USUAL,
    ) -> View:
        """Store a photograph as it is and queue its prediction.

        Args:
            source: a binary file open for reading; it is read in pieces.
            name: what the person calls it.
            batch: id of the batch it goes into.
            settings: whose model and working size are predicted with.
            treatment: what is wanted of the file.

        Raises:
            QueueFull, QueueUnavailable, StorageFull: before anything is read, or while storing.
            UploadTooLarge: too many bytes, or the batch has no room.
            ImageError: not a picture that can be read.
            InvalidSetting, WeightsMissing: no such model.
        """
        settings = settings or Settings()
        if batch is not None:
            self._check_batch(owner, batch, 1)
        record = self._intake.upload(owner, source, name, batch, settings, treatment)
        return self._view(record, settings)

    def upload_page(self, owner: str, id: str, page: int) -> View:
        """Another page of an uploaded file, as a photograph of its own, in the same batch.

        Raises:
            InvalidSetting: if there is no such page; and what :meth:`upload` raises.
        """
        record = self._record(owner, id)
        if record.batch is not None:
            self._check_batch(owner, record.batch, 1)
        return self._once_more(record, replace(record.treatment, page=page), record.batch)

    def upload_pages(self, owner: str, id: str) -> BatchView:
        """All pages of an uploaded file, as photographs of their own.

        Those of a photograph in a batch join it, but for its own page; else they get a batch.

        Raises:
            UploadTooLarge: if there are more pages than a batch has room for.
            QueueFull: if they cannot all wait.
        """
        record = self._record(owner, id)
        pages = [n for n in range(1, record.pages + 1) if not (record.batch and n == record.page)]
        batch = record.batch or self.new_batch(owner).id
        try:
            self._check_batch(owner, batch, len(pages))
            self._intake.check_room(record.bytes, len(pages))
            for page in pages:
                self._once_more(record, replace(record.treatment, page=page), batch)
        except Exception:
            if not record.batch:
                self._storage.delete("batches", batch)
            raise
        return self.batch(owner, batch)

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
                :meth:`upload` raises. Nothing of the file is kept then.
        """
        into = batch or self.new_batch(owner).id
        try:
            first = self.upload(owner, source, name, batch=into, treatment=treatment)
            if first.record.pages > 1:
                try:
                    self.upload_pages(owner, first.record.id)
                except Exception:
                    self._storage.delete("photos", first.record.id)
                    raise
        except Exception:
            if batch is None:
                self._storage.delete("batches", into)
            raise
        return self.batch(owner, into)

    def upload_anew(self, owner: str, id: str, **changes: Any) -> View:
        """The file of a photograph with another :class:`Treatment`, in its place; its id is new.

        Args:
            changes: of the treatment.

        Raises:
            InvalidSetting: if a change is not possible; and what :meth:`upload` raises.
        """
        record = self._record(owner, id)
        view = self._once_more(record, replace(record.treatment, **changes), record.batch)
        self._storage.delete("photos", id)
        return view

    def _once_more(self, record: PhotoRecord, treatment: Treatment, batch: str | None) -> View:
        """The same file as another photograph."""
        name = record.name
        if treatment.page != record.page or batch != record.batch:
            name = f"{name.removesuffix(f' (page {record.page})')} (page {treatment.page})"
        source, settings = self._storage.original(record.id), Settings()
        again = self._intake.upload(record.owner, source, name, batch, settings, treatment)
        return self._view(again, settings)

    def samples(self) -> list[Sample]:
        """The sample photographs that the start page offers."""
        return samples.listed()

    def upload_sample(self, owner: str, name: str) -> View:
        """As if a sample photograph had been uploaded; raises NotFound and what upload does."""
        with samples.opened(name) as file:
            return self.upload(owner, file, f"{name}.jpg")

    # a photograph

    def view(self, owner: str, id: str, settings: Settings | None = None) -> View:
        """How far the prediction for these settings' model and working size has come."""
        return self._view(self._record(owner, id), settings or Settings())

    def request(self, owner: str, id: str, settings: Settings) -> View:
        """Queue a prediction that is "missing", or once more one that "failed".

        Does nothing for others, so it may be called again; for failed ones only when the person
        asks for it.

        Raises:
            QueueFull, QueueUnavailable, StorageFull: no room.
            InvalidSetting, WeightsMissing: no such model.
        """
        record = self._record(owner, id)
        view = self._view(record, settings)
        if view.state not in ("missing", "failed"):
            return view
        self._intake.ask([record], settings)
        return self._view(record, settings)

    def preview(
        self, owner: str, id: str, settings: Settings, guide: Guide = UNGUIDED
    ) -> Offer[Blob]:
        """JPEG in colour. Making it raises NotReady, PredictionFailed, InvalidGuidance.

        A photograph that the guide refers to must be the owner's as well.
        """
        record = self._check(owner, id, guide)
        return Offer(
            etag(id, "preview", settings, guide),
            lambda: self._pictures.preview(record, settings, guide),
        )

    def grey_preview(self, owner: str, id: str) -> Offer[Blob]:
        """JPEG in grey. Making it raises NotReady until the worker has opened the photograph."""
        self._record(owner, id)
        return Offer(etag(id, "grey"), lambda: self._pictures.grey_preview(id))

    def uncertainty(self, owner: str, id: str, settings: Settings) -> Offer[Blob]:
        """PNG of the preview's size, transparent where the network was sure."""
        self._record(owner, id)
        name = etag(id, "uncertainty", predicted(settings))
        return Offer(name, lambda: self._pictures.uncertainty(id, settings))

    def likely_colours(
        self, owner: str, id: str, settings: Settings, x: float, y: float, count: int = 6
    ) -> list[LikelyColour]:
        """The most likely colours at a place; x and y are 0..1 from the left and the top."""
        self._record(owner, id)
        return self._pictures.likely_colours(id, settings, x, y, count)

    def understood(self, words: Words) -> Understanding:
        """What words come to without a photograph; raises WeightsMissing."""
        return understood(words)

    def places(self, owner: str, id: str, settings: Settings, words: Words) -> list[Place]:
        """Where each understood phrase acts.

        Raises:
            NotReady, PredictionFailed: if there is no prediction.
            WordsUnavailable, WeightsMissing: if the model, or the server, knows no words.
        """
        self._record(owner, id)
        return self._pictures.places(id, settings, words)

    def found(
        self, owner: str, id: str, settings: Settings, words: Words, number: int
    ) -> Offer[Blob]:
        """PNG of the preview's size, opaque where a phrase acts; 0 is the first.

        Making it raises what :meth:`places` does, and InvalidGuidance if there is no such phrase.
        """
        self._record(owner, id)
        name = etag(id, f"found {number}", predicted(settings), Guide(words=words))
        return Offer(name, lambda: self._pictures.found(id, settings, words, number))

    def result(
        self, owner: str, id: str, settings: Settings, output: Output, guide: Guide = UNGUIDED
    ) -> Offer[ResultFile]:
        """The picture in full size; making it raises StorageFull and what preview's does."""
        record, wish = self._check(owner, id, guide), Wish(settings, output, guide)
        return Offer(wish.etag(id), lambda: self._pictures.result(record, wish))

    def original(self, owner: str, id: str) -> Offer[ResultFile]:
        """The file as it was uploaded."""
        record = self._record(owner, id)

        def make() -> ResultFile:
            return ResultFile(self._storage.original(id), "application/octet-stream", record.name)

        return Offer(etag(id, "original"), make)

    def delete(self, owner: str, id: str) -> None:
        """Delete a photograph and all that was made of it, now."""
        self._record(owner, id)
        self._storage.delete("photos", id)
        logger.info("photo %s deleted", id)

    # many photographs

    def new_batch(self, owner: str) -> BatchView:
        """An empty batch; raises StorageFull."""
        self._storage.check_room()
        record = BatchRecord(new_id(), owner, *self._intake.lifetime())
        self._storage.add_batch(record)
        return BatchView(record.id, record.created, record.expires, [], {})

    def batch(self, owner: str, id: str, settings: Settings | None = None) -> BatchView:
        """A batch and its photographs, by their places, then in the order of upload."""
        record, ids = self._batch(owner, id)
        waiting = self._waiting()
        views = self._storage.each(
            lambda photo: view_of(photo, settings or Settings(), self._storage, lambda: waiting),
            self._photos(owner, ids),
        )
        counts = dict(Counter(view.state for view in views))
        return BatchView(record.id, record.created, record.expires, views, counts)

    def others_of_batch(self, owner: str, id: str) -> list[PhotoRecord]:
        """The other photographs of its batch, if it has one, without those that failed."""
        record = self._record(owner, id)
        if record.batch is None:
            return []
        photos = self.batch(owner, record.batch).photos
        return [view.record for view in photos if view.record.id != id and view.state != "failed"]

    def request_batch(self, owner: str, id: str, settings: Settings) -> BatchView:
        """Queue "missing" predictions of a batch: some at each call, if there is room.

        Raises:
            InvalidSetting, WeightsMissing: no such model.
        """
        batch = self.batch(owner, id, settings)
        missing = [view.record for view in batch.photos if view.state == "missing"]
        if not missing:
            return batch
        with suppress(QueueFull, QueueUnavailable, StorageFull, NotFound):
            self._intake.ask(missing[:_AT_ONCE], settings)
        return self.batch(owner, id, settings)

    def delete_batch(self, owner: str, id: str) -> None:
        """Delete a batch and its photographs, now."""
        self._batch(owner, id)
        self._storage.delete("batches", id)
        logger.info("batch %s deleted", id)

    def zip(
        self, owner: str, id: str, settings: Settings, output: Output, words: Words | None = None
    ) -> Iterator[bytes]:
        """All finished pictures of a batch as the pieces of a ZIP file; words are said of each.

        Raises:
            NotReady: if none is finished; at the call, as NotFound is, not while iterating.
            TooBusy: if too many are being sent already.
        """
        batch = self.batch(owner, id, settings)
        if not batch.counts.get("ready"):
            raise NotReady("None of these photographs is ready yet.", 2)
        wish = Wish(settings, output, Guide(words=words))
        return self._archives.stream(
            [view.record for view in batch.photos],
            lambda photo: self._pictures.fleeting(photo, wish),
        )

    # state of the house

    def models(self) -> list[str]:
        """Names of the models that are installed: the only ones that settings may name."""
        return installed_models()

    def health(self) -> dict[str, tuple[bool, str]]:
        """Checks by name: whether all is well, and a sentence."""
        return checks(self.config, self._storage, self._queue, self._worker)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._metrics.answered(route, method, status, seconds)

    def serve_metrics(self, host: str, port: int) -> None:
        """Answer Prometheus at a port of its own; raises OSError if nobody can listen there."""
        self._metrics.serve(host, port)

    def metrics(self) -> tuple[bytes, str]:
        """Body and content type of what Prometheus collects."""
        return self._metrics.expose()

    # within

    def _record(self, owner: str, id: str) -> PhotoRecord:
        return owned(self._storage.record(id), owner)

    def _check(self, owner: str, id: str, guide: Guide) -> PhotoRecord:
        if guide.reference:
            try:
                self._record(owner, guide.reference)
            except NotFound as error:
                raise NotFound(LENDER_GONE) from error
        return self._record(owner, id)

    def _batch(self, owner: str, id: str) -> tuple[BatchRecord, list[str]]:
        record, ids = self._storage.batch(id)
        return owned(record, owner), ids

    def _check_batch(self, owner: str, id: str, more: int) -> None:
        """Raise UploadTooLarge if so many more photographs have no room in a batch."""
        most = self.config.max_batch
        _, ids = self._batch(owner, id)
        if len(ids) + more > most and len(self._photos(owner, ids)) + more > most:
            many = "" if more == 1 else f", and these would be {more} more"
            raise UploadTooLarge(f"A batch holds at most {most} photographs{many}.")

    def _photos(self, owner: str, ids: list[str]) -> list[PhotoRecord]:
        def look(id: str) -> PhotoRecord | None:
            with suppress(NotFound):
                return self._record(owner, id)
            return None

        photos = [photo for photo in self._storage.each(look, ids) if photo is not None]
        return sorted(photos, key=lambda photo: photo.in_batch)

    def _view(self, record: PhotoRecord, settings: Settings) -> View:
        return view_of(record, settings, self._storage, self._waiting)

    def _waiting(self) -> Mapping[Wanted, int]:
        with suppress(QueueUnavailable):
            return self._queue.waiting()
        return {}

    def _queue_length(self) -> float:
        try:
            return self._queue.length()
        except QueueUnavailable:
            return math.nan
