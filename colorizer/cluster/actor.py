"""The work of one process of a cluster: photograph after photograph, with one colorizer."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import batch
from ..errors import sentence
from ..plan import Task
from ..settings import Settings
from . import places
from .collection import Job

if TYPE_CHECKING:
    from ..pipeline import Colorizer


@dataclass(frozen=True)
class Work:
    """What is done with every photograph; arguments as for :func:`colorizer.batch.run`.

    ``folder`` is where names of files that are not absolute (``--model``) begin.
    """

    colorizer_factory: Callable[[], Colorizer]
    settings: Settings = field(default_factory=Settings)
    provenance: bool = True
    read_options: Mapping[str, Any] = field(default_factory=dict)
    write_options: Mapping[str, Any] = field(default_factory=dict)
    colour: batch.Colour = "repaint"
    folder: str = field(default_factory=os.getcwd)


class Actor:
    """Called by Ray Data with one row after another, in a process of its own.

    Rows are JSON in ASCII: names of files need not be text, but columns of a table must be. The
    model is loaded for the first photograph: an error then is a row, and not the actor's death.
    """

    def __init__(self, work: Work) -> None:
        with suppress(OSError):  # another machine need not have the folder
            os.chdir(work.folder)
        self.work = work
        self._colorizer: Colorizer | None = None

    def __call__(self, row: Mapping[str, str]) -> dict[str, str]:
        """``{"job": …}``, a :class:`.Job` -> ``{"result": …}``.

        The result holds "output", "status" (of :class:`colorizer.batch.Result`, or "hopeless" if
        there is no colorizer), "seconds", "sha256" of the result's file, if there is one, "error"
        (None, or type and message), "warnings" and "was_colour".
        """
        job = Job(**json.loads(row["job"]))
        start = time.perf_counter()
        digest: str | None = None
        error: Exception | None = None
        warnings: tuple[str, ...] = ()
        was_colour = False
        status = "hopeless"
        try:
            self._colorizer = self._colorizer or self.work.colorizer_factory()
            status = "failed"
            done, digest = self._colorize(job, self._colorizer)
            status, warnings, was_colour = done.status, done.warnings, done.was_colour
        except Exception as problem:  # whatever is wrong with one photograph, the others go on
            error = problem
        result = {
            "output": job.output,
            "status": status,
            "seconds": time.perf_counter() - start,
            "sha256": digest,
            "error": error and {"type": type(error).__name__, "message": sentence(error)},
            "warnings": list(warnings),
            "was_colour": was_colour,
        }
        return {"result": json.dumps(result)}

    def _colorize(self, job: Job, colorizer: Colorizer) -> tuple[batch.Result, str | None]:
        work = self.work
        with places.as_file(job.input) as source, places.for_result(job.output) as target:
            (result,) = batch.run(
                [Task(source, target, job.format)], lambda: colorizer, work.settings,
                jobs=1, overwrite=True, provenance=work.provenance,
                read_options=work.read_options, write_options=work.write_options,
                colour=work.colour,
            )  # fmt: skip
            if result.error is not None:
                raise result.error
            made = result.status in ("done", "kept")
            return result, places.sha256_of(str(target)) if made else None
