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

from .atomic import remove_leftovers, write_atomically
from .errors import ColorizerError, OutputError
from .folders import LeftOut
from .guidance import Guidance
from .plan import Input, Task, find_inputs, plan
from .room import Room
from .settings import Settings
from .threads import processors

if TYPE_CHECKING:
    from .photo import Photo
    from .pipeline import Colorizer

__all__ = [
    "Colour", "Input", "LeftOut", "Result", "Task", "find_inputs", "plan", "processors", "run",
]  # fmt: skip

log = logging.getLogger(__name__)

#: What is done with colour photographs: they are coloured anew, left out, or copied as they are.
Colour = Literal["repaint", "skip", "keep"]

#: Threads that read at the same time: a decoder may need far more memory than the photograph.
READERS = 2
#: Bytes for all photographs in flight; one that needs more is alone.
MEMORY = 1 << 30
#: Bytes that one takes for each of its pixels, at most: decoded (colour, 16 bits) 6, grey 2, in
#: colour 6, what its encoder holds 6.
BYTES_A_PIXEL = 20


#: what is said of colour photographs that are not coloured
_SPARED = {
    "skip": "is a colour photograph and was left out.",
    "keep": "is a colour photograph and keeps its own colours.",
}


@dataclass(frozen=True)
class Result:
    """What became of a task.

    Attributes:
        status: "done"; "skipped": the result was there already; "kept": a colour photograph was
            copied with its own colours; "left_out": one was not done; "failed".
        seconds: how long that took.
        error: set if and only if it failed.
        warnings: sentences for the person whose photograph it is.
        was_colour: whether it is a colour photograph (False also where nobody looked).
    """

    task: Task
    status: Literal["done", "skipped", "kept", "left_out", "failed"]
    seconds: float = 0.0
    error: Exception | None = None
    warnings: tuple[str, ...] = ()
    was_colour: bool = False


def run(
    tasks: Sequence[Task],
    colorizer_factory: Callable[[], Colorizer],
    settings: Settings | None = None,
    *,
    jobs: int | None = None,
    overwrite: bool = False,
    provenance: bool = True,
    colour: Colour = "repaint",
    guidance: Callable[[Path], Guidance] | None = None,
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
        colour: what is done with colour photographs (``was_colour`` of :class:`.Photo`). Those
            that are kept are copied byte by byte if the result has the same format, is all of the
            file, and nothing else is asked for; else they are written anew, with their own colours.
        guidance: gives what is known of a photograph, by its path; an error that it raises is that
            photograph's.
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
    remove_leftovers(task.output for task in waiting)  # of a run that was killed
    colorizer = colorizer_factory()
    work = _Worker(
        colorizer,
        settings,
        colour,
        guidance or (lambda _: Guidance()),
        provenance,
        dict(read_options or {}),
        dict(write_options or {}),
    )

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
        colour: Colour,
        guidance: Callable[[Path], Guidance],
        provenance: bool,
        read_options: dict[str, Any],
        write_options: dict[str, Any],
    ) -> None:
        self.colorizer = colorizer
        self.settings = settings
        self.colour = colour
        self.guidance = guidance
        self.provenance = provenance
        self.read_options = read_options
        self.write_options = write_options
        self.stop = threading.Event()
        self._reading = threading.Semaphore(READERS)
        self._room = Room(MEMORY)
        self._network = threading.Lock()

    def __call__(self, task: Task) -> Result:
        start = time.perf_counter()
        try:
            result = self._treat(task)
        except MemoryError:
            error = ColorizerError(f"{task.input.name} needs more memory than there is.")
            result = Result(task, "failed", error=error)
        except Exception as problem:  # whatever is wrong with one photograph, the others go on
            log.info("%s failed", task.input, exc_info=not isinstance(problem, ColorizerError))
            result = Result(task, "failed", error=problem)
        return replace(result, seconds=time.perf_counter() - start)

    def _treat(self, task: Task) -> Result:
        from . import photo as files

        guidance = self.guidance(task.input)
        options = self._options(task)
        header = files.probe(task.input, **options)
        with self._room.reserve(header.height * header.width * BYTES_A_PIXEL):
            with self._reading:
                self._check()
                photo = files.read(task.input, **options)
            if photo.was_colour and self.colour != "repaint":
                return self._spare(task, photo)
            with self._network:
                self._check()
                prediction = self.colorizer.predict(
                    photo, working_size=self.settings.working_size, hints=guidance.hints
                )
            self._check()
            depth = files.depth_for(photo, task.format, self.write_options.get("bit_depth"))
            warnings = [*warnings_of(task.input.name, photo), *self._lost(task, photo)]
            photo = replace(photo, bit_depth=depth)
            result = self.colorizer.render(photo, prediction, self.settings, guidance)
            self._check()
            _make_folder(task.output.parent)
            note = self.colorizer.provenance(self.settings, guidance) if self.provenance else None
            files.write(
                result, task.output, format=task.format, provenance=note, **self.write_options
            )
        return Result(task, "done", warnings=tuple(warnings), was_colour=photo.was_colour)

    def _options(self, task: Task) -> dict[str, Any]:
        """The arguments of ``read`` for a task."""
        return self.read_options if task.page is None else {**self.read_options, "page": task.page}

    def _spare(self, task: Task, photo: Photo) -> Result:
        """Do not colour a colour photograph."""
        warnings = warnings_of(task.input.name, photo, self.colour)
        if self.colour == "skip":
            return Result(task, "left_out", warnings=warnings, was_colour=True)
        self._check()
        _make_folder(task.output.parent)
        lost = self._copy(task, photo)
        return Result(task, "kept", warnings=(*warnings, *lost), was_colour=True)

    def _copy(self, task: Task, photo: Photo) -> list[str]:
        """Keep the file as it is, or else write it anew; returns what got lost, in sentences."""
        from . import photo as files

        options = self._options(task)
        changes = self.write_options.keys() - {"quality", "lossless"}
        is_another = (
            (photo.pages > 1 and "page" in options)
            or (photo.warnings and options.get("salvage"))
            or options.get("turn")
            or options.get("negative")
        )
        if photo.metadata.source_format.lower() == task.format and not changes and not is_another:
            try:
                write_atomically(task.output, task.input.read_bytes())
            except OSError as error:
                raise OutputError(
                    f"{task.input} cannot be copied to {task.output}: {error.strerror or error}."
                ) from error
            return []
        with self._reading:
            photo = files.read(task.input, colours=True, **options)
        files.write(photo, task.output, format=task.format, **self.write_options)
        return self._lost(task, photo)

    def _lost(self, task: Task, photo: Photo) -> list[str]:
        """What of a photograph the result does not have, although nobody said so."""
        from . import photo as files

        name, lost = task.input.name, []
        if photo.pages > 1 and "page" not in self._options(task):
            lost.append(f"{name} has {photo.pages} pages, of which the first was taken.")
        depth = files.depth_for(photo, task.format, None)
        if depth < photo.bit_depth and "bit_depth" not in self.write_options:
            lost.append(f"{name} has 16 bits per channel, of which {task.format} keeps 8.")
        return lost

    def _check(self) -> None:
        if self.stop.is_set():
            raise _Stopped


def warnings_of(name: str, photo: Photo, colour: Colour = "repaint") -> tuple[str, ...]:
    """What is wrong with a photograph, and what is odd about colouring it.

    Args:
        colour: what is done with it if it is a colour photograph.
    """
    warnings = photo.warnings
    if photo.was_colour and colour != "repaint":
        return (*warnings, f"{name} {_SPARED[colour]}")
    if photo.metadata.is_own_result:
        warnings += (f"{name} was coloured by this software before; better colour its original.",)
    elif photo.was_colour:
        warnings += (f"{name} is a colour photograph; its own colours were replaced.",)
    return warnings


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} could not be made: {error.strerror or error}."
        ) from error
