"""The queue: a SQLite file in the data folder, or Redis by URL, and the consumer that empties it.

The queue only says when. What is wanted and missing is in the storage, and whatever the queue lost,
or a killed process was at, is put back at the start, when the queue was away, and once a minute
(:meth:`Queue.sweep`).
Messages are JSON: nobody who can write to the queue can make this program run code.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import Any

from huey import PriorityRedisHuey, SqliteHuey, crontab
from huey.api import Huey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer

from ..config import Config
from ..errors import QueueUnavailable
from ..storage.folder import Storage
from ..storage.records import Wanted

logger = logging.getLogger(__name__)

#: a person waits for a single photograph; a batch may take its time
SINGLE, IN_BATCH = 10, 0

_POLL = 0.05  # s between looks into the SQLite file
_PAUSE = 2.0  # s to wait after the queue could not be read
_STOP_WITHIN = 25.0  # s that a job may take to end before it is left for the next start


class _Json(Serializer):  # type: ignore[misc]
    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


class _Patient:
    """A queue that cannot be read (disk full, Redis away) is not asked ten times a second.

    Attributes:
        when_back: called when it may be there again; raises if it is not.
    """

    when_back: Callable[[], Any]
    _was_away = False

    def dequeue(self) -> Any:
        try:
            if self._was_away:
                self.when_back()
                self._was_away = False
            return super().dequeue()  # type: ignore[misc]
        except Exception:
            self._was_away = True
            time.sleep(_PAUSE)
            raise


class _Sqlite(_Patient, SqliteHuey):  # type: ignore[misc]
    pass


class _Redis(_Patient, PriorityRedisHuey):  # type: ignore[misc]
    pass


class _Consumer(Consumer):  # type: ignore[misc]
    def _set_signal_handlers(self) -> None:
        """The signals belong to the process we are a guest in."""


@contextmanager
def _reachable() -> Iterator[None]:
    """Any failure of the queue's own storage is a QueueUnavailable."""
    try:
        yield
    except Exception as error:
        raise QueueUnavailable() from error


def _readable(items: Iterable[bytes]) -> Iterator[Message]:
    """Messages; what is none is the consumer's to throw away."""
    for item in items:
        with suppress(ValueError, TypeError):
            yield _Json().deserialize(item)


def _open(config: Config) -> Huey:
    if config.queue_url:
        return _Redis("colorizer", results=False, serializer=_Json(), url=config.queue_url)
    path = config.data_dir / "queue.db"
    return _Sqlite("colorizer", results=False, serializer=_Json(), filename=str(path))


def waiting_in(config: Config) -> int:
    """How many jobs wait, asked without a server; raises QueueUnavailable."""
    with _reachable():
        storage = _open(config).storage
        try:
            return int(storage.queue_size())
        finally:
            storage.close()


class Queue:
    """Predictions that wait for their turn.

    Args:
        predict: works one off; called in the consumer's thread, and does not raise.
        on_start: called in the consumer's thread before the first job.

    Raises:
        QueueUnavailable: if the queue cannot be opened.
    """

    def __init__(
        self,
        config: Config,
        storage: Storage,
        predict: Callable[[Wanted], None],
        on_start: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._consumer: _Consumer | None = None
        with _reachable():
            self._huey = huey = _open(config)
        huey.on_startup("on_start")(on_start)
        self._is_enough: Callable[[], bool] | None = None
        self._work_off = predict
        self._predict = huey.task(name="predict")(self._take)
        sweep = huey.periodic_task(crontab(), name="sweep", priority=SINGLE)(self.sweep)
        huey.when_back = sweep  # queues it: Redis may have forgotten what came last
        huey.periodic_task(crontab(minute="*/5"), name="tidy", priority=SINGLE)(storage.tidy)

    def add(self, wanted: Wanted, priority: int) -> None:
        """Queue a prediction; one that cannot be queued now will be by the next sweep."""
        try:
            with _reachable():
                self._predict(*astuple(wanted), priority=priority)
        except QueueUnavailable:
            logger.warning("photo %s could not be queued; it will be later", wanted.id)

    def waiting(self) -> dict[Wanted, int]:
        """What waits, and its place in the queue: 1 is next. Raises QueueUnavailable."""
        with _reachable():
            items = self._huey.storage.enqueued_items()
        jobs = [Wanted(*m.args) for m in _readable(items) if m.name.endswith(".predict")]
        return {job: place for place, job in reversed(list(enumerate(jobs, start=1)))}

    def length(self) -> int:
        """How many predictions wait. Raises QueueUnavailable."""
        return len(self.waiting())

    def sweep(self) -> None:
        """Queue whatever is wanted, unfinished, not waiting, and nobody's work at the moment."""
        unfinished = list(self._storage.unfinished())
        waiting = self.waiting() if unfinished else {}
        for wanted in unfinished:
            if wanted not in waiting and not self._storage.is_claimed(wanted):
                logger.warning("photo %s is taken up again", wanted.id)
                self.add(wanted, IN_BATCH)

    def _take(self, *job: Any) -> None:
        """Work one off; the consumer takes no other out of the queue before this returns."""
        wanted = Wanted(*job)
        self._work_off(wanted)
        while not self._storage.is_there():  # so nothing came of it, nor would of the others
            time.sleep(_PAUSE)
            if self._consumer is None:  # we are closing
                return
            self._work_off(wanted)
        consumer = self._consumer
        if consumer is not None and self._is_enough is not None and self._is_enough():
            consumer.stop_flag.set()

    def start(self, is_enough: Callable[[], bool] | None = None) -> None:
        """Start to work the queue off, in threads of this process.

        Args:
            is_enough: asked after each job; True takes no more of them.
        """
        self._is_enough = is_enough
        for step in (self._storage.tidy, self.sweep):
            try:
                step()
            except Exception:  # whatever lies in the data folder, the server starts
                logger.exception("%s failed at the start; it will be tried again", step.__name__)
        self._consumer = _Consumer(
            self._huey,
            workers=1,  # the network uses all processors
            initial_delay=_POLL,
            max_delay=_POLL,
            shutdown_timeout=_STOP_WITHIN,
        )
        self._consumer.start()

    @property
    def is_consumed(self) -> bool:
        """Whether this process works the queue off."""
        consumer = self._consumer
        return consumer is not None and all(t.is_alive() for _, t in consumer.worker_threads)

    def close(self) -> bool:
        """Stop after the job in hand; what still waits, waits for the next start.

        Returns:
            False if the job in hand takes too long: its thread still runs, and the job will be
            taken up again.
        """
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.stop(graceful=True)
            if any(thread.is_alive() for _, thread in consumer.worker_threads):
                return False
        self._huey.storage.close()
        return True
