"""What state a photograph is in, by the files that it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from colorizer.settings import Settings

from ..errors import Problem, QueueUnavailable
from ..storage.folder import FACTS, Storage
from ..storage.records import PhotoRecord, Wanted
from .offers import State, View
from .queue import Queue


class Views:
    """How far photographs have come; the queue is looked at once for all that are asked for."""

    def __init__(self, storage: Storage, queue: Queue) -> None:
        self._storage = storage
        self._queue = queue

    def of(self, record: PhotoRecord, settings: Settings) -> View:
        """How far the prediction for these settings' model and working size has come."""
        return self._view(record, settings, self._waiting)

    def of_all(self, records: Iterable[PhotoRecord], settings: Settings) -> list[View]:
        """The same of many, in their order."""
        waiting = self._waiting()
        return self._storage.each(
            lambda photo: self._view(photo, settings, lambda: waiting), records
        )

    def _waiting(self) -> Mapping[Wanted, int]:
        with suppress(QueueUnavailable):
            return self._queue.waiting()
        return {}

    def _view(
        self,
        record: PhotoRecord,
        settings: Settings,
        waiting: Callable[[], Mapping[Wanted, int]],
    ) -> View:
        """A photograph's; ``waiting`` is called only if the queue has to be looked at."""
        wanted = Wanted(record.id, settings.model, settings.working_size)
        files, key = self._storage.names(record.id), wanted.key
        state: State = "missing"
        problem, position = None, None
        kept = f"{key}.kept" in files
        if kept or f"{key}.prediction" in files:
            state = "ready"
        elif f"{key}.failed" in files:
            state = "failed"
            data = self._storage.read(record.id, f"{key}.failed")
            problem = Problem(**json.loads(data)) if data else None
        elif f"{key}.wanted" in files:
            position = waiting().get(wanted)
            state = "working" if position is None and f"{key}.claim" in files else "queued"
        facts = self._storage.read(record.id, FACTS) if FACTS in files else None
        if facts is None:
            return View(record, state, problem, position)
        known = json.loads(facts)
        warnings = tuple(known.get("warnings", ()))
        mount = known.get("mount", False)
        return View(record, state, problem, position, known["bit_depth"], warnings, kept, mount)
