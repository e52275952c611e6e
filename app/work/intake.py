"""Taking photographs in: limits first, then to the disk all at once, then into the queue."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from colorizer.errors import ColorizerError, InvalidSetting, WeightsMissing
from colorizer.photo import probe
from colorizer.settings import DEFAULT_MODEL, Settings
from colorizer.weights import statuses

from ..config import Config
from ..errors import QueueFull, UploadTooLarge
from ..storage import names
from ..storage.disk import gone, receive
from ..storage.folder import ORIGINAL, Storage
from ..storage.records import PhotoRecord, Treatment, Wanted, new_id
from .counting import Counting
from .holdings import Holdings
from .queue import IN_BATCH, SINGLE, Queue
from .worker import Worker

_LONGEST_WAIT = 60  # s after which somebody who was sent away may try again
_ROOM = 0.1  # part of a full queue that should be free by then
_is_counted = ContextVar("_is_counted", default=False)  # whether an upload is, in this thread


def installed_models() -> list[str]:
    """Names of the models whose weights are on this machine."""
    return [status.name for status in statuses() if status.state == "ready"]


class Intake:
    """The way in, for photographs and for further predictions of them."""

    def __init__(
        self,
        config: Config,
        storage: Storage,
        holdings: Holdings,
        queue: Queue,
        worker: Worker,
        counting: Counting,
    ) -> None:
        self._config = config
        self._storage = storage
        self._holdings = holdings
        self._queue = queue
        self._worker = worker
        self._counting = counting

    def upload(
        self,
        owner: str,
        source: IO[bytes] | Path,
        name: str,
        batch: str | None,
        settings: Settings,
        treatment: Treatment,
        replaces: bool = False,
    ) -> PhotoRecord:
        """See :meth:`app.work.photographs.PhotoDesk.upload`.

        Args:
            source: as there, or the original of another photograph.
            replaces: whether it comes in the place of another of its batch.
        """
        with self.counted():
            check_model(settings)
            self.check_room()
            wanted = Wanted(new_id(), settings.model, settings.working_size)
            with self._storage.incoming() as folder:
                length = self._take(source, folder / ORIGINAL)
                header = probe(
                    folder / ORIGINAL,
                    max_pixels=self._config.max_pixels,
                    **treatment.read_options,
                )
                created, expires = self.lifetime()
                if batch is not None:  # which is deleted with all that is in it
                    expires = min(expires, self._holdings.batch(owner, batch)[0].expires)
                record = PhotoRecord(
                    id=wanted.id,
                    owner=owner,
                    name=names.clean(name),
                    format=header.format,
                    width=header.width,
                    height=header.height,
                    bytes=length,
                    created=created,
                    expires=expires,
                    batch=batch,
                    pages=header.pages,
                    **asdict(treatment),
                )
                more = 0 if replaces else 1
                self._storage.publish(folder, record, wanted, lambda: self._check(record, more))
            self._enqueue(wanted, record)
            return record

    def ask(self, records: Iterable[PhotoRecord], settings: Settings) -> None:
        """Want one more prediction of some photographs, or failed ones again."""
        check_model(settings)
        self._check_queue()
        for record in records:
            wanted = Wanted(record.id, settings.model, settings.working_size)
            self._storage.want(wanted)
            self._enqueue(wanted, record)

    def check_room(self, length: int = 0, photos: int = 1) -> None:
        """Whether so many bytes may come, and so many photographs wait.

        Raises:
            QueueFull, QueueUnavailable, StorageFull: if they have no room.
            UploadTooLarge: if so many photographs never have.
        """
        self._check_queue(photos)
        self._storage.check_room(length)
        self._storage.check_quota(length)

    def lifetime(self) -> tuple[datetime, datetime]:
        """When something that is made now was made, and when it expires; UTC."""
        created = datetime.now(UTC)
        return created, created + timedelta(hours=self._config.time_to_live_hours)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count an upload by what becomes of it; what is tried within another is not counted."""
        if _is_counted.get():
            yield
            return
        outer = _is_counted.set(True)
        outcome = "unexpected"
        try:
            yield
            outcome = "stored"
        except ColorizerError as error:
            outcome = type(error).__name__
            raise
        finally:
            _is_counted.reset(outer)
            self._counting.uploaded(outcome)

    def _enqueue(self, wanted: Wanted, record: PhotoRecord) -> None:
        self._queue.add(wanted, SINGLE if record.batch is None else IN_BATCH)

    def _check(self, record: PhotoRecord, more: int) -> None:
        if record.batch is not None:
            self._holdings.check_batch(record.owner, record.batch, more)

    def _take(self, source: IO[bytes] | Path, target: Path) -> int:
        """Copy an upload, or share the file of another photograph; returns its length in bytes."""
        if not isinstance(source, Path):
            return receive(source, target, self._config.max_upload_bytes)
        with gone():
            try:
                os.link(source, target)  # originals are never changed
            except FileNotFoundError:
                raise
            except OSError:  # a file system without links
                with source.open("rb") as file:
                    return receive(file, target, self._config.max_upload_bytes)
        return target.stat().st_size

    def _check_queue(self, photos: int = 1) -> None:
        most = self._config.queue_limit
        if photos > most:
            raise UploadTooLarge(
                f"At most {most} photographs may wait on this server, and these would be {photos}. "
                "Take fewer at a time."
            )
        length = self._queue.length()
        self._queue.check()
        if length + photos > most:
            ahead = length + photos - 1 - (1 - _ROOM) * most
            seconds = math.ceil(self._worker.seconds_each * ahead)
            seconds = min(max(seconds, 1), _LONGEST_WAIT)
            raise QueueFull(
                f"{length} photographs wait already. Try again in about {seconds} seconds.", seconds
            )


def check_model(settings: Settings) -> None:
    """Raise InvalidSetting or WeightsMissing if there is no such model here."""
    installed = installed_models()
    if settings.model not in installed:
        if settings.model == DEFAULT_MODEL:
            raise WeightsMissing("The model's weights are not installed on this server.")
        raise InvalidSetting(
            f"There is no model {settings.model!r} here; there are {', '.join(installed)}."
        )
