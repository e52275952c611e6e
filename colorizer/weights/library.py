"""What the doors call: load, verify and import checkpoints, and list what there is."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..atomic import write_atomically
from ..errors import InvalidSetting, OutputError, WeightsCorrupt, WeightsMissing
from .catalogue import Entry, catalogue, entry_named, entry_of, matches, refiner_of
from .checkpoint import LoadedWeights, parse, parse_refiner, read_file
from .containers import is_torch
from .files import sha256_of
from .locate import (
    Found,
    find,
    imported,
    is_good_name,
    resolve,
    search_folders,
    writable_folder,
)

log = logging.getLogger(__name__)

State = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True)
class Verified:
    """A file that was found to be whole; ``known`` says that the catalogue has its checksum."""

    path: Path
    sha256: str
    known: bool


@dataclass(frozen=True)
class Status:
    """One line of the list: weights of the catalogue (``entry``) or a person's own (None)."""

    name: str
    entry: Entry | None
    path: Path | None
    state: State


def load(name_or_path: str | os.PathLike[str]) -> LoadedWeights:
    """Load weights by catalogue name, by the name they were imported under, or from a file.

    Never downloads. A file without our metadata is recognised by its keys if it is for ``eccv16``
    or ``siggraph17``.

    Raises:
        WeightsMissing: if the file is not here; the message says how to get it and where to put it.
        WeightsCorrupt: if its bytes are not the catalogue's, or it cannot be read.
        UnknownModel: if there are no weights and no file of that name, or no such network.
        PackageMissing: if they take torch to be read, which is not installed.
    """
    found = resolve(name_or_path)
    data, digest = read_file(found.path)
    if found.entry is not None and digest != found.entry.sha256:  # changed since it was found
        raise WeightsCorrupt(f"{found.path} was changed while it was being read.")
    loaded = replace(_parse(found, data, digest), folder=found.path.absolute().parent)
    return _with_refiner(found, loaded)


def _with_refiner(found: Found, loaded: LoadedWeights) -> LoadedWeights:
    """``loaded`` with the refiner that lies beside it or, of the catalogue's, where weights lie."""
    entry = found.entry
    if entry is not None and not entry.refiner_sha256:
        return loaded
    beside = refiner_of(found.path)
    places = [beside] + ([] if entry is None else [f / beside.name for f in search_folders()])
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        if entry is not None:
            log.warning("%s is missing: %s works without a second look.", beside.name, entry.name)
        return loaded
    data, digest = read_file(file)
    if entry is not None and digest != entry.refiner_sha256:
        raise WeightsCorrupt(
            f"{file} is not the refiner of {entry.name!r} that the catalogue describes (damaged, "
            "or of another version); please install Colorizer again."
        )
    refiner = parse_refiner(data, digest, file, loaded.sha256)
    if refiner is None:
        log.warning("%s was trained for other weights and is not used.", file)
    return replace(loaded, refiner=refiner)


def _parse(found: Found, data: bytes, digest: str) -> LoadedWeights:
    entry = found.entry or entry_of(digest)
    return parse(
        data,
        label=str(found.path),
        name=found.name if entry is None else entry.name,
        sha256=digest,
        native_temperature=1.0 if entry is None else entry.native_temperature,
    )


def verify(name_or_path: str | os.PathLike[str]) -> Verified:
    """Read a checkpoint again from the disk and check it.

    For a catalogue name every copy in the search folders must have the right bytes, also those that
    :func:`load` would pass over. Other files are read completely, and must fit their network.

    Raises:
        WeightsMissing, WeightsCorrupt, UnknownModel: as :func:`load`.
    """
    if isinstance(name_or_path, str) and name_or_path in catalogue():
        entry = entry_named(name_or_path)
        copies = [f / entry.filename for f in search_folders() if (f / entry.filename).is_file()]
        for copy in copies:
            if not matches(entry, copy, fresh=True):
                raise WeightsCorrupt(_difference(copy, entry))
        return Verified(find(entry), entry.sha256, True)
    found = resolve(name_or_path)
    data, digest = read_file(found.path, fresh=True)
    _parse(found, data, digest)
    return Verified(found.path, digest, entry_of(digest) is not None)


def _difference(file: Path, entry: Entry) -> str:
    try:
        size, digest = file.stat().st_size, sha256_of(file)
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}."
    return (
        f"{file} is not the file {entry.name!r} of the catalogue: it has {size:,} bytes and sha256 "
        f"{digest}, and should have {entry.bytes:,} bytes and sha256 {entry.sha256 or '(unknown)'}."
    )


def import_file(file: str | os.PathLike[str], name: str | None = None) -> Path:
    """Copy a checkpoint into the user's folder, after checking it; returns where it lies now.

    A file of the catalogue is told by its checksum, whatever it is called. Any other becomes the
    person's own weights, to be loaded by ``name`` (default: the file's name without its ending).

    Raises:
        WeightsMissing, WeightsCorrupt, UnknownModel: if the file is not there or is not usable, or
            ``name`` is in the catalogue and the file is not that one.
        InvalidSetting: if it cannot be called ``name``.
        OutputError: if the folder cannot be written to, or the name is taken by another file.
    """
    source = Path(file)
    data, digest = read_file(source)
    entry = entry_of(digest)
    chosen = name or (source.stem if entry is None else entry.name)
    if chosen in catalogue():
        if entry is None or entry.name != chosen:
            raise WeightsCorrupt(_difference(source, entry_named(chosen)))
        filename = entry.filename
    else:
        if not is_good_name(chosen):
            raise InvalidSetting(
                f"Weights cannot be called {chosen!r}; use letters, digits, dots and dashes."
            )
        loaded = parse(data, label=str(source), name=chosen, sha256=digest)
        filename = f"{loaded.name}{'.pth' if is_torch(data) else '.safetensors'}"
    return _put(data, digest, filename, replace=chosen in catalogue())


def _put(data: bytes, digest: str, filename: str, *, replace: bool) -> Path:
    target = writable_folder() / filename
    others = [] if replace else [p for n, p in imported().items() if n == target.stem]
    for other in others:
        if sha256_of(other) != digest:
            raise OutputError(f"There are other weights called {target.stem!r} already: {other}.")
        return other
    try:
        write_atomically(target, data)
    except OSError as error:
        raise OutputError(f"{target} could not be written: {error.strerror}.") from error
    return target


def statuses() -> list[Status]:
    """The catalogue, and a person's own weights, with where they lie and whether they are whole."""
    rows = [_status(entry) for entry in catalogue().values()]
    return rows + [Status(name, None, file, "ready") for name, file in imported().items()]


def _status(entry: Entry) -> Status:
    try:
        return Status(entry.name, entry, find(entry), "ready")
    except WeightsMissing:
        return Status(entry.name, entry, None, "missing")
    except WeightsCorrupt:
        return Status(entry.name, entry, None, "damaged")
