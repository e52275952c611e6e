"""All pages of photographs that have several, each to a result of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .errors import ImageError
from .plan import Task, refuse_same_names, tell_apart


def every_page(tasks: Iterable[Task], read_options: Mapping[str, Any] | None = None) -> list[Task]:
    """The tasks, with those of several pages replaced by one for each page.

    The page's number goes behind the name of the result: ``scan-page1.png``, … with as many digits
    as the last one has; a part of its own if another result is called so. Headers are read; what
    has none is left as it is, to fail when it is read.

    Args:
        tasks: from :func:`.plan`.
        read_options: further arguments of :func:`colorizer.photo.probe`.

    Raises:
        InvalidSetting: if two results would have the same name.
    """
    found = tell_apart([each for task in tasks for each in _pages(task, read_options or {})])
    refuse_same_names([(task.input, task.output) for task in found])
    return found


def _pages(task: Task, read_options: Mapping[str, Any]) -> list[Task]:
    from .photo import probe

    try:
        count = probe(task.input, **read_options).pages
    except ImageError:
        return [task]
    if count == 1:
        return [task]
    digits = len(str(count))
    stem = task.output.stem
    return [
        replace(task, page=page, output=task.output.with_stem(f"{stem}-page{page:0{digits}}"))
        for page in range(1, count + 1)
    ]
