"""Which photographs are meant, and where the result of each goes."""

from __future__ import annotations

import hashlib
import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import InvalidSetting
from .folders import LeftOut, Walk, same_place
from .photo import READABLE_SUFFIXES, SUFFIX_TO_FORMAT, WRITABLE_FORMATS
from .photo.formats import FORMAT_TO_SUFFIX, UNWRITABLE_SUFFIXES
from .special_files import special_kind

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Input:
    """A photograph, and where below the output folder its result belongs (with its own name)."""

    path: Path
    relative: Path


@dataclass(frozen=True)
class Task:
    """One photograph to colorize: from where, to where, in which of WRITABLE_FORMATS.

    ``page`` is which of its pages, from 1; None leaves that to who reads it.
    """

    input: Path
    output: Path
    format: str
    page: int | None = None


def find_inputs(
    sources: Iterable[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    recursive: bool = True,
    leave_out: Callable[[LeftOut], object] | None = None,
) -> list[Input]:
    """List the photographs in files and folders, each once, in the order of the names.

    A file that is named is taken whatever it is called. Of a folder those with a suffix that can be
    read are taken; hidden files and folders are not, nor what lies in ``out``. Of one folder the
    structure below it is kept; of several sources each folder keeps its name as well.

    Left out are pipes, sockets and devices in a folder, folders that cannot be read, and links to
    folders outside the one that is searched: they may lead anywhere, and round in circles.

    Args:
        leave_out: is told of each of these; by default the log is.

    Raises:
        InvalidSetting: if a source is missing, is ``out`` itself, or is a pipe, socket or device;
            if nothing is found although every folder could be read.
    """
    paths = [Path(source) for source in sources]
    excluded = [] if out is None else [Path(out)]
    walk = Walk(leave_out or _log, recursive=recursive, excluded=excluded)
    found: dict[str, Input] = {}
    for source in paths:
        if source.is_dir():
            if out is not None and same_place(source, Path(out)):
                raise InvalidSetting(
                    f"{source} cannot be both the folder of the photographs and of the results."
                )
            prefix = Path(source.resolve().name) if len(paths) > 1 else Path()
            for path in walk(source):
                item = Input(path, prefix / path.relative_to(source))
                found.setdefault(os.path.abspath(path), item)
        elif kind := special_kind(source):
            raise InvalidSetting(f"{source} is {kind}, not a photograph.")
        elif source.exists():
            found.setdefault(os.path.abspath(source), Input(source, Path(source.name)))
        else:
            raise InvalidSetting(f"There is no file or folder {source}.")
    if not found and not walk.failed:
        raise InvalidSetting(f"There are no photographs in {', '.join(map(str, paths))}.")
    return list(found.values())


def _log(left_out: LeftOut) -> None:
    log.warning("%s", left_out.reason)


def plan(
    inputs: Sequence[Input], out: str | os.PathLike[str], *, format: str | None = None
) -> list[Task]:
    """Decide where each result goes and in which format.

    ``out`` is a file if there is one input and it ends in a suffix that can be written, otherwise
    a folder. Without ``format`` JPEG stays JPEG and all else becomes PNG, which loses nothing.
    Photographs whose results would have the same name keep their suffix before the new one
    (``a.tif`` and ``a.png``). Names that are still the same, or differ in upper and lower case only
    (``IMG.JPG`` and ``img.jpg``), which many file systems take for one, get a part of their own.

    Raises:
        InvalidSetting: if a result would replace an input, two results would still have the same
            name, ``out`` does not fit the inputs, or the format is unknown or contradicts ``out``.
    """
    if format is not None and format not in WRITABLE_FORMATS:
        raise InvalidSetting(
            f"The format must be one of {', '.join(WRITABLE_FORMATS)}, not {format!r}."
        )
    out = Path(out)
    if _is_file_name(out, inputs):
        tasks = [Task(inputs[0].path, out, _format_of_file(out, format))]
    else:
        names = result_names([item.relative for item in inputs], format)
        tasks = [
            Task(item.path, out / name, written)
            for item, (name, written) in zip(inputs, names, strict=True)
        ]
    refuse_same_names([(task.input, task.output) for task in tasks])
    _refuse_originals(tasks)
    return tasks


def _is_file_name(out: Path, inputs: Sequence[Input]) -> bool:
    try:
        if out.is_dir():
            return False
    except OSError as error:  # a name that is too long
        raise InvalidSetting(f"{out} cannot be written: {error.strerror}.") from error
    suffix = out.suffix.lower()
    if suffix in UNWRITABLE_SUFFIXES:
        raise InvalidSetting(
            f"{out} cannot be written: a result ends in {', '.join(SUFFIX_TO_FORMAT)}."
        )
    looks_like_file = out.exists() or suffix in SUFFIX_TO_FORMAT
    one_file = len(inputs) == 1 and inputs[0].relative.parent == Path()
    if looks_like_file and not one_file:
        raise InvalidSetting(
            f"The results of several photographs need a folder, but {out} is the name of a file."
        )
    return looks_like_file


def _format_of_file(out: Path, format: str | None) -> str:
    by_suffix = SUFFIX_TO_FORMAT.get(out.suffix.lower())
    if by_suffix is None:
        raise InvalidSetting(
            f"{out} is a file, but does not end in a suffix that can be written: "
            f"{', '.join(SUFFIX_TO_FORMAT)}. Give it another name, or give a folder."
        )
    if format not in (None, by_suffix):
        raise InvalidSetting(f"{out} ends like a {by_suffix} file, but the format is {format}.")
    return by_suffix


def result_names(names: Sequence[Path], format: str | None) -> list[tuple[Path, str]]:
    """Name and format of the result of each photograph, by its own name; see :func:`plan`."""
    formats = [format or _kept_format(name) for name in names]
    plain = [_renamed(name, written) for name, written in zip(names, formats, strict=True)]
    results = plain
    for distinct in (_with_both_suffixes, _with_digest):
        count = Counter(_key(name) for name in results)
        results = [
            distinct(old, first, FORMAT_TO_SUFFIX[written]) if count[_key(new)] > 1 else new
            for old, first, new, written in zip(names, plain, results, formats, strict=True)
        ]
    return list(zip(results, formats, strict=True))


def _with_both_suffixes(old: Path, plain: Path, suffix: str) -> Path:
    return old.with_name(old.name + suffix)


def _with_digest(old: Path, plain: Path, suffix: str) -> Path:
    """Told apart by the old name alone: it stays what it is when other photographs come."""
    digest = hashlib.sha256(os.fsencode(old)).hexdigest()[:6]
    return plain.with_name(f"{plain.stem}.{digest}{plain.suffix}")


def _kept_format(path: Path) -> str:
    return "jpeg" if SUFFIX_TO_FORMAT.get(path.suffix.lower()) == "jpeg" else "png"


def _renamed(path: Path, format: str) -> Path:
    suffix = path.suffix.lower()
    if SUFFIX_TO_FORMAT.get(suffix) == format:
        return path
    if suffix in READABLE_SUFFIXES:
        return path.with_suffix(FORMAT_TO_SUFFIX[format])
    return path.with_name(path.name + FORMAT_TO_SUFFIX[format])


def _key(path: str | Path) -> str:
    """The same for names that a file system without upper and lower case takes for one."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def tell_apart(tasks: Sequence[Task]) -> list[Task]:
    """The tasks; pages whose results would be called like another one's get a part of their own."""
    count = Counter(_key(task.output) for task in tasks)
    return [
        replace(task, output=_with_digest(Path(task.input.name), task.output, ""))
        if task.page is not None and count[_key(task.output)] > 1
        else task
        for task in tasks
    ]


def refuse_same_names(pairs: Iterable[tuple[str | Path, str | Path]]) -> None:
    """Refuse pairs (photograph, result) of which two have the same result.

    Raises:
        InvalidSetting: if there are such.
    """
    taken: dict[str, str | Path] = {}
    for photograph, result in pairs:
        key = _key(result)
        if key in taken:
            raise InvalidSetting(
                f"{taken[key]} and {photograph} would both be written to {result}; "
                "colorize them into different folders."
            )
        taken[key] = photograph


def _refuse_originals(tasks: Sequence[Task]) -> None:
    originals = {_identity(task.input): task.input for task in tasks}
    for task in tasks:
        original = originals.get(_identity(task.output)) if task.output.exists() else None
        if original is not None:
            raise InvalidSetting(
                f"The result of {task.input} would replace the original {original}; "
                "choose another place for it."
            )


def _identity(path: Path) -> tuple[int, int] | str:
    try:
        status = path.stat()
    except OSError:
        return os.path.abspath(path)
    return status.st_dev, status.st_ino
