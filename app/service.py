"""The one façade that the pages and the API call. It knows nothing of HTTP.

What can be asked of photographs, batches and films stands in three desks of the room ``work``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, cast

from .config import Config
from .errors import Problem, QueueUnavailable
from .storage.films import Films
from .storage.records import BatchRecord, PhotoRecord, Treatment
from .storage.samples import Sample
from .storage.stores import open_storage
from .storage.wishes import Guide, Output
from .watch.checks import checks
from .watch.metrics import Metrics
from .work.admission import Budget
from .work.batches import BatchDesk
from .work.filming import Filming, Load
from .work.films import FilmDesk, FilmView
from .work.holdings import Holdings
from .work.intake import Intake, installed_models
from .work.offers import BatchView, Blob, Offer, Place, ResultFile, State, View
from .work.photographs import PhotoDesk
from .work.queue import Queue
from .work.rendering import Pictures
from .work.views import Views
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


class Service:
    """Photographs in, colours out.

    Args:
        config: the server's settings.
        load: makes a network of a model's name; the default loads its weights, in the consumer's
            thread and only there, and for each film again.

    Attributes:
        photos: what can be asked of photographs.
        batches: what can be asked of many at once.
        films: what can be asked of films.

    Raises:
        DataFolderUnusable: if the data folder cannot be made or written to.
        InvalidSetting: if a library for the object store is not installed.
        QueueUnavailable: if the queue cannot be opened.
    """

    def __init__(self, config: Config, *, load: Callable[[str], Network] | None = None) -> None:
        self.config = config
        self._storage = storage = open_storage(config)
        self._budget = budget = Budget(config.megapixels_at_once * 1_000_000)
        films = Films(storage)
        self._metrics = metrics = Metrics(
            self._queue_length, lambda: len(films.unfinished()), storage, budget
        )
        pictures = Pictures(storage, metrics, config.max_pixels, budget)
        self._worker = worker = Worker(config, storage, pictures, metrics, load, budget)
        self._queue = queue = Queue(config, storage, worker.predict, worker.warm_up)
        views, holdings = Views(storage, queue), Holdings(storage, config.max_batch)
        self._intake = intake = Intake(config, storage, holdings, queue, worker, metrics)
        self._filming = Filming(config, storage, films, metrics, cast(Load, worker.load))
        self.photos = PhotoDesk(storage, holdings, intake, pictures, views)
        self.batches = BatchDesk(storage, holdings, intake, pictures, views, self.photos)
        self.films = FilmDesk(
            config,
            storage,
            films,
            holdings,
            intake,
            queue,
            pictures,
            budget,
            self._filming,
            views,
            self.photos,
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

    def check_room(self, length: int) -> None:
        """Whether an upload of so many bytes may come.

        Raises:
            QueueFull, QueueUnavailable, StorageFull: if it may not.
        """
        self._intake.check_room(length)

    def counted(self) -> AbstractContextManager[None]:
        """One upload, whatever it is tried as; counted by what becomes of it."""
        return self._intake.counted()

    def spool(self) -> IO[bytes]:
        """A file without a name, in memory or the data folder, to receive an upload in."""
        return self._storage.spool()

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

    def _queue_length(self) -> float:
        try:
            return self._queue.length()
        except QueueUnavailable:
            return math.nan
