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
from ..errors import QueueUnavailable, StorageUnavailable
from ..storage.folder import Storage
from ..storage.records import Wanted
from .outages import Outage

logger = logging.getLogger(__name__)

#: a person waits for a single photograph; a batch may take its time
SINGLE, IN_BATCH = 10, 0

_POLL = 0.05  # s between looks into the SQLite file
_PAUSE = 2.0  # s to wait after the queue could not be read
_STOP_WITHIN = 25.0  # s that a job may take to end before it is left for the next start
_GOOD_FOR = 1.0  # s that a queue which took something counts as one that does
_TRIED_WITH = "colorizer.tried"  # a key of Redis
_ONLY_READ = "The queue of this server takes nothing in at the moment. Try again later."


class _Json(Serializer):  # type: ignore[misc]
    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


class _Patient:
    """A queue that cannot be read (disk full, Redis away) is not asked ten times a second, and is
    said to be away once.

    Attributes:
        when_back: called when it may be there again; raises if it is not.
    """

    when_back: Callable[[], Any]
    storage: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._outage = Outage("the queue", logger)
        self._full = Outage("the queue, which takes nothing in,", logger)

    def check(self) -> None:
        """Raise whatever keeps it from taking something in."""

    def dequeue(self) -> Any:
        try:
            if self._outage.is_on:
                self.when_back()
            data = self.storage.dequeue()
        except Exception as error:
            self._outage.begins(error)
            time.sleep(_PAUSE)
            return None
        self._outage.ends()
        return None if data is None else self.deserialize_task(data)  # type: ignore[attr-defined]

    def execute(self, task: Any, timestamp: object = None) -> Any:
        """Take what was read; its own errors stay within, so others are of the queue."""
        try:
            return super().execute(task, timestamp)  # type: ignore[misc]
        except Exception as error:
            self._outage.begins(error)
            return None

    def read_schedule(self, timestamp: object = None) -> list[Any]:
        """Nothing is ever scheduled."""
        return []

    def read_periodic(self, timestamp: object) -> list[Any]:
        """What is to be queued every so often; nothing while nothing can be."""
        if self._outage.is_on:
            return []
        try:
            self.check()
        except Exception as error:  # what waits is worked off all the same
            self._full.begins(error)
            return []
        self._full.ends()
        return list(super().read_periodic(timestamp))  # type: ignore[misc]


class _Sqlite(_Patient, SqliteHuey):  # type: ignore[misc]
    pass


class _Redis(_Patient, PriorityRedisHuey):  # type: ignore[misc]
    _took = float("-inf")

    def check(self) -> None:
        """See that it can be written to, once a second at most: it may be full, or a replica."""
        if time.monotonic() - self._took >= _GOOD_FOR:
            self.storage.conn.set(_TRIED_WITH, 1, ex=60)
            self._took = time.monotonic()


class _Consumer(Consumer):  # type: ignore[misc]
    def _set_signal_handlers(self) -> None:
        """The signals belong to the process we are a guest in."""


@contextmanager
def _reachable(*detail: str) -> Iterator[None]:
    """Any failure of the queue's own storage is a QueueUnavailable, with this sentence if any."""
    try:
        yield
    except QueueUnavailable:
        raise
    except Exception as error:
        raise QueueUnavailable(*detail) from error


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


def _patient(name: str, step: Callable[[], object]) -> Callable[[], None]:
    """A step that is taken again and again: whatever lies in the data folder, the server runs."""

    def taken() -> None:
        try:
            step()
        except (OSError, StorageUnavailable, QueueUnavailable) as error:
            logger.warning("%s has to wait: %s", name, error)
        except Exception:
            logger.exception("%s failed; it will be tried again", name)

    return taken


def waiting_in(config: Config) -> int:
    """How many jobs wait, asked without a server.

    Raises:
        QueueUnavailable: if it does not answer, or takes nothing in.
    """
    with _reachable():
        huey = _open(config)
        try:
            length = int(huey.storage.queue_size())
            with _reachable(_ONLY_READ):
                huey.check()
        finally:
            huey.storage.close()
    return length


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
        sweep, tidy = _patient("sweep", self.sweep), _patient("tidy", storage.tidy)
        # queues it: Redis may have forgotten what came last
        huey.when_back = huey.periodic_task(crontab(), name="sweep", priority=SINGLE)(sweep)
        huey.periodic_task(crontab(minute="*/5"), name="tidy", priority=SINGLE)(tidy)
        self._at_the_start = tidy, sweep

    def add(self, wanted: Wanted, priority: int) -> None:
        """Queue a prediction; one that cannot be queued now will be by the next sweep."""
        try:
            self._put(wanted, priority)
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

    def check(self) -> None:
        """Raise QueueUnavailable if the queue takes nothing in, whether it can be read or not."""
        with _reachable(_ONLY_READ):
            self._huey.check()

    def sweep(self) -> None:
        """Queue whatever is wanted, unfinished, not waiting, and nobody's work at the moment.

        Raises:
            QueueUnavailable: if it cannot be read, or takes nothing in.
        """
        unfinished = list(self._storage.unfinished())
        waiting = self.waiting() if unfinished else {}
        for wanted in unfinished:
            if wanted not in waiting and not self._storage.is_claimed(wanted):
                self._put(wanted, IN_BATCH)
                logger.warning("photo %s is taken up again", wanted.id)

    def _put(self, wanted: Wanted, priority: int) -> None:
        with _reachable():
            self._predict(*astuple(wanted), priority=priority)

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
        for step in self._at_the_start:
            step()
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
