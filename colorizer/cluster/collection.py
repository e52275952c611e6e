"""Which photographs of a collection are meant, and where the result of each goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidSetting
from ..folders import LeftOut
from ..plan import Task, find_inputs, plan, refuse_same_names, result_names
from . import places


@dataclass(frozen=True)
class Job:
    """One photograph to colorize.

    Attributes:
        input, output: an absolute path, or an address.
        format: one of WRITABLE_FORMATS.
        name: of the result below the output folder, with ``/`` between folders.
    """

    input: str
    output: str
    format: str
    name: str


def find_jobs(
    sources: Sequence[str],
    out: str,
    *,
    format: str | None = None,
    recursive: bool = True,
    leave_out: Callable[[LeftOut], object] | None = None,
) -> list[Job]:
    """Find the photographs and plan their results, by the rules of :mod:`colorizer.plan`.

    Args:
        sources: paths on this machine, or addresses (``s3://bucket/prefix``).
        out: a folder, or an address.
        format: of the results; see :func:`colorizer.plan.plan`.
        recursive: also the folders inside folders.
        leave_out: see :func:`colorizer.plan.find_inputs`.

    Raises:
        InvalidSetting: as :func:`find_inputs` and :func:`plan`; and if paths and addresses are
            mixed, or ``out`` is the name of a file.
        PackageMissing, StorageError: as :func:`.places.photographs_at`.
    """
    remote = [places.is_address(source) for source in sources]
    if any(remote):
        if not all(remote):
            raise InvalidSetting("Give either folders or addresses (s3://…), not both at once.")
        found = _at_addresses(sources, out, recursive)
    else:
        here = None if places.is_address(out) else out
        inputs = find_inputs(sources, out=here, recursive=recursive, leave_out=leave_out)
        if here is not None:
            return _on_this_machine(plan(inputs, here, format=format), here)
        found = [(os.path.abspath(item.path), item.relative) for item in inputs]
    return _planned(found, out, format)


def _on_this_machine(tasks: Sequence[Task], out: str) -> list[Job]:
    if Path(out) in [task.output for task in tasks]:
        raise InvalidSetting(
            f"The results of a collection need a folder, but {out} is the name of a file."
        )
    return [
        Job(
            os.path.abspath(task.input),
            os.path.abspath(task.output),
            task.format,
            task.output.relative_to(out).as_posix(),
        )
        for task in tasks
    ]


def _at_addresses(sources: Sequence[str], out: str, recursive: bool) -> list[tuple[str, Path]]:
    found: dict[str, Path] = {}
    for source in sources:
        folder = source.rstrip("/").rpartition("/")[2]
        for address, name in places.photographs_at(source, out, recursive):
            prefix = Path(folder) if len(sources) > 1 and address != source else Path()
            found.setdefault(address, prefix / name)
    if not found:
        raise InvalidSetting(f"There are no photographs in {', '.join(sources)}.")
    return list(found.items())


def _planned(found: Sequence[tuple[str, Path]], out: str, format: str | None) -> list[Job]:
    out = out if places.is_address(out) else os.path.abspath(out)
    names = result_names([relative for _, relative in found], format)
    jobs = [
        Job(address, places.join(out, name), written, name.as_posix())
        for (address, _), (name, written) in zip(found, names, strict=True)
    ]
    refuse_same_names([(job.input, job.output) for job in jobs])
    replaced = {job.input for job in jobs} & {job.output for job in jobs}
    if replaced:
        raise InvalidSetting(
            f"A result would replace the original {min(replaced)}; choose another place for it."
        )
    return jobs
