"""Folders on this machine, and addresses elsewhere that fsspec knows (``s3://bucket/prefix``).

An address is told from a path by the ``://`` in it. Each function takes either, as text.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ..atomic import write_atomically
from ..errors import ColorizerError, InvalidSetting, OutputError, PackageMissing, StorageError
from ..folders import is_photograph


def is_address(name: str) -> bool:
    """Whether it is an address, and not a path on this machine."""
    return "://" in name


def join(folder: str, relative: Path) -> str:
    """A name below a folder or an address."""
    if is_address(folder):
        return f"{folder.rstrip('/')}/{relative.as_posix()}"
    return os.path.join(folder, relative)


def photographs_at(source: str, out: str, recursive: bool) -> list[tuple[str, PurePosixPath]]:
    """The photographs below an address, in the order of their names: (address, name below it).

    What is hidden is left out, and so is what lies in ``out``. If the address is that of one
    photograph, it is taken whatever it is called.

    Raises:
        InvalidSetting: if nothing is there, or ``source`` is ``out``.
        PackageMissing: if the package for such addresses is not installed.
        StorageError: if the place does not answer, or refuses.
    """
    with _storage(source) as (files, root):
        files.invalidate_cache()  # an earlier listing is kept, and may be old
        try:
            single = files.isfile(root)
            found = [] if single else files.find(root, maxdepth=None if recursive else 1)
        except FileNotFoundError:
            found, single = [], False
        if single:
            return [(source, PurePosixPath(posixpath.basename(root)))]
        results = None
        if is_address(out):
            with _storage(out) as (other, path):
                results = path if other == files else None
        if results == root:
            raise InvalidSetting(
                f"{source} cannot be both the folder of the photographs and of the results."
            )
        taken = []
        for path in sorted(found):
            # an empty part, as in a//b, would make of the name an absolute path
            parts = [part for part in path[len(root) :].split("/") if part]
            inside = results is not None and path.startswith(f"{results}/")
            hidden = any(part.startswith(".") for part in parts)  # also ..
            if parts and not inside and not hidden and is_photograph(parts[-1]):
                taken.append((files.unstrip_protocol(path), PurePosixPath(*parts)))
    return taken


def names_at(folder: str) -> set[str]:
    """The names of all files below an address, with ``/`` between folders; none if none is there.

    Raises:
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    with _storage(folder) as (files, root):
        files.invalidate_cache()
        with suppress(FileNotFoundError):
            return {path[len(root) :].lstrip("/") for path in files.find(root)}
    return set()


@contextmanager
def as_file(name: str) -> Iterator[Path]:
    """A file on this machine that holds what is at a path or an address; for reading only.

    Raises:
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    if not is_address(name):
        yield Path(name)
        return
    with TemporaryDirectory(prefix="colorizer-") as folder:
        with _storage(name) as (files, path):
            local = Path(folder) / posixpath.basename(path)
            files.get_file(path, str(local))
        yield local


@contextmanager
def for_result(name: str) -> Iterator[Path]:
    """A path on this machine; a file that is there when the block ends is taken to ``name``.

    Raises:
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    if not is_address(name):
        yield Path(name)
        return
    with TemporaryDirectory(prefix="colorizer-") as folder:
        local = Path(folder) / posixpath.basename(name)
        yield local
        if local.exists():
            with _storage(name) as (files, path):
                files.put_file(str(local), path)


def sha256_of(name: str) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    with _opened(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_bytes(name: str) -> bytes | None:
    """What is in a file; None if there is none.

    Raises:
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    if is_address(name):
        with _storage(name) as (files, path):
            try:
                return bytes(files.cat_file(path))
            except FileNotFoundError:
                return None
    if not os.path.exists(name):
        return None
    with _opened(name) as file:
        return file.read()


def write_bytes(name: str, data: bytes) -> None:
    """Replace a file as a whole.

    Raises:
        OutputError: if a file on this machine cannot be written.
        PackageMissing, StorageError: as :func:`photographs_at`.
    """
    if is_address(name):
        with _storage(name) as (files, path):
            files.pipe_file(path, data)
        return
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        write_atomically(Path(name), data)
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _opened(name: str) -> Iterator[BufferedIOBase]:
    if is_address(name):
        with _storage(name) as (files, path), files.open(path, "rb") as file:
            yield file
    else:
        try:
            with open(name, "rb") as file:
                yield file
        except OSError as error:
            raise StorageError(f"{name} cannot be read: {error.strerror or error}.") from error


@contextmanager
def _storage(address: str) -> Iterator[tuple[Any, str]]:
    """fsspec's file system of an address, and the path in it; what goes wrong becomes typed."""
    try:
        from fsspec.core import url_to_fs

        yield url_to_fs(address)
    except ColorizerError:
        raise
    except FileNotFoundError as error:
        raise StorageError(f"There is nothing at {address}.") from error
    except ImportError as error:
        raise PackageMissing(
            f"For {address} a package is missing ({error}). Addresses that begin with s3:// need: "
            "pip install 'colorizer[s3]'."
        ) from error
    except Exception as error:  # each kind of storage has errors of its own
        text = str(error).rstrip(".") or type(error).__name__
        raise StorageError(f"{address} cannot be used: {text}.") from error
