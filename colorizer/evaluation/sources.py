"""Where photographs come from: picture files, folders and tar shards, in a fixed order.

Files and shards come in the order they were named, the contents of a folder (searched recursively)
sorted by path, the members of a shard in the order they are stored. In folders and shards only
names with a picture's suffix count, hidden ones do not; a file that was named itself is always
tried. Shards are read from front to back and never unpacked to disk.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..folders import is_photograph, is_photograph_within

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_BYTES = 1 << 29  # of one encoded picture


@dataclass(frozen=True)
class Candidate:
    """One encoded picture, or the reason why there is none.

    Attributes:
        name: file name, or shard and member, for messages.
        data: the encoded bytes; empty if there is a problem.
        problem: one plain sentence, or ``None``.
    """

    name: str
    data: bytes
    problem: str | None = None


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Replace folders by the picture files and shards in them; drop what is named twice."""
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        for file in _walk(path) if path.is_dir() else (path,):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def is_shard(path: Path) -> bool:
    """Whether the name is that of a tar shard (compressed or not)."""
    return path.name.lower().endswith(TAR_SUFFIXES)


def count(files: Iterable[Path]) -> int | None:
    """How many candidates ``files`` (from :func:`expand`) hold; ``None`` if only reading tells."""
    total = 0
    for file in files:
        if not is_shard(file):
            total += 1
            continue
        if not file.name.lower().endswith(".tar"):
            return None
        try:
            with tarfile.open(file, "r:") as shard:
                total += sum(_is_picture(member) for member in shard)
        except (tarfile.TarError, OSError):
            return None
    return total


def candidates(files: Iterable[Path]) -> Iterator[Candidate]:
    """Read ``files`` (from :func:`expand`) one picture at a time.

    A file or shard that cannot be read gives one candidate with a ``problem``; nothing is raised.
    """
    for file in files:
        if is_shard(file):
            yield from _members(file)
        else:
            yield _read(file)


def _read(file: Path) -> Candidate:
    try:
        if file.stat().st_size > MAX_BYTES:
            return Candidate(str(file), b"", "The file is too large for a photograph.")
        return Candidate(str(file), file.read_bytes())
    except OSError as error:
        return Candidate(str(file), b"", f"The file cannot be read ({error.strerror or error}).")


def _members(file: Path) -> Iterator[Candidate]:
    try:
        with tarfile.open(file, "r|*") as shard:
            for member in shard:
                if not _is_picture(member):
                    continue
                name = f"{file}:{member.name}"
                if member.size > MAX_BYTES:
                    yield Candidate(name, b"", "The file is too large for a photograph.")
                    continue
                stream = shard.extractfile(member)
                yield Candidate(name, stream.read() if stream else b"")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        yield Candidate(str(file), b"", f"The shard cannot be read to its end ({error}).")


def _walk(folder: Path) -> Iterator[Path]:
    wanted = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if is_shard(path) or is_photograph(name):
                wanted.append(path)
    yield from sorted(wanted, key=lambda path: path.relative_to(folder).parts)


def _is_picture(member: tarfile.TarInfo) -> bool:
    return member.isreg() and is_photograph_within(member.name)
