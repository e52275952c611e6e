"""What is done with a photograph when its turn comes: open it, ask the network, keep the answer."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Protocol

import numpy as np
import structlog

from colorizer import photo as files
from colorizer.batch import warnings_of
from colorizer.errors import ColorizerError, DeviceUnavailable
from colorizer.photo import Photo
from colorizer.pipeline import Colorizer, render
from colorizer.prediction import Prediction
from colorizer.settings import DEFAULT_MODEL

from ..config import Config
from ..errors import (
    Abandoned,
    LeftOut,
    NotFound,
    QueueUnavailable,
    StorageFull,
    StorageUnavailable,
    problem_of,
)
from ..storage.folder import FACTS, ORIGINAL, Storage, is_done
from ..storage.records import PhotoRecord, Wanted
from .admission import Budget
from .counting import Counting
from .memory import give_back
from .rendering import Pictures

logger = logging.getLogger(__name__)

#: what passes, or is put right by whoever looks after the server: photographs wait until it is
_PASSING = (DeviceUnavailable, QueueUnavailable, StorageFull, StorageUnavailable)
_ATTEMPTS = 3
_MODELS_KEPT = 2
_GUESS = 2.0  # s that a photograph takes, before one was seen


class Network(Protocol):
    """What is needed of :class:`colorizer.pipeline.Colorizer`."""

    def predict(self, photo: Photo, *, working_size: int | None = None) -> Prediction: ...


class Worker:
    """Works off what is wanted, one photograph at a time.

    Args:
        load: makes a network of a model's name; the default loads its weights.
    """

    def __init__(
        self,
        config: Config,
        storage: Storage,
        pictures: Pictures,
        counting: Counting,
        load: Callable[[str], Network] | None,
        budget: Budget,
    ) -> None:
        self._config = config
        self._storage = storage
        self._pictures = pictures
        self._counting = counting
        self._budget = budget
        self.done = 0
        self.load = load or self._load
        self._network = lru_cache(_MODELS_KEPT)(self.load)
        self._durations: deque[float] = deque(maxlen=20)
        self.state = "The model is not loaded yet."
        self.is_ready = False

    def _load(self, model: str) -> Network:
        return Colorizer.load(model, device=self._config.device, engine=self._config.engine)

    def warm_up(self) -> None:
        """Load the default model, and try it, before the first photograph comes."""
        try:
            blank = Photo(np.zeros((256, 256), np.uint8))
            render(blank, self._network(DEFAULT_MODEL).predict(blank))
        except Exception as error:
            logger.exception("the default model could not be loaded")
            self.state = problem_of(error).detail
        else:
            self.state, self.is_ready = f"{DEFAULT_MODEL} is loaded.", True

    @property
    def seconds_each(self) -> float:
        """How long a photograph took lately."""
        seen = list(self._durations)
        return sum(seen) / len(seen) if seen else _GUESS

    def predict(self, wanted: Wanted) -> None:
        """Make a prediction that is wanted, or note why it cannot be made. Does not raise."""
        with structlog.contextvars.bound_contextvars(job=f"{wanted.id}/{wanted.key}"):
            self._take(wanted)
        give_back()

    def _take(self, wanted: Wanted) -> None:
        try:
            with self._storage.claim(wanted) as attempt:
                names = self._storage.names(wanted.id)
                if attempt is None or is_done(names, wanted.key):
                    return
                start = time.perf_counter()
                outcome = self._outcome(wanted, attempt, FACTS in names)
                self._durations.append(time.perf_counter() - start)
                self._counting.predicted(outcome, self._durations[-1])
                self.done += 1
                logger.info("photo %s: %s, %.2f s", wanted.id, outcome, self._durations[-1])
        except NotFound:
            logger.info("photo %s was deleted meanwhile", wanted.id)
        except _PASSING as error:  # left to the next sweep
            logger.warning("photo %s has to wait: %s", wanted.id, error)
        except Exception:  # the next sweep finds it unfinished
            logger.exception("photo %s could not be finished", wanted.id)

    def _outcome(self, wanted: Wanted, attempt: int, has_preview: bool) -> str:
        try:
            if attempt > _ATTEMPTS:
                raise Abandoned(
                    f"The server stopped {_ATTEMPTS} times while it worked on this photograph. "
                    "Try a smaller copy of it, or a smaller working size."
                )
            self._work(wanted, has_preview)
        except (NotFound, *_PASSING):  # it is not the photograph's fault
            raise
        except Exception as error:
            if not isinstance(error, ColorizerError):
                logger.exception("photo %s failed unexpectedly", wanted.id)
            problem = json.dumps(asdict(problem_of(error))).encode()
            self._storage.write(wanted.id, f"{wanted.key}.failed", problem)
            return type(error).__name__ if isinstance(error, ColorizerError) else "unexpected"
        return "ready"

    def _work(self, wanted: Wanted, has_preview: bool) -> None:
        record = self._storage.record(wanted.id)
        with self._budget.reserve(record.width * record.height):
            self._predict(wanted, record, has_preview)

    def _predict(self, wanted: Wanted, record: PhotoRecord, has_preview: bool) -> None:
        photo = self._pictures.read(record)
        if not has_preview:  # first, so that there is something to look at
            small = files.shrink(photo, self._config.preview_size)
            self._pictures.keep_grey(wanted.id, small, warnings_of(ORIGINAL, photo, record.colour))
        if photo.was_colour and record.colour == "skip":
            raise LeftOut()
        if photo.was_colour and record.colour == "keep":
            own = files.shrink(self._pictures.read(record, colours=True), self._config.preview_size)
            self._pictures.keep_own(wanted.id, wanted.key, own)
            return
        prediction = self._network(wanted.model).predict(photo, working_size=wanted.working_size)
        self._pictures.keep_prediction(wanted.id, wanted.key, prediction)
