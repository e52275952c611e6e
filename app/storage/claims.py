"""Who works on which prediction, where files cannot be locked: in Redis.

A claim is a lock that ends by itself some seconds after its holder was killed; while the holder
lives a thread extends it. Whoever loses a claim all the same (Redis was restarted and forgot it)
goes on: what comes of it is written whole, by both.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from ..errors import QueueUnavailable, TooBusy

#: seconds after which the claim of a process that was killed ends
ENDS_AFTER = 60.0

_PREFIX = "colorizer"
_COUNTED_FOR = 7 * 86400  # s that attempts are remembered
_ANSWERS_WITHIN = 5.0  # s
_PATIENCE = 30.0  # s that one waits for its turn

logger = logging.getLogger(__name__)


class Claims:
    """Claims by name, and how often each was tried.

    Every method raises QueueUnavailable if Redis does not answer.

    Args:
        url: of Redis; nothing is asked of it yet.
        ends_after: seconds until the claim of a killed process ends.
    """

    def __init__(self, url: str, ends_after: float | None = None) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_ANSWERS_WITHIN, socket_connect_timeout=_ANSWERS_WITHIN
        )
        self._ends_after = ENDS_AFTER if ends_after is None else ends_after

    @contextmanager
    def hold(self, name: str) -> Iterator[int | None]:
        """Hold a claim.

        Yields:
            The number of this attempt, 1 is the first; None if another holds the claim. An attempt
            that ends in an exception does not count: the process lives.
        """
        lock = self._redis.lock(_claim(name), timeout=self._ends_after, thread_local=False)
        with _answering():
            held = lock.acquire(blocking=False)
        if not held:
            yield None
            return
        with self._extended(lock, name):
            attempt = self._count(name, 1)
            try:
                yield attempt
            except Exception:
                with suppress(QueueUnavailable):
                    self._count(name, -1)
                raise

    @contextmanager
    def in_turn(self, name: str) -> Iterator[None]:
        """Be the only one, after whoever is at it now; raises TooBusy if that takes too long."""
        turn = f"{_PREFIX}.turn.{name}"
        lock = self._redis.lock(turn, timeout=self._ends_after, thread_local=False)
        with _answering():
            held = lock.acquire(blocking_timeout=_PATIENCE)
        if not held:
            raise TooBusy()
        try:
            yield
        finally:
            with suppress(RedisError):  # it ends by itself
                lock.release()

    def is_held(self, name: str) -> bool:
        """Whether somebody holds it."""
        with _answering():
            return bool(self._redis.exists(_claim(name)))

    def begun(self, names: Iterable[str]) -> set[str]:
        """Those that somebody is at, or was when it was killed."""
        names = list(names)
        if not names:
            return set()
        with _answering():
            counts = self._redis.mget([_attempts(name) for name in names])
        return {name for name, count in zip(names, counts, strict=True) if int(count or 0) > 0}

    def forget(self, name: str) -> None:
        """Forget how often it was tried."""
        with _answering():
            self._redis.delete(_attempts(name))

    def close(self) -> None:
        """Let the connections go."""
        self._redis.close()

    def _count(self, name: str, change: int) -> int:
        with _answering(), self._redis.pipeline() as both:
            both.incrby(_attempts(name), change)
            both.expire(_attempts(name), _COUNTED_FOR)
            return int(both.execute()[0])

    @contextmanager
    def _extended(self, lock: Lock, name: str) -> Iterator[None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._extend, args=(lock, name, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with suppress(RedisError):  # if it is lost or Redis away, it ends by itself
                lock.release()

    def _extend(self, lock: Lock, name: str, ended: threading.Event) -> None:
        while not ended.wait(self._ends_after / 4):
            try:
                lock.extend(self._ends_after, replace_ttl=True)
            except LockError:
                logger.warning("the claim of %s was lost; the work goes on", name)
                return
            except RedisError:
                logger.warning("the claim of %s could not be extended", name)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise QueueUnavailable() from error


def _claim(name: str) -> str:
    return f"{_PREFIX}.claim.{name}"


def _attempts(name: str) -> str:
    return f"{_PREFIX}.attempts.{name}"
