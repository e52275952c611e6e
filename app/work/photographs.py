"""Photographs in, colours out: what :class:`app.service.Service` offers for photographs.

Every method that takes an ``owner`` raises NotFound for what is missing, deleted, expired, or
another owner's, without saying which.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any

from colorizer.guidance import Words
from colorizer.settings import Settings
from colorizer.uncertainty import LikelyColour
from colorizer.words import Understanding

from ..errors import LenderNotReady
from ..storage import names, samples
from ..storage.folder import Storage
from ..storage.records import USUAL, PhotoRecord, Treatment
from ..storage.samples import Sample
from ..storage.wishes import UNGUIDED, Guide, Output
from .holdings import Holdings
from .intake import Intake
from .offers import Blob, Offer, Place, ResultFile, View
from .rendering import Pictures, Wish, etag, predicted
from .views import Views
from .wording import understood

logger = logging.getLogger(__name__)


class PhotoDesk:
    """All that can be asked of photographs."""

    def __init__(
        self,
        storage: Storage,
        holdings: Holdings,
        intake: Intake,
        pictures: Pictures,
        views: Views,
    ) -> None:
        self._storage = storage
        self._holdings = holdings
        self._intake = intake
        self._pictures = pictures
        self._views = views

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
            self._holdings.check_batch(owner, batch, 1)
        record = self._intake.upload(owner, source, name, batch, settings, treatment)
        return self._views.of(record, settings)

    def upload_anew(self, owner: str, id: str, **changes: Any) -> View:
        """The file of a photograph with another :class:`Treatment`, in its place; its id is new.

        A moment of a film stays beside it.

        Args:
            changes: of the treatment.

        Raises:
            InvalidSetting: if a change is not possible; and what :meth:`upload` raises.
        """
        record = self._holdings.photo(owner, id)
        treatment = replace(record.treatment, **changes)
        view = self.once_more(record, treatment, record.batch, replaces=not record.still)
        if not record.still:
            self._storage.delete("photos", id)
        return view

    def turn(self, owner: str, id: str, degrees: int) -> View:
        """A photograph turned further clockwise, in its place; its id is new.

        Raises:
            InvalidSetting: if it cannot be turned so; and what :meth:`upload` raises.
        """
        record = self._holdings.photo(owner, id)
        return self.upload_anew(owner, id, turn=(record.turn + degrees) % 360)

    def once_more(
        self,
        record: PhotoRecord,
        treatment: Treatment,
        batch: str | None,
        replaces: bool = False,
    ) -> View:
        """The same file as another photograph of its owner; raises what :meth:`upload` does.

        Args:
            replaces: whether the first goes away.
        """
        name = record.name
        if treatment.page != record.page or batch != record.batch:
            name = names.of_page(names.of_file(name, record.page), treatment.page)
        source, settings = self._storage.original(record.id), Settings()
        again = self._intake.upload(
            record.owner, source, name, batch, settings, treatment, replaces
        )
        return self._views.of(again, settings)

    def samples(self) -> list[Sample]:
        """The sample photographs that the start page offers."""
        return samples.listed()

    def upload_sample(self, owner: str, name: str) -> View:
        """As if a sample photograph had been uploaded; raises NotFound and what upload does."""
        with samples.opened(name) as file:
            return self.upload(owner, file, f"{name}.jpg")

    def view(self, owner: str, id: str, settings: Settings | None = None) -> View:
        """How far the prediction for these settings' model and working size has come."""
        return self._views.of(self._holdings.photo(owner, id), settings or Settings())

    def request(self, owner: str, id: str, settings: Settings) -> View:
        """Queue a prediction that is "missing", or once more one that "failed".

        Does nothing for others, so it may be called again; for failed ones only when the person
        asks for it.

        Raises:
            QueueFull, QueueUnavailable, StorageFull: no room.
            InvalidSetting, WeightsMissing: no such model.
        """
        record = self._holdings.photo(owner, id)
        view = self._views.of(record, settings)
        if view.state not in ("missing", "failed"):
            return view
        self._intake.ask([record], settings)
        return self._views.of(record, settings)

    def preview(
        self, owner: str, id: str, settings: Settings, guide: Guide = UNGUIDED
    ) -> Offer[Blob]:
        """JPEG in colour.

        Making it raises NotReady, LenderNotReady, PredictionFailed, InvalidGuidance. A photograph
        that the guide refers to must be the owner's as well; colours that it does not have yet are
        queued then.
        """
        record = self._check(owner, id, guide)

        def make() -> Blob:
            with self.lending(owner, guide.reference, settings):
                return self._pictures.preview(record, settings, guide)

        return Offer(etag(id, "preview", settings, guide), make)

    def grey_preview(self, owner: str, id: str) -> Offer[Blob]:
        """JPEG in grey. Making it raises NotReady until the worker has opened the photograph."""
        self._holdings.photo(owner, id)
        return Offer(etag(id, "grey"), lambda: self._pictures.grey_preview(id))

    def uncertainty(self, owner: str, id: str, settings: Settings) -> Offer[Blob]:
        """PNG of the preview's size, transparent where the network was sure."""
        self._holdings.photo(owner, id)
        name = etag(id, "uncertainty", predicted(settings))
        return Offer(name, lambda: self._pictures.uncertainty(id, settings))

    def likely_colours(
        self, owner: str, id: str, settings: Settings, x: float, y: float, count: int = 6
    ) -> list[LikelyColour]:
        """The most likely colours at a place; x and y are 0..1 from the left and the top."""
        self._holdings.photo(owner, id)
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
        self._holdings.photo(owner, id)
        return self._pictures.places(id, settings, words)

    def found(
        self, owner: str, id: str, settings: Settings, words: Words, number: int
    ) -> Offer[Blob]:
        """PNG of the preview's size, opaque where a phrase acts; 0 is the first.

        Making it raises what :meth:`places` does, and InvalidGuidance if there is no such phrase.
        """
        self._holdings.photo(owner, id)
        name = etag(id, f"found {number}", predicted(settings), Guide(words=words))
        return Offer(name, lambda: self._pictures.found(id, settings, words, number))

    def result(
        self, owner: str, id: str, settings: Settings, output: Output, guide: Guide = UNGUIDED
    ) -> Offer[ResultFile]:
        """The picture in full size; making it raises StorageFull and what preview's does."""
        record, wish = self._check(owner, id, guide), Wish(settings, output, guide)

        def make() -> ResultFile:
            with self.lending(owner, guide.reference, settings):
                return self._pictures.result(record, wish)

        return Offer(wish.etag(id), make)

    @contextmanager
    def lending(self, owner: str, lender: str, settings: Settings) -> Iterator[None]:
        """Who cannot take a photograph's colours within, as it has none yet, has them queued.

        Raises:
            LenderNotReady: as within; and what :meth:`request` raises.
        """
        try:
            yield
        except LenderNotReady:
            self.request(owner, lender, settings)
            raise

    def original(self, owner: str, id: str) -> Offer[ResultFile]:
        """The file as it was uploaded."""
        record = self._holdings.photo(owner, id)

        def make() -> ResultFile:
            return ResultFile(self._storage.original(id), "application/octet-stream", record.name)

        return Offer(etag(id, "original"), make)

    def delete(self, owner: str, id: str) -> None:
        """Delete a photograph and all that was made of it, now."""
        self._holdings.photo(owner, id)
        self._storage.delete("photos", id)
        logger.info("photo %s deleted", id)

    # within

    def _check(self, owner: str, id: str, guide: Guide) -> PhotoRecord:
        if guide.reference:
            self._holdings.check_lender(owner, guide.reference)
        return self._holdings.photo(owner, id)
