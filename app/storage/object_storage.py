"""Photographs in an object store, for a web process and workers on different machines.

The objects have the names of the data folder's files (:mod:`.folder`). A photograph exists if
and only if its ``photo.json`` does, which is written last and removed first. What lies there
without one is an upload that has not ended or never will; it is wiped when it is old.

An object store has no locks: claims are Redis's (:mod:`.claims`). The data folder of each
machine holds copies of the originals and the full-size pictures made of them, and nothing else
that would be missed but the key of the sessions.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import compress
from pathlib import Path

from cachetools import LRUCache

from ..errors import AppError, NotFound, QueueUnavailable, StorageUnavailable
from .bucket import Bucket, Entry
from .claims import Claims
from .copies import Copies
from .disk import full_disk, used
from .folder import (
    ABANDONED_AFTER,
    BATCH,
    FACTS,
    ORIGINAL,
    PHOTO,
    Found,
    Item,
    Kind,
    Storage,
    is_done,
    is_id,
)
from .quota import Usage
from .records import BatchRecord, PhotoRecord, Wanted, dumped, parsed

_COUNTED = 300.0, 30.0  # s between counts of all bytes: usually, and near the quota
_LOOK_EVERY = 60.0  # s between looks at the copies
_LASTING = (".wanted", FACTS)  # what never changes while it is there
_LASTING_KEPT = 10_000  # a few hundred bytes each
_SIDE_BY_SIDE = 16  # requests to the store that belong to one of ours

logger = logging.getLogger(__name__)


class ObjectStorage(Storage):
    """A storage whose photographs lie at a URL; the data folder is a cache.

    Methods raise StorageUnavailable too, if the store does not answer, and those that have to do
    with claims QueueUnavailable.

    Args:
        root, min_free, time_to_live: as for :class:`Storage`.
        url: ``s3://bucket/prefix``.
        redis_url: where claims are kept.
        most: bytes that the store may hold before no more is taken; 0 is no limit.
        most_copies: bytes of copies in the data folder.

    Raises:
        DataFolderUnusable: if the folder cannot be made or written to.
        InvalidSetting: if a library for the URL is not installed.
    """

    def __init__(
        self,
        root: Path,
        url: str,
        redis_url: str,
        *,
        min_free: int = 0,
        most: int = 0,
        time_to_live: float = 86_400,
        most_copies: int = 5_000_000_000,
    ) -> None:
        super().__init__(root, min_free, most, time_to_live)
        self._bucket = Bucket(url)
        self._claims = Claims(redis_url)
        self._copies = Copies(root / "photos", most_copies)
        self._expiries: dict[str, datetime] = {}  # of photographs that a tidy has seen
        self.usage = Usage(self._bytes, *_COUNTED)
        self._lasting: LRUCache[str, bytes] = LRUCache(_LASTING_KEPT)
        self._lock = threading.Lock()  # of what lasts
        self._side_by_side = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="store")
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep_copies, daemon=True)
        self._keeper.start()

    def each(self, look: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        return list(self._side_by_side.map(look, items))

    def close(self) -> None:
        self._closing.set()
        self._keeper.join()
        self._side_by_side.shutdown()
        self._claims.close()

    def about_store(self) -> str | None:
        self._bucket.check()
        return "The object store answers."

    # photographs

    def publish(
        self,
        folder: Path,
        record: PhotoRecord,
        wanted: Wanted,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        place, batch = self._key("photos", record.id), record.batch
        member = f"{self._key('batches', batch)}/{record.id}" if batch else None
        self._bucket.put(folder / ORIGINAL, f"{place}/{ORIGINAL}")
        self._bucket.write(f"{place}/{wanted.key}.wanted", json.dumps(asdict(wanted)).encode())
        try:
            with self._joining(batch):
                check()
                if member:  # first: whoever deletes the batch now finds it, or we see that
                    self._bucket.write(member, b"")
                self._bucket.write(f"{place}/{PHOTO}", dumped(record))
                if batch and not self._bucket.exists(f"{self._key('batches', batch)}/{BATCH}"):
                    raise NotFound()
        except AppError:
            with suppress(StorageUnavailable):
                self.delete("photos", record.id)
                if member:
                    self._bucket.remove(member)
            raise
        self.usage.add((folder / ORIGINAL).stat().st_size)
        with suppress(OSError):  # it is safe; a copy at hand only saves time
            self._copies.keep(folder / ORIGINAL, self.photo(record.id) / ORIGINAL)

    def _joining(self, batch: str | None) -> AbstractContextManager[None]:
        return nullcontext() if batch is None else self._claims.in_turn(batch)

    def original(self, id: str) -> Path:
        path = self.photo(id) / ORIGINAL
        if used(path):
            return path
        self.check_room()
        with self.incoming() as folder, full_disk():
            if not self._bucket.fetch(f"{self._key('photos', id)}/{ORIGINAL}", folder / ORIGINAL):
                raise NotFound()
            self._copies.keep(folder / ORIGINAL, path)
        return path

    def results(self, id: str) -> Path:
        self.original(id)  # they are made of it, and lie beside it
        return super().results(id)

    def record(self, id: str) -> PhotoRecord:
        key = f"{self._key('photos', id)}/{PHOTO}"
        data = self._bucket.read(key)
        if data is None:
            raise NotFound()
        return parsed(PhotoRecord, data, key)

    def names(self, id: str) -> set[str]:
        names = self._bucket.names(self._key("photos", id))
        if PHOTO not in names:
            return set()
        keys = [_name_of(id, key) for key in _keys_wanted(names) if not is_done(names, key)]
        with suppress(QueueUnavailable):
            names |= {f"{name.partition('.')[2]}.claim" for name in self._claims.begun(keys)}
        return names

    def read(self, id: str, name: str) -> bytes | None:
        key = f"{self._key('photos', id)}/{name}"
        with self._lock:
            if key in self._lasting:
                return self._lasting[key]
        data = self._bucket.read(key)
        if data is not None and name.endswith(_LASTING):
            with self._lock:
                self._lasting[key] = data
        return data

    def write(self, id: str, name: str, data: bytes) -> None:
        place = self._key("photos", id)
        self._bucket.write(f"{place}/{name}", data)
        self._forget(f"{place}/{name}")
        if not self._bucket.exists(f"{place}/{PHOTO}"):  # or whoever deletes it will see ours
            self._bucket.remove(f"{place}/{name}")
            raise NotFound()

    def remove(self, id: str, name: str) -> None:
        self._bucket.remove(f"{self._key('photos', id)}/{name}")
        self._forget(f"{self._key('photos', id)}/{name}")

    @contextmanager
    def claim(self, wanted: Wanted) -> Iterator[int | None]:
        """Hold a prediction while it is worked on; that of a process that dies ends in a minute.

        Yields:
            As :meth:`Storage.claim`.
        """
        if not self._bucket.exists(f"{self._key('photos', wanted.id)}/{PHOTO}"):
            yield None
            return
        name = _name_of(wanted.id, wanted.key)
        with self._claims.hold(name) as attempt:
            yield attempt
            if attempt is not None and is_done(self.names(wanted.id), wanted.key):
                self._claims.forget(name)

    def is_claimed(self, wanted: Wanted) -> bool:
        return self._claims.is_held(_name_of(wanted.id, wanted.key))

    # batches

    def add_batch(self, record: BatchRecord) -> None:
        self._bucket.write(f"{self._key('batches', record.id)}/{BATCH}", dumped(record))

    def batch(self, id: str) -> tuple[BatchRecord, list[str]]:
        place = self._key("batches", id)
        data = self._bucket.read(f"{place}/{BATCH}")
        if data is None:
            raise NotFound()
        record = parsed(BatchRecord, data, f"{place}/{BATCH}")
        return record, list(filter(is_id, self._bucket.names(place)))

    # deleting

    def delete(self, kind: Kind, id: str) -> None:
        place = self._key(kind, id)
        self._bucket.remove(f"{place}/{PHOTO if kind == 'photos' else BATCH}")
        super().delete(kind, id)
        names = self._bucket.names(place)
        if kind == "batches":
            self.each(lambda photo: self.delete("photos", photo), filter(is_id, names))
        for name in names:
            self._bucket.remove(f"{place}/{name}")

    def tidy(self) -> int:
        count = 0
        photos = self._listed("photos")
        self._expiries = {id: end for id, end in self._expiries.items() if id in photos}
        over = self.each(lambda item: self._photo_is_over(*item), photos.items())
        for id in compress(photos, over):
            self.delete("photos", id)
            count += 1
        for id, entries in self._listed("batches").items():
            if self._is_over(partial(self.batch, id), partial(_written, entries, BATCH)):
                self.delete("batches", id)
                count += 1
        return count

    # within

    def _photo_is_over(self, id: str, entries: dict[str, Entry]) -> bool:
        now = datetime.now(UTC)
        if PHOTO not in entries:
            latest = max(entry.modified for entry in entries.values())
            return latest < now - timedelta(seconds=ABANDONED_AFTER)
        if id in self._expiries and self._expiries[id] > now:
            return False
        return self._is_over(partial(self._look, id), partial(_written, entries, PHOTO))

    def _look(self, id: str) -> None:
        self._expiries[id] = self.record(id).expires

    def _forget(self, key: str) -> None:
        with self._lock:
            self._lasting.pop(key, None)

    def _photographs(self) -> Iterator[tuple[str, set[str]]]:
        for id, entries in self._listed("photos").items():
            if PHOTO in entries:
                yield id, set(entries)

    def _listed(self, kind: Kind) -> dict[str, dict[str, Entry]]:
        """All objects of a kind: id -> name -> entry."""
        found: dict[str, dict[str, Entry]] = defaultdict(dict)
        for entry in self._bucket.entries(kind):
            _, id, name = (*entry.key.split("/", 2), "", "")[:3]
            if is_id(id):  # what others put there is not ours
                found[id][name] = entry
        return dict(found)

    def _bytes(self) -> int:
        return sum(entry.size for entry in self._bucket.entries(""))

    def _key(self, kind: Kind, id: str) -> str:
        """Where the objects of a photograph or a batch are; NotFound if ``id`` is not an id."""
        return os.path.relpath(self._folder(kind, id), self.root)

    def _keep_copies(self) -> None:
        """Remove copies that nobody needs, or of photographs that are gone; until closed."""
        while not self._closing.wait(_LOOK_EVERY):
            try:
                self.tidy_copies()
            except StorageUnavailable:
                continue
            except Exception:
                logger.exception("the copies of photographs could not be tidied")

    def tidy_copies(self) -> None:
        """Remove copies that were not used for long, and those of photographs that are gone."""
        self.sweep_folder()
        self._copies.trim()
        if ids := set(self._copies.ids()):
            there = {id for id, _ in self._photographs()}  # after them: a copy is never the first
            for id in filter(is_id, ids - there):
                super().delete("photos", id)


def _written(entries: dict[str, Entry], name: str) -> datetime:
    if name not in entries:  # it came after the listing
        return datetime.now(UTC)
    return entries[name].modified


def _name_of(id: str, key: str) -> str:
    return f"{id}.{key}"


def _keys_wanted(names: set[str]) -> list[str]:
    return [name.removesuffix(".wanted") for name in names if name.endswith(".wanted")]
