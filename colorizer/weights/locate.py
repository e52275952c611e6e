"""Where checkpoints lie, and which file a name stands for.

A name is looked for in ``COLORIZER_WEIGHTS_DIR``, then in the user's cache folder, then among the
weights that ship with the library. Of the catalogue's names only a file with the right checksum is
taken; a wrong one is passed over (with a warning in the log) in favour of a right one further on.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ..errors import OutputError, UnknownModel, WeightsCorrupt, WeightsMissing
from ..names import suggestion
from .catalogue import (
    REFINER_SUFFIX,
    WORDS_FILE,
    Entry,
    catalogue,
    entry_named,
    matches,
    shipped_folder,
)

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "COLORIZER_WEIGHTS_DIR"
MIRROR_VARIABLE = "COLORIZER_WEIGHTS_MIRROR"
OFFLINE_VARIABLE = "COLORIZER_OFFLINE"

#: what a file with weights may be called
SUFFIXES = (".safetensors", ".pth", ".pt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Found:
    """A file, and the catalogue entry whose bytes it has (None for a person's own weights)."""

    path: Path
    name: str
    entry: Entry | None


def is_offline() -> bool:
    """Whether the environment forbids downloads."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in (
        "",
        "0",
        "false",
        "no",
        "off",
    )


def user_folder() -> Path:
    """The folder that pull and import write to: COLORIZER_WEIGHTS_DIR, or in the user's cache."""
    chosen = _chosen_folder()
    if chosen is not None:
        return chosen
    import platformdirs

    return platformdirs.user_cache_path("colorizer") / "weights"


def search_folders() -> list[Path]:
    """The folders in which a name is looked for, in this order."""
    import platformdirs

    folders = [platformdirs.user_cache_path("colorizer") / "weights", shipped_folder()]
    chosen = _chosen_folder()
    return folders if chosen is None else [chosen, *folders]


def _chosen_folder() -> Path | None:
    text = os.environ.get(FOLDER_VARIABLE, "").strip()
    return Path(os.path.expanduser(text)) if text else None


def writable_folder() -> Path:
    """:func:`user_folder`, made if it is the cache; a folder that a person chose must be there.

    Raises:
        OutputError: if it is not there, not a folder, or may not be written to.
    """
    folder = user_folder()
    chosen = _chosen_folder() is not None
    setting = f"{FOLDER_VARIABLE} is set to {folder}, but "
    if chosen and not folder.exists():
        raise OutputError(f"{setting}there is no such folder; make it, or change the setting.")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{setting if chosen else ''}{folder} is not a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        allowed = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        allowed = False
    if not allowed:
        hint = "" if chosen else f" Set {FOLDER_VARIABLE} to a folder that you may write to."
        raise OutputError(f"There is no permission to write into {folder}.{hint}")
    return folder


def sources(entry: Entry) -> tuple[str, ...]:
    """The addresses to try in order: the mirror of the environment, then the published ones."""
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip().rstrip("/")
    return (f"{mirror}/{entry.filename}", *entry.urls) if mirror else entry.urls


def public(url: str) -> str:
    """The address without a user name and password, for messages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def by_hand(entry: Entry) -> str:
    """How to get the file of ``entry`` without this program: what, from where, to where."""
    addresses = " or ".join(map(public, sources(entry)))
    origin = f"from {addresses}" if addresses else "from Colorizer's own weights folder"
    facts = f" ({entry.bytes:,} bytes, sha256 {entry.sha256})" if entry.sha256 else ""
    return (
        f"To do it by hand, get {entry.filename}{facts} {origin} and put it into {user_folder()}."
    )


def find(entry: Entry) -> Path:
    """The file of ``entry``: the first in the search order with the right bytes.

    Raises:
        WeightsMissing: if there is no file; the message has the command and the manual way.
        WeightsCorrupt: if there are only files with other bytes.
    """
    wrong: list[Path] = []
    for folder in search_folders():
        file = folder / entry.filename
        if not file.is_file():
            continue
        if matches(entry, file):
            for other in wrong:
                log.warning("%s is not the file of the catalogue and was passed over.", other)
            return file
        wrong.append(file)
    if wrong:
        raise WeightsCorrupt(
            f"{' and '.join(map(str, wrong))}: not the weights {entry.name!r} that the catalogue "
            f"describes (damaged, or of another version). {_remedy(entry)}"
        )
    raise WeightsMissing(
        f"The weights {entry.name!r} are not on this machine. {_remedy(entry)}{_absent_folder()}"
    )


def _remedy(entry: Entry) -> str:
    if is_offline():
        return f"Downloads are switched off ({OFFLINE_VARIABLE}). {by_hand(entry)}"
    if not sources(entry):
        return f"They come with Colorizer: please install it again. {by_hand(entry)}"
    return f"Run `colorizer weights pull {entry.name}`. {by_hand(entry)}"


def _absent_folder() -> str:
    chosen = _chosen_folder()
    if chosen is None or chosen.is_dir():
        return ""
    return f" ({FOLDER_VARIABLE} is set to {chosen}, but there is no such folder.)"


def path(name: str) -> Path:
    """The file that :func:`load` would take for a name of the catalogue or of imported weights.

    Raises:
        UnknownModel, WeightsMissing, WeightsCorrupt: as :func:`find`.
    """
    if name not in catalogue():
        own = imported().get(name)
        if own is not None:
            return own
    return find(entry_named(name))


def imported() -> dict[str, Path]:
    """A person's own weights in the folders: name -> file (nothing the catalogue knows)."""
    taken = {entry.filename for entry in catalogue().values()} | {WORDS_FILE}
    files: dict[str, Path] = {}
    for folder in search_folders()[:-1]:
        try:
            present = sorted(folder.iterdir())
        except OSError:
            continue
        for file in present:
            good = file.suffix in SUFFIXES and is_good_name(file.stem) and file.is_file()
            good = good and not file.name.endswith(REFINER_SUFFIX)  # part of other weights
            if good and file.name not in taken and file.stem not in catalogue():
                files.setdefault(file.stem, file)
    return files


def is_good_name(name: str) -> bool:
    """Whether imported weights may be called so: letters, digits, dot, dash, underscore."""
    return _NAME.fullmatch(name) is not None


def resolve(name_or_path: str | os.PathLike[str]) -> Found:
    """Which file is meant: a catalogue name, a path, or the name of imported weights.

    Raises:
        UnknownModel: if it is neither a known name nor a file.
        WeightsMissing, WeightsCorrupt: as :func:`find`, or if a path leads nowhere.
    """
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, str) and text in catalogue():
        return Found(find(catalogue()[text]), text, catalogue()[text])
    file = Path(os.path.expanduser(text))
    looks_like_path = not isinstance(name_or_path, str) or "/" in text or os.sep in text
    if not looks_like_path and text in (own := imported()):
        return Found(own[text], text, None)
    if os.path.isfile(file):  # unlike Path.is_file: False for a name too long or with a NUL
        return Found(file, file.stem, None)
    if os.path.isdir(file) and looks_like_path:
        raise WeightsMissing(f"{text} is a folder, not a file with weights.")
    if looks_like_path or file.suffix in SUFFIXES:
        raise WeightsMissing(f"There is no file {text}.")
    known = [*catalogue(), *imported()]
    raise UnknownModel(
        f"There are no weights called {text!r}; known are {', '.join(known)}, or give a file."
        f"{suggestion(text, known)}"
    )
