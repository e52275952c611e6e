"""Many photographs: find them, plan where the results go (plan.py), colorize them.

Reading, rendering and writing of some photographs overlap with the network on another, in a few
threads. The network runs once at a time (it uses all processors by itself). Memory is bounded in
bytes, by what the headers say, however many photographs there are: see :func:`run`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .errors import ColorizerError, OutputError
from .plan import Input, Task, find_inputs, plan
from .room import Room
from .settings import Settings
from .threads import processors

if TYPE_CHECKING:
    from .pipeline import Colorizer

__all__ = ["Input", "Result", "Task", "find_inputs", "plan", "processors", "run"]

log = logging.getLogger(__name__)

#: Threads that read at the same time: a decoder may need far more memory than the photograph.
READERS = 2
#: Bytes for all photographs in flight; one that needs more is alone.
MEMORY = 1 << 30
#: Bytes that one takes for each of its pixels, at most: decoded (colour, 16 bits) 6, grey 2, in
#: colour 6, what its encoder holds 6.
BYTES_A_PIXEL = 20


@dataclass(frozen=True)
class Result:
    """What became of a task, after how many seconds; ``error`` is set if and only if it failed.

    ``warnings`` are sentences about a photograph that was colorized: what is damaged in it, that it
    has more pages, that its format holds fewer bits.
    """

    task: Task
    status: Literal["done", "skipped", "failed"]
    seconds: float = 0.0
    error: Exception | None = None
    warnings: tuple[str, ...] = ()


def run(
    tasks: Sequence[Task],
    colorizer_factory: Callable[[], Colorizer],
    settings: Settings | None = None,
    *,
    jobs: int | None = None,
    overwrite: bool = False,
    provenance: bool = True,
    read_options: Mapping[str, Any] | None = None,
    write_options: Mapping[str, Any] | None = None,
) -> Generator[Result, None, None]:
    """Colorize the photographs of a plan; one result each, as they are finished.

    A photograph that cannot be read, coloured or written gives a failed result and does not stop
    the others. At most ``jobs`` photographs (default: one per processor) are in flight; of these
    at most :data:`READERS` are being read, and all together take at most :data:`MEMORY` bytes, by
    the sizes in their headers (or are one larger photograph). If the iterator is closed, or Ctrl-C
    comes, the photographs in flight are given up at their next step and no partial file stays.

    Args:
        tasks: from :func:`plan`.
        colorizer_factory: makes the colorizer; called once, and only if there is something to do.
        settings: the parameters.
        overwrite: replace results that are there already, instead of skipping them.
        provenance: note in each file that its colours were added.
        read_options: further arguments of :func:`colorizer.photo.read`.
        write_options: further arguments of :func:`colorizer.photo.write`.

    Raises:
        ColorizerError: if the colorizer cannot be made.
    """
    waiting = []
    for task in tasks:
        if overwrite or not os.path.isfile(task.output):
            waiting.append(task)
        else:
            yield Result(task, "skipped")
    if not waiting:
        return
    settings = settings or Settings()
    jobs = jobs or processors()
    colorizer = colorizer_factory()
    options = dict(write_options or {})
    if provenance:
        options["provenance"] = colorizer.provenance(settings)
    work = _Worker(colorizer, settings, dict(read_options or {}), options)

    pool = ThreadPoolExecutor(jobs, "colorize")
    try:
        queue = iter(waiting)
        running = {pool.submit(work, task) for task in islice(queue, jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(work, task) for task in islice(queue, len(done))}
            for future in done:
                yield future.result()
    finally:
        work.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


class _Stopped(ColorizerError):
    """The batch was given up."""


class _Worker:
    """Takes one photograph from file to file; called from several threads."""

    def __init__(
        self,
        colorizer: Colorizer,
        settings: Settings,
        read_options: dict[str, Any],
        write_options: dict[str, Any],
    ) -> None:
        self.colorizer = colorizer
        self.settings = settings
        self.read_options = read_options
        self.write_options = write_options
        self.stop = threading.Event()
        self._reading = threading.Semaphore(READERS)
        self._room = Room(MEMORY)
        self._network = threading.Lock()

    def __call__(self, task: Task) -> Result:
        start = time.perf_counter()
        error: Exception | None = None
        warnings: tuple[str, ...] = ()
        try:
            warnings = self._colorize(task)
        except MemoryError:
            error = ColorizerError(f"{task.input.name} needs more memory than there is.")
        except Exception as problem:  # whatever is wrong with one photograph, the others go on
            error = problem
            log.info("%s failed", task.input, exc_info=not isinstance(problem, ColorizerError))
        seconds = time.perf_counter() - start
        return Result(task, "failed" if error else "done", seconds, error, warnings)

    def _colorize(self, task: Task) -> tuple[str, ...]:
        from . import photo as files

        options = self.read_options
        if task.page is not None:
            options = {**options, "page": task.page}
        header = files.probe(task.input, **options)
        with self._room.reserve(header.height * header.width * BYTES_A_PIXEL):
            with self._reading:
                self._check()
                photo = files.read(task.input, **options)
            with self._network:
                self._check()
                prediction = self.colorizer.predict(photo, working_size=self.settings.working_size)
            self._check()
            depth = files.depth_for(photo, task.format, self.write_options.get("bit_depth"))
            warnings = list(photo.warnings)
            if photo.pages > 1 and "page" not in options:
                warnings.append(f"It has {photo.pages} pages, of which the first was colorized.")
            if depth < photo.bit_depth and "bit_depth" not in self.write_options:
                warnings.append(f"It has 16 bits per channel, of which {task.format} keeps 8.")
            photo = replace(photo, bit_depth=depth)
            result = self.colorizer.render(photo, prediction, self.settings)
            self._check()
            _make_folder(task.output.parent)
            files.write(result, task.output, format=task.format, **self.write_options)
        return tuple(warnings)

    def _check(self) -> None:
        if self.stop.is_set():
            raise _Stopped


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} could not be made: {error.strerror or error}."
        ) from error
