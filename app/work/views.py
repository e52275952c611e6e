"""What state a photograph is in, by the files that it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from colorizer.settings import Settings

from ..errors import Problem
from ..storage.folder import FACTS, Storage
from ..storage.records import PhotoRecord, State, View, Wanted


def view_of(
    record: PhotoRecord,
    settings: Settings,
    storage: Storage,
    waiting: Callable[[], Mapping[Wanted, int]],
) -> View:
    """How far the prediction for these settings' model and working size has come.

    Args:
        waiting: called if the queue has to be looked at; prediction -> its place.
    """
    wanted = Wanted(record.id, settings.model, settings.working_size)
    files, key = storage.names(record.id), wanted.key
    state: State = "missing"
    problem, position = None, None
    kept = f"{key}.kept" in files
    if kept or f"{key}.prediction" in files:
        state = "ready"
    elif f"{key}.failed" in files:
        state = "failed"
        data = storage.read(record.id, f"{key}.failed")
        problem = Problem(**json.loads(data)) if data else None
    elif f"{key}.wanted" in files:
        position = waiting().get(wanted)
        state = "working" if position is None and f"{key}.claim" in files else "queued"
    facts = storage.read(record.id, FACTS) if FACTS in files else None
    if facts is None:
        return View(record, state, problem, position)
    known = json.loads(facts)
    warnings = tuple(known.get("warnings", ()))
    return View(record, state, problem, position, known["bit_depth"], warnings, kept)
