"""Colouring films: one at a time, in a thread of its own that lets everybody else go first.

What is asked for is in the storage, and is looked for there: a film that a killed process was at
is taken up again, from its last segment on. While a film is coloured photographs go their own way,
through the queue; where both want the processors, photographs get them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from colorizer import video
from colorizer.errors import ColorizerError
from colorizer.pipeline import Colorizer
from colorizer.video import Progress, Result

from ..config import Config
from ..errors import Abandoned, NotFound, StorageUnavailable, problem_of
from ..storage.disk import is_away
from ..storage.films import Films
from ..storage.folder import Storage
from ..storage.orders import PLAYABLE, Finished, Order, Steps
from ..storage.records import FilmRecord
from .counting import Counting
from .memory import give_back
from .outages import Outage

_ATTEMPTS = 3  # that were killed before they got further than the one before
_NICENESS = 10  # of nice(1): how far behind everybody else
_LOOK_EVERY = 1.0  # s between looks for films that other processes took in
_TELL_EVERY = 1.0  # s between notes of how far it is
_STOP_WITHIN = 25.0  # s that a film may take to stop before it is left for the next start

Load = Callable[[str], Colorizer]

logger = logging.getLogger(__name__)


class _Stopped(Exception):
    """The process ends; the film goes on when the next one starts."""


class Filming:
    """Works off the versions of films that are asked for.

    Args:
        load: makes a model of its name; called for each film, so that no memory is kept for none.
    """

    def __init__(
        self, config: Config, storage: Storage, films: Films, counting: Counting, load: Load
    ) -> None:
        self._config = config
        self._storage = storage
        self._films = films
        self._counting = counting
        self._load = load
        self._closing = threading.Event()
        self._awake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stops_by = 0.0

    def start(self) -> None:
        """Start to work, in a thread of this process."""
        self._thread = threading.Thread(target=self._run, name="films", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._awake.set()

    def stop(self) -> None:
        """Stop where it is; :meth:`close` waits for that. Nothing of what is done is lost."""
        self._stops_by = time.monotonic() + _STOP_WITHIN
        self._closing.set()
        self._awake.set()

    def close(self) -> bool:
        """Wait until it has stopped; False if that takes too long."""
        if self._thread is None:
            return True
        self._thread.join(max(self._stops_by - time.monotonic(), 0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        _let_others_go_first()
        outage = Outage("the folder of the films", logger)
        with suppress(OSError):
            self._films.tidy()
        while not self._closing.is_set():
            try:
                worked = any(self._take(id, key) for id, key in self._films.unfinished())
                outage.ends()
            except Exception as error:
                if not (is_away(error) or outage.is_on):
                    logger.exception("films could not be looked for")
                outage.begins(error)
                worked = False
            if not worked:
                self._awake.wait(_LOOK_EVERY)
                self._awake.clear()

    def _take(self, id: str, key: str) -> bool:
        """Work on a version; False if that is another's, or has to wait. Does not raise."""
        if self._closing.is_set():
            return False
        with structlog.contextvars.bound_contextvars(job=f"{id}/{key}"):
            try:
                with self._films.claim(id, key) as attempt:
                    if attempt is None:
                        return False
                    if self._films.is_unfinished(id, key):  # nobody was quicker
                        self._work(id, key, attempt)
            except _Stopped:
                logger.info("film %s: stopped; it goes on at the next start", id)
                return False
            except NotFound:
                logger.info("film %s was deleted meanwhile", id)
            except StorageUnavailable as error:
                logger.warning("film %s has to wait: %s", id, error)
                return False
            except Exception:  # it could not even be noted why
                logger.exception("film %s could not be finished", id)
                return False
            finally:
                give_back()
        if not self._films.is_wanted(id, key):
            with suppress(NotFound):
                self._films.remove(id, key)
        return True

    def _work(self, id: str, key: str, attempt: int) -> None:
        record, order = self._films.record(id), self._films.order(id, key)
        start = time.perf_counter()
        outcome = "removed"
        try:
            if attempt > _ATTEMPTS:
                raise Abandoned(
                    f"The server stopped {_ATTEMPTS} times at the same place of this film. "
                    "If its frames are large, a smaller copy of it needs less memory; "
                    "otherwise try one that another program has written."
                )
            result = self._colorize(record, key, order)
            seconds = time.perf_counter() - start
            if self._films.is_wanted(id, key):
                if not result.complete:
                    raise _Stopped
                length = self._films.made(id, key, order.codec).stat().st_size
                is_even = not (record.width % 2 or record.height % 2)
                finished = Finished(
                    result.frames,
                    seconds,
                    length,
                    playable=order.codec == PLAYABLE and is_even,
                    warnings=result.warnings,
                )
                self._films.note(id, key, finished)
                outcome = "ready"
        except (_Stopped, NotFound, StorageUnavailable):
            raise
        except Exception as error:
            if not isinstance(error, ColorizerError):
                if not self._films.is_wanted(id, key):  # its folder was taken away
                    raise NotFound() from error
                logger.exception("film %s failed unexpectedly", id)
            self._films.wipe_made(id, key)
            self._films.note(id, key, problem_of(error))
            outcome = type(error).__name__ if isinstance(error, ColorizerError) else "unexpected"
        self._counting.filmed(outcome, time.perf_counter() - start)
        logger.info("film %s: %s, %.0f s", id, outcome, time.perf_counter() - start)

    def _colorize(self, record: FilmRecord, key: str, order: Order) -> Result:
        id = record.id
        target = self._films.made(id, key, order.codec)
        telling = _Telling(self._films, id, key, self._storage)
        return video.colorize(
            self._films.original(id),
            target,
            self._load(order.settings.model),
            order.settings,
            guidance=order.guidance,
            output=order.output,
            end=self._config.max_film_seconds,  # headers may say less than there is
            deinterlace=order.deinterlace,
            whole=order.whole,
            progress=telling.tell,
            cancelled=lambda: self._closing.is_set() or not self._films.is_wanted(id, key),
            max_pixels=most_pixels(self._config),
        )


class _Telling:
    """Notes how far a version is, now and then; and sees that there is room for more of it."""

    def __init__(self, films: Films, id: str, key: str, storage: Storage) -> None:
        self._films, self._id, self._key, self._storage = films, id, key, storage
        self._furthest = films.steps(id, key).frames
        self._told = float("-inf")
        self._is_ahead = False

    def tell(self, progress: Progress) -> None:
        """Raises StorageFull if there is no room, and NotFound if the film is gone."""
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        self._storage.check_room()
        self._storage.check_quota()
        frames = max(progress.frames, self._furthest)
        steps = Steps(frames, progress.total, progress.rate, progress.seconds_left)
        self._films.note(self._id, self._key, steps)
        if progress.frames > self._furthest and not self._is_ahead:
            self._is_ahead = True
            self._films.forget_attempts(self._id, self._key)


def most_pixels(config: Config) -> int:
    """Of a film's frame."""
    return min(config.max_pixels, video.MAX_PIXELS)


def _let_others_go_first() -> None:
    """For this thread, and those that it starts: on Linux each has a niceness of its own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
