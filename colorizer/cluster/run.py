"""A collection from beginning to end: skip what is done, colour the rest, keep the manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from .. import errors
from ..atomic import remove_leftovers
from ..errors import ColorizerError
from ..threads import in_threads
from . import places, ray_data
from .actor import Work
from .collection import Job
from .manifest import Line, Manifest
from .ray_data import Cluster

#: What a row takes from an actor's result.
_ROW = ("status", "seconds", "sha256", "warnings", "was_colour")
#: The processes that colour: jobs in, results of :class:`.Actor` out.
Colorers = Callable[[Sequence[Job], Work, Cluster], Generator[dict[str, Any]]]


def run(
    jobs: Sequence[Job],
    out: str,
    work: Work,
    cluster: Cluster | None = None,
    *,
    overwrite: bool = False,
    results: Colorers = ray_data.results,
) -> Generator[dict[str, Any]]:
    """Colorize the photographs of a collection; one row each, as they are finished.

    What is there already is skipped, so that a run that was killed goes on where it was; if the
    manifest does not know such a file yet, it is noted as found. One run at a time may write to
    ``out``. If the iterator is closed, or Ctrl-C comes, the actors are ended, and no partial file
    stays in a folder.

    Args:
        jobs: from :func:`.find_jobs`.
        out: the output folder, or address.
        work: what is done with each.
        cluster: where; by default on this machine.
        overwrite: replace results that are there already.
        results: makes the results, by default with Ray.

    Yields:
        "input", "output", "status" (of :class:`colorizer.batch.Result`), "seconds", "error" (None,
        or a dict of "type" and "message"), "warnings" (a list of sentences), "was_colour" and
        "sha256" (of the result, if it was made now).

    Raises:
        ColorizerError: if nothing can be done: no weights, no cluster, no permission.
    """
    out = out if places.is_address(out) else os.path.abspath(out)
    manifest = Manifest(out)
    there = set() if overwrite else _there(jobs, out)
    waiting = [job for job in jobs if job.name not in there]
    unknown = [job for job in jobs if job.name in there and job.name not in manifest]
    with manifest.start(job.name for job in waiting):
        digests = in_threads(lambda job: places.sha256_of(job.output), unknown)
        for job, digest in zip(unknown, digests, strict=True):
            manifest.add(Line(job.input, job.name, "found", sha256=digest))
        for job in jobs:
            if job.name in there:
                yield _row(job, "skipped")
        if not waiting:
            return
        files = [Path(job.output) for job in waiting if not places.is_address(job.output)]
        remove_leftovers(files)  # of a run that was killed
        try:
            with closing(results(waiting, work, cluster or Cluster())) as stream:
                for job, row in _colored(waiting, stream):
                    manifest.add(_line(job, row))
                    yield row
        finally:
            remove_leftovers(files)  # of actors that died, or were ended


def _there(jobs: Sequence[Job], out: str) -> set[str]:
    """The names of the results that exist."""
    if places.is_address(out):
        names = places.names_at(out)
        return {job.name for job in jobs if job.name in names}
    return {job.name for job in jobs if os.path.isfile(job.output)}


def _colored(
    waiting: Sequence[Job], results: Iterable[dict[str, Any]]
) -> Iterator[tuple[Job, dict[str, Any]]]:
    left = {job.output: job for job in waiting}
    for result in results:
        error = result["error"]
        if result["status"] == "hopeless":
            raise _typed(error)
        job = left.pop(result["output"], None)
        if job is None:  # what its actor had finished before it died, made once more
            continue
        yield job, _row(job, **{key: result[key] for key in _ROW}, error=error)
    for job in left.values():
        message = f"The process that coloured {Path(job.input).name} died, each time it was tried."
        error = {"type": ColorizerError.__name__, "message": message}
        yield job, _row(job, "failed", error=error)


def _row(
    job: Job,
    status: str,
    seconds: float = 0.0,
    error: dict[str, str] | None = None,
    sha256: str | None = None,
    warnings: Sequence[str] = (),
    was_colour: bool = False,
) -> dict[str, Any]:
    return {
        "input": job.input,
        "output": job.output,
        "status": status,
        "seconds": round(seconds, 3),
        "error": error,
        "warnings": list(warnings),
        "was_colour": was_colour,
        "sha256": sha256,
    }


def _line(job: Job, row: dict[str, Any]) -> Line:
    error = row["error"] and row["error"]["message"]
    return Line(job.input, job.name, row["status"], error, row["seconds"], row["sha256"])


def _typed(error: dict[str, str]) -> ColorizerError:
    """The error that an actor described."""
    kind: type[ColorizerError] = getattr(errors, error["type"], ColorizerError)
    return kind(error["message"])
