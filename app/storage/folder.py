"""Where photographs, predictions and results lie: plain files under the data folder.

Every file has one writer and appears whole: it is written beside its place and then renamed. What
state a photograph is in follows from which files exist, so nothing is ever read, changed and
written back, and whatever is killed at whatever time leaves nothing half done. In an object store
(:mod:`app.storage.object_storage`) they have the same names.

    photos/<id>/photo.json           PhotoRecord, written once
    photos/<id>/The photograph       the bytes that were uploaded
    photos/<id>/preview, facts.json  small grey picture and bit depth, by the worker
    photos/<id>/<key>.wanted         model and working size of a prediction that was asked for
    photos/<id>/<key>.claim          locked while it is worked on; one byte for each attempt
    photos/<id>/<key>.prediction     what came of it, or
    photos/<id>/<key>.kept           a small picture of a photograph that keeps its own colours, or
    photos/<id>/<key>.failed         why nothing did
    photos/<id>/results/             full-size pictures, made anew when they are missing
    batches/<id>/batch.json          BatchRecord; beside it an empty file for each photograph
    films/<id>/                      a film and what was made of it (:mod:`app.storage.films`)
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Literal, TypeVar

from colorizer.atomic import sync_folder, write_atomically

from ..errors import NotFound, ServerBusy, StorageFull, StorageUnavailable, Unreadable
from .disk import (
    check_access,
    claimed,
    full_disk,
    gone,
    in_turn,
    is_claimed,
    make_folder,
    older,
    secret_in,
    spool_in,
    try_lock,
)
from .quota import Usage, folder_bytes
from .records import (
    BatchRecord,
    FilmRecord,
    PhotoRecord,
    Record,
    Wanted,
    dumped,
    known,
    loaded,
    new_id,
)

#: the uploaded file; the library's messages name it so ("The photograph is damaged: ...")
ORIGINAL = "The photograph"
PREVIEW = "preview"
FACTS = "facts.json"
PHOTO, BATCH = "photo.json", "batch.json"

#: seconds after which an upload that never ended is thrown away
ABANDONED_AFTER = 3600
_RESULT_KEPT_FOR = 3600  # s without use after which a result is
_ID = re.compile(r"[A-Za-z0-9_-]{22}")

Kind = Literal["photos", "batches", "films"]
Item = TypeVar("Item")
Found = TypeVar("Found")

logger = logging.getLogger(__name__)


class Storage:
    """The data folder.

    Args:
        root: made if it is missing, readable for its owner only.
        min_free: bytes that must be free for a new photograph to be taken.
        most: bytes that the folder may hold before no more is taken; 0 is no limit.
        time_to_live: seconds after which what does not say when it expires does.

    Raises:
        DataFolderUnusable: if the folder cannot be made or written to.
    """

    def __init__(
        self, root: Path, min_free: int = 0, most: int = 0, time_to_live: float = 86_400
    ) -> None:
        self.root = root
        self.min_free = min_free
        self.most = most
        self.time_to_live = time_to_live
        self.usage = Usage(lambda: folder_bytes(root))
        for name in (".", "photos", "batches", "films", "incoming", "trash"):
            make_folder(root / name)
        for name in ("secret.key", "worker.lock", "queue.db"):
            if (root / name).exists():
                check_access(root / name)

    def each(self, look: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """What ``look`` says of each of some items; side by side where answers take long."""
        return [look(item) for item in items]

    def close(self) -> None:
        """Let go of what belongs to this process."""

    def about_store(self) -> str | None:
        """A sentence about the store that holds the photographs; None if that is the folder.

        Raises:
            StorageUnavailable: if it does not answer.
        """
        return None

    # the folder as a whole

    def is_there(self) -> bool:
        """Whether the folder is where it was: a network disk may be away for a while."""
        return os.path.isdir(self.root / "photos")  # False whatever the error is

    def free(self) -> int:
        """Bytes that are free on its disk."""
        return shutil.disk_usage(self.root).free

    def check_room(self, length: int = 0) -> None:
        """Raise StorageFull if, with ``length`` more bytes, less is free than must be."""
        if self.free() < self.min_free + length:
            raise StorageFull("The server's disk is almost full. Try again later.")

    def check_quota(self, length: int = 0) -> None:
        """Raise StorageFull if ``length`` more bytes are more than the folder may hold."""
        if not self.most or self.usage.bytes() + length <= self.most:
            return
        if self.usage.bytes(exactly=True) + length > self.most:
            raise StorageFull(
                f"This server keeps at most {self.most / 1e9:g} GB of photographs, and has them. "
                "Delete some that are not needed any more, or try again later."
            )

    def secret_key(self) -> str:
        """The key that signs sessions; made at the first call."""
        return secret_in(self.root / "secret.key")

    def hold(self) -> int:
        """Be the only one that works off this folder's queue, until the process (and those it
        forked) ends or the returned handle is closed.

        Raises:
            ServerBusy: if another process is.
        """
        handle = os.open(self.root / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not try_lock(handle):
            os.close(handle)
            raise ServerBusy(
                f"Another Colorizer works on the photographs in {self.root} already. Stop it, or "
                "choose another folder with --data-dir."
            )
        return handle

    # photographs

    def spool(self) -> IO[bytes]:
        """A file without a name, for an upload that is being received; it ends when closed."""
        return spool_in(self.root / "incoming")

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """An empty folder for an upload; what was not published is gone afterwards."""
        folder = self.root / "incoming" / new_id()
        with full_disk():
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(
        self,
        folder: Path,
        record: PhotoRecord,
        wanted: Wanted,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Turn an incoming folder into a photograph, all at once.

        Args:
            check: asked when no other can join its batch; may raise what is said to the person.

        Raises:
            NotFound: if its batch is gone.
        """
        original = (folder / ORIGINAL).stat()
        write_atomically(folder / PHOTO, dumped(record))
        write_atomically(folder / f"{wanted.key}.wanted", json.dumps(asdict(wanted)).encode())
        with self._joining(record.batch):
            check()
            os.rename(folder, self.photo(record.id))
            sync_folder(self.root / "photos")
            if record.batch:  # last: whoever deletes the batch meanwhile sees it, or we see that
                try:
                    with gone():
                        (self._folder("batches", record.batch) / record.id).touch()
                except (NotFound, OSError):
                    self.delete("photos", record.id)
                    raise
        if original.st_nlink == 1:  # else it shares the file of another page
            self.usage.add(original.st_size)

    def _joining(self, batch: str | None) -> AbstractContextManager[None]:
        """Whoever joins a batch does so alone: else more than fit would find room."""
        if batch is None:
            return nullcontext()
        return in_turn(self._folder("batches", batch) / BATCH)

    def photo(self, id: str) -> Path:
        """Folder of a photograph, whether it exists or not; NotFound if ``id`` is not an id."""
        return self._folder("photos", id)

    def original(self, id: str) -> Path:
        """The file that was uploaded; it may be gone when it is opened."""
        return self.photo(id) / ORIGINAL

    def results(self, id: str) -> Path:
        """Folder of a photograph's full-size pictures, made if it is missing.

        Raises:
            NotFound: if the photograph is gone.
            StorageFull: if the disk is.
        """
        folder = self.photo(id) / "results"
        with suppress(FileExistsError), gone(), full_disk():
            folder.mkdir()
        return folder

    def record(self, id: str) -> PhotoRecord:
        """Raise NotFound if there is no such photograph or its time is up."""
        return self._loaded(PhotoRecord, self.photo(id) / PHOTO)

    def names(self, id: str) -> set[str]:
        """Names of a photograph's files; empty if it is gone."""
        try:
            return set(os.listdir(self.photo(id)))
        except FileNotFoundError:
            return set()

    def read(self, id: str, name: str) -> bytes | None:
        """One of a photograph's files; None if it is not there."""
        try:
            return (self.photo(id) / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, id: str, name: str, data: bytes) -> None:
        """Write one of a photograph's files. A deleted photograph does not come back.

        Raises:
            NotFound: if the photograph is gone.
            StorageFull: if the disk is; no part of the file is left.
        """
        with gone(), full_disk():
            write_atomically(self.photo(id) / name, data)

    def remove(self, id: str, name: str) -> None:
        """Remove one of a photograph's files if it is there."""
        (self.photo(id) / name).unlink(missing_ok=True)

    def want(self, wanted: Wanted) -> None:
        """Note that a prediction is asked for, and forget that an earlier attempt failed."""
        self.write(wanted.id, f"{wanted.key}.wanted", json.dumps(asdict(wanted)).encode())
        self.remove(wanted.id, f"{wanted.key}.failed")

    @contextmanager
    def claim(self, wanted: Wanted) -> Iterator[int | None]:
        """Hold a prediction while it is worked on; a process that dies lets go by dying.

        Yields:
            The number of this attempt, 1 is the first; None if another is at it or the photograph
            is gone. One that ends in an exception does not count: the process lives.
        """
        path = self.photo(wanted.id) / f"{wanted.key}.claim"
        with claimed(path, lambda: is_done(self.names(wanted.id), wanted.key)) as attempt:
            yield attempt

    def is_claimed(self, wanted: Wanted) -> bool:
        """Whether some process works on it now."""
        return is_claimed(self.photo(wanted.id) / f"{wanted.key}.claim")

    def unfinished(self) -> Iterator[Wanted]:
        """Every prediction that was asked for and is neither there nor failed."""
        for id, names in self._photographs():
            for name in names:
                key, _, kind = name.rpartition(".")
                if kind != "wanted" or is_done(names, key):
                    continue
                data = self.read(id, name)
                try:
                    wanted = Wanted(**known(Wanted, json.loads(data or b"")))
                    readable = (wanted.id, wanted.key) == (id, key)
                except (ValueError, TypeError, AttributeError):
                    readable = False
                if readable:
                    yield wanted
                elif data is not None:
                    logger.error("photo %s: %s cannot be read", id, name)
                    self.remove(id, name)  # it may be asked for anew

    # batches

    def add_batch(self, record: BatchRecord) -> None:
        """Raises StorageFull."""
        with self.incoming() as folder:
            write_atomically(folder / BATCH, dumped(record))
            os.rename(folder, self._folder("batches", record.id))

    def batch(self, id: str) -> tuple[BatchRecord, list[str]]:
        """A batch and the ids of the photographs that were put into it; raises NotFound."""
        folder = self._folder("batches", id)
        record = self._loaded(BatchRecord, folder / BATCH)
        with gone():
            return record, _ids(folder)

    # films

    def film(self, id: str) -> FilmRecord:
        """Raise NotFound if there is no such film or its time is up."""
        return self._loaded(FilmRecord, self.film_folder(id) / "film.json")

    def film_folder(self, id: str) -> Path:
        """Folder of a film, whether it exists or not; NotFound if ``id`` is not an id."""
        return self._folder("films", id)

    def film_ids(self) -> list[str]:
        """Of all films."""
        return _ids(self.root / "films")

    # deleting

    def delete(self, kind: Kind, id: str) -> None:
        """Delete a photograph ("photos"), a film ("films") with its stills, or a batch ("batches")
        with all that were put into it: gone at once, then wiped."""
        trash = self.root / "trash" / new_id()
        with suppress(FileNotFoundError):
            os.rename(self._folder(kind, id), trash)
        self._empty(trash)

    def _empty(self, trash: Path) -> None:
        """Wipe what is deleted, after the photographs that belong to it."""
        for photo in _belonging(trash):
            self.delete("photos", photo)
        shutil.rmtree(trash, ignore_errors=True)

    def tidy(self) -> int:
        """Delete what has expired, or was left by a process that died.

        Returns:
            How many photographs, batches and films.
        """
        count = 0
        kinds: tuple[tuple[Kind, str, Callable[[str], object]], ...]
        kinds = (
            ("photos", PHOTO, self.record),
            ("batches", BATCH, self.batch),
            ("films", "film.json", self.film),
        )
        for kind, name, read in kinds:
            for id in _ids(self.root / kind):
                written = partial(_written, self.root / kind / id / name)
                if self._is_over(partial(read, id), written):
                    self.delete(kind, id)
                    count += 1
        self.sweep_folder()
        return count

    def sweep_folder(self) -> None:
        """Remove results that nobody used for long, and what a process that died left."""
        for folder in (self.root / "trash").iterdir():
            self._empty(folder)
        for folder in older(self.root.glob("incoming/*"), ABANDONED_AFTER):
            shutil.rmtree(folder, ignore_errors=True)
        for file in older(self.root.glob("photos/*/results/*"), _RESULT_KEPT_FOR):
            file.unlink(missing_ok=True)

    def _is_over(self, read: Callable[[], object], written: Callable[[], datetime]) -> bool:
        """Whether something has expired, or is gone.

        What cannot be read may be of a later version, which may come back: it stays until its time
        is up, by its own date if that is known.

        Args:
            read: its record.
            written: when that was written; asked if it cannot be read.
        """
        try:
            read()
        except Unreadable as error:
            lasts = timedelta(seconds=self.time_to_live)
            return error.expires is None and written() < datetime.now(UTC) - lasts
        except NotFound:
            return True
        return False

    def _photographs(self) -> Iterator[tuple[str, set[str]]]:
        """Every photograph's id, and the names of its files."""
        for id in _ids(self.root / "photos"):
            yield id, self.names(id)

    def _loaded(self, kind: type[Record], path: Path) -> Record:
        """A record; what is only out of reach does not count as deleted, or it soon would be."""
        try:
            return loaded(kind, path)
        except NotFound:
            if not self.is_there():
                raise StorageUnavailable() from None
            return loaded(kind, path)  # all may have been away, and be back

    def _folder(self, kind: Kind, id: str) -> Path:
        if not is_id(id):
            raise NotFound()
        return self.root / kind / id


def is_done(names: set[str], key: str) -> bool:
    """Whether a prediction is there, needless or failed, by the names of a photograph's files."""
    return any(f"{key}.{end}" in names for end in ("prediction", "kept", "failed"))


def is_id(name: str) -> bool:
    """Whether something is called as photographs and batches are."""
    return _ID.fullmatch(name) is not None


def _written(file: Path) -> datetime:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:  # it is being deleted
        return datetime.now(UTC)


def _ids(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if is_id(name)]


def _belonging(folder: Path) -> list[str]:
    """Ids of the photographs that were put into a batch, or are stills of a film."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        film = json.loads((folder / "film.json").read_bytes())
        return [id for _, id in film["stills"] if is_id(id)]
    with suppress(FileNotFoundError, NotADirectoryError):
        return _ids(folder)
    return []
