"""The photographs in folders, and what in them is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .photo import READABLE_SUFFIXES
from .special_files import special_kind


@dataclass(frozen=True)
class LeftOut:
    """What was found and is not coloured, and why; ``failed`` if it may hold photographs."""

    path: Path
    reason: str
    failed: bool = False


class Walk:
    """Goes through folders, and yields the photographs in them in the order of their names.

    Args:
        leave_out: is told of pipes, sockets, devices, folders that cannot be read, and links to
            folders outside the one that is searched.
        recursive: also the folders inside folders; hidden ones are not entered.
        excluded: folders that are not entered.

    Attributes:
        failed: whether one of the folders could not be read.
    """

    def __init__(
        self,
        leave_out: Callable[[LeftOut], object],
        *,
        recursive: bool = True,
        excluded: Sequence[Path] = (),
    ) -> None:
        self.leave_out = leave_out
        self.recursive = recursive
        self.excluded = excluded
        self.failed = False

    def __call__(self, folder: Path) -> Iterator[Path]:
        top = folder.resolve()
        for place, folders, files in os.walk(folder, onerror=self._unreadable):
            here = Path(place)
            for name in sorted(filter(is_photograph, files)):
                if kind := special_kind(here / name):
                    self.leave_out(LeftOut(here / name, f"{here / name} is {kind}, not a file."))
                else:
                    yield here / name
            if not self.recursive:
                return
            folders[:] = sorted(name for name in folders if self._enters(here / name, top))

    def _enters(self, folder: Path, top: Path) -> bool:
        if folder.name.startswith(".") or any(same_place(folder, o) for o in self.excluded):
            return False
        if not folder.is_symlink():
            return True
        if not folder.resolve().is_relative_to(top):  # what lies in it is found without the link
            reason = (
                f"{folder} is a link to a folder and was not followed; name it to have it done."
            )
            self.leave_out(LeftOut(folder, reason))
        return False

    def _unreadable(self, error: OSError) -> None:
        self.failed = True
        folder = Path(error.filename)
        reason = f"The folder {folder} cannot be read: {error.strerror or error}."
        self.leave_out(LeftOut(folder, reason, failed=True))


def is_photograph(name: str) -> bool:
    """Whether a file of this name in a folder is taken: readable by its suffix, and not hidden."""
    return not name.startswith(".") and Path(name).suffix.lower() in READABLE_SUFFIXES


def is_photograph_within(path: str) -> bool:
    """The same of a path in an archive, none of whose folders may be hidden."""
    *folders, name = PurePosixPath(path).parts or ("",)
    return is_photograph(name) and not any(folder.startswith(".") for folder in folders)


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder, at any depth, whatever links are between."""
    return folder.resolve() in path.resolve().parents


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths are of one folder or file, whatever links are between."""
    return one.resolve() == other.resolve()
