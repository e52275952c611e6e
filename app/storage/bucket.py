"""An object store by its URL, over fsspec: objects are written, read, listed and removed whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from colorizer.errors import InvalidSetting

from ..errors import StorageFull, StorageUnavailable
from .disk import is_full
from .records import new_id

_AT_ONCE = 64  # connections
_ANSWERS_WITHIN = {"connect_timeout": 3, "read_timeout": 15}  # s
_TRIES = 2
_LEAST_SPEED = 100_000  # bytes/s of an object that is written

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """An object in a listing: ``key`` below the URL, ``size`` in bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


class Bucket:
    """Objects below a URL; address and access are in the environment (``AWS_ENDPOINT_URL``,
    ``AWS_ACCESS_KEY_ID``, …).

    Every method raises StorageUnavailable if the store does not answer, or refuses.

    Args:
        url: ``s3://bucket/prefix``.

    Raises:
        InvalidSetting: if the library for such URLs is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(
                url,
                skip_instance_cache=True,
                use_listings_cache=False,
                max_concurrency=1,  # of the parts of one object; or it asks for the length first
                config_kwargs={
                    **_ANSWERS_WITHIN,
                    "max_pool_connections": _AT_ONCE,
                    "retries": {"total_max_attempts": _TRIES},
                },
            )
        except ImportError as error:
            raise InvalidSetting(
                "COLORIZER_STORAGE_URL: s3:// needs a library that is not installed here. "
                'Run `pip install "colorizer[s3]"`.'
            ) from error
        self._files.retries = 1  # times _TRIES
        self._root = root.rstrip("/")

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None if there is none."""
        with _reachable(), suppress(FileNotFoundError):
            data: bytes = self._files.cat_file(self._path(key))
            return data
        return None

    def fetch(self, key: str, target: Path) -> bool:
        """Copy an object to a new file; whether there is one. Raises StorageFull."""
        with _reachable(), suppress(FileNotFoundError):
            self._files.get_file(self._path(key), str(target))
            return True
        return False

    def write(self, key: str, data: bytes) -> None:
        """Write an object, whole."""
        with _reachable(), _bucket_there():
            self._files.pipe_file(self._path(key), data, timeout=_within(len(data)))

    def put(self, source: Path, key: str) -> None:
        """Copy a file to an object."""
        with _reachable(), _bucket_there():
            timeout = _within(source.stat().st_size)
            self._files.put_file(str(source), self._path(key), timeout=timeout)

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        with _reachable(), suppress(FileNotFoundError):
            return bool(self._files.info(self._path(key))["type"] == "file")
        return False

    def remove(self, key: str) -> None:
        """Remove an object if it is there."""
        with _reachable(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(key))

    def entries(self, folder: str) -> Iterator[Entry]:
        """Every object below a folder, "" for all; there need be none."""
        with _reachable(), suppress(FileNotFoundError):
            found = self._files.find(self._path(folder), detail=True)
            for path, about in found.items():
                key = path[len(self._root) + 1 :]
                yield Entry(key, about["size"], about["LastModified"])

    def names(self, folder: str) -> set[str]:
        """Names of the objects in a folder; empty if there is none."""
        return {entry.key[len(folder) + 1 :] for entry in self.entries(folder)}

    def check(self) -> None:
        """See that the bucket answers."""
        with _reachable(), _bucket_there():
            self._files.info(self._root.partition("/")[0])

    def try_out(self) -> None:
        """See that objects can be written, listed, read and removed."""
        folder, name = ".doctor", new_id()
        key = f"{folder}/{name}"
        self.write(key, b"x")
        try:
            whole = self.read(key) == b"x" and name in self.names(folder)
        finally:
            self.remove(key)
        if not whole or self.exists(key):
            raise StorageUnavailable("The store does not list at once what was written to it.")

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")


def _within(length: int) -> float:
    """Seconds that writing so many bytes may take: the client's own limits begin after them."""
    return _TRIES * sum(_ANSWERS_WITHIN.values()) + length / _LEAST_SPEED


@contextmanager
def _reachable() -> Iterator[None]:
    """Any failure is a StorageUnavailable, but "there is none" and a local disk that is full."""
    try:
        yield
    except (FileNotFoundError, StorageUnavailable):
        raise
    except Exception as error:
        if is_full(error):
            raise StorageFull() from error
        logger.warning("the object store: %s: %s", type(error).__name__, error)
        raise StorageUnavailable() from error


@contextmanager
def _bucket_there() -> Iterator[None]:
    """Nothing can be written to a bucket that does not exist."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageUnavailable("The bucket of COLORIZER_STORAGE_URL does not exist.") from error
