"""Where films and their coloured versions lie: in the data folder, and nowhere else.

As with photographs, what state a version is in follows from which files exist.

    films/<id>/film.json        FilmRecord, written once
    films/<id>/The film         the bytes that were uploaded
    films/<id>/<key>.wanted     an order; without it there is no such version
    films/<id>/<key>.claim      locked while it is worked on; one byte for each attempt
    films/<id>/<key>.steps      how far it is
    films/<id>/<key>.done       what has come of it, or
    films/<id>/<key>.failed     why nothing has
    films/<id>/made/            finished versions, and the segments of those that are not
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from colorizer.atomic import sync_folder, write_atomically
from colorizer.errors import InvalidGuidance, InvalidSetting
from colorizer.video.film import Codec

from ..errors import NotFound, Problem, Unreadable
from .disk import claimed, full_disk, gone, is_claimed
from .folder import Storage
from .orders import FILM_TYPES, Finished, Order, Steps, Version
from .records import FilmRecord, dumped, known, tell_unreadable

#: the uploaded file; the library's messages name it so ("The film is damaged ...")
FILM = "The film"

_KEY = re.compile(r"[0-9a-f]{16}")
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, InvalidSetting)  # of an order
_OF_A_VERSION = ("wanted", "steps", "done", "failed", "claim")

Noted = TypeVar("Noted", Steps, Finished, Problem)

logger = logging.getLogger(__name__)


class Films:
    """The films of a data folder."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def publish(self, folder: Path, record: FilmRecord) -> None:
        """Turn an incoming folder into a film, all at once."""
        write_atomically(folder / "film.json", dumped(record))
        os.rename(folder, self._folder(record.id))
        sync_folder(self._storage.root / "films")

    def record(self, id: str) -> FilmRecord:
        """Raise NotFound if there is no such film or its time is up."""
        return self._storage.film(id)

    def original(self, id: str) -> Path:
        """The file that was uploaded; it may be gone when it is opened."""
        return self._folder(id) / FILM

    def made(self, id: str, key: str, codec: Codec) -> Path:
        """Where a version is, or will be; its folder is made.

        Raises:
            NotFound: if the film is gone.
            StorageFull: if the disk is.
        """
        folder = self._folder(id) / "made"
        with suppress(FileExistsError), gone(), full_disk():
            folder.mkdir()
        return folder / f"{key}.{FILM_TYPES[codec][1]}"

    def want(self, id: str, order: Order) -> None:
        """Note that a version is asked for, and forget that an earlier attempt failed.

        Raises:
            InvalidGuidance: if what is written down could not be read again.
        """
        data = order.dumped()
        try:
            Order.loaded(data)
        except _UNREADABLE as error:
            raise InvalidGuidance(f"A colour or a word cannot be kept as it is: {error}") from error
        for kind in ("claim", "steps", "failed"):  # the last lets it be taken up
            (self._folder(id) / f"{order.key}.{kind}").unlink(missing_ok=True)
        self._write(id, f"{order.key}.wanted", data)

    def is_wanted(self, id: str, key: str) -> bool:
        """Whether a version is still asked for."""
        return (self._folder(id) / f"{key}.wanted").exists()

    def is_unfinished(self, id: str, key: str) -> bool:
        """Whether a version is still asked for, and neither there nor failed."""
        return self._is_unfinished(self._folder(id) / f"{key}.wanted")

    def note(self, id: str, key: str, what: Steps | Finished | Problem) -> None:
        """Write down how far a version is, or what has come of it. Raises NotFound, StorageFull."""
        kind = {Steps: "steps", Finished: "done", Problem: "failed"}[type(what)]
        self._write(id, f"{key}.{kind}", json.dumps(asdict(what)).encode())

    def claim(self, id: str, key: str) -> AbstractContextManager[int | None]:
        """Hold a version while it is worked on, see :func:`.disk.claimed`."""
        path = self._folder(id) / f"{key}.claim"
        return claimed(path, lambda: not self._is_unfinished(path))

    def steps(self, id: str, key: str) -> Steps:
        """How far a version is."""
        return _read(self._folder(id) / f"{key}.steps", Steps) or Steps()

    def forget_attempts(self, id: str, key: str) -> None:
        """The attempt in hand got further than all before: only it counts."""
        with suppress(FileNotFoundError):
            os.truncate(self._folder(id) / f"{key}.claim", 1)

    def versions(self, id: str) -> list[Version]:
        """All versions of a film, in the order in which they were asked for."""
        places = {place: number for number, place in enumerate(self.unfinished(), start=1)}
        found = []
        for path in self._folder(id).glob("*.wanted"):
            version = self._version(path, places.get((id, path.stem)))
            if version is not None:
                found.append(version)
        return sorted(found, key=lambda version: version.asked)

    def unfinished(self) -> list[tuple[str, str]]:
        """Film and key of every version that is neither there nor failed, the oldest first.

        An order that cannot be understood waits for whoever understands it.
        """
        waiting = []
        for id in self._storage.film_ids():
            for path in self._folder(id).glob("*.wanted"):
                with suppress(FileNotFoundError, NotFound):
                    if self._is_unfinished(path):
                        self.order(id, path.stem)
                        waiting.append((path.stat().st_mtime_ns, id, path.stem))
        return [(id, key) for _, id, key in sorted(waiting)]

    def order(self, id: str, key: str) -> Order:
        """Raise NotFound if there is no such version, Unreadable if it cannot be understood."""
        if _KEY.fullmatch(key) is None:
            raise NotFound()
        try:
            return Order.loaded((self._folder(id) / f"{key}.wanted").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound() from None
        except _UNREADABLE:
            tell_unreadable(f"films/{id}/{key}.wanted")
            raise Unreadable() from None

    def remove(self, id: str, key: str) -> None:
        """Remove a version, or whatever there is of it; whoever works on it stops and wipes it."""
        folder = self._folder(id)
        (folder / f"{key}.wanted").unlink(missing_ok=True)
        if not is_claimed(folder / f"{key}.claim"):
            self.wipe(id, key)

    def wipe(self, id: str, key: str) -> None:
        """Remove the files of a version that is not wanted, and that nobody works on."""
        folder = self._folder(id)
        for kind in _OF_A_VERSION:
            (folder / f"{key}.{kind}").unlink(missing_ok=True)
        self.wipe_made(id, key)

    def wipe_made(self, id: str, key: str) -> None:
        """Remove the pictures of a version, and its segments."""
        for path in self._made(id):
            if path.name.lstrip(".").startswith(key):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what is left of versions that were removed while somebody died at them."""
        for id in self._storage.film_ids():
            for key in {path.name.lstrip(".")[:16] for path in self._made(id)}:
                if not self.is_wanted(id, key):
                    self.remove(id, key)

    def delete(self, id: str) -> None:
        """Delete a film with its stills and all versions, now."""
        self._storage.delete("films", id)

    # within

    def _folder(self, id: str) -> Path:
        return self._storage.film_folder(id)

    def _made(self, id: str) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            yield from list((self._folder(id) / "made").iterdir())

    def _write(self, id: str, name: str, data: bytes) -> None:
        with gone(), full_disk():
            write_atomically(self._folder(id) / name, data)

    @staticmethod
    def _is_unfinished(path: Path) -> bool:
        """Whether the version that a file is of is wanted, and neither there nor failed."""
        return path.with_suffix(".wanted").exists() and not (
            path.with_suffix(".done").exists() or path.with_suffix(".failed").exists()
        )

    def _version(self, path: Path, place: int | None) -> Version | None:
        id, key = path.parent.name, path.stem
        try:
            order, asked = self.order(id, key), datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (NotFound, FileNotFoundError):
            return None
        finished = _read(path.with_suffix(".done"), Finished)
        if finished is not None:
            return Version(key, order, asked, "ready", finished=finished)
        problem = _read(path.with_suffix(".failed"), Problem)
        if problem is not None:
            return Version(key, order, asked, "failed", problem=problem)
        if is_claimed(path.with_suffix(".claim")):
            return Version(key, order, asked, "working", steps=self.steps(id, key))
        return Version(key, order, asked, "queued", place)


def _read(path: Path, kind: type[Noted]) -> Noted | None:
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        values |= {name: tuple(v) for name, v in values.items() if isinstance(v, list)}
        return kind(**known(kind, values))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError):
        logger.exception("film %s: %s cannot be read", path.parent.name, path.name)
        path.unlink(missing_ok=True)  # it is made anew
        return None
