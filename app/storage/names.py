"""Names of files as people gave them: cleaned for showing, and for what they download."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 120
_DEFAULT = "photograph"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_NOT_IN_FILES = re.compile(r'[<>:"/\\|?*]')


def clean(name: str) -> str:
    """A name to show: the last part of a path, without control and direction characters.

    1..120 characters; "photograph" if nothing is left. It is shown, and never used as a path.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = (c if unicodedata.category(c)[0] != "C" else " " for c in last)
    return " ".join("".join(visible).split())[:_LONGEST].strip() or _DEFAULT


def for_download(name: str, ending: str) -> str:
    """``"Grandma.tif", "-colour.png"`` -> ``"Grandma-colour.png"``, fit for any file system."""
    stem = _NOT_IN_FILES.sub("_", _SUFFIX.sub("", name)).strip(". ")
    return f"{stem or _DEFAULT}{ending}"


def numbered(name: str, taken: set[str]) -> str:
    """``name``, or with a number before its ending if ``taken`` has it; noted in ``taken``."""
    stem, dot, suffix = name.rpartition(".")
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{stem}-{number}{dot}{suffix}", number + 1
    taken.add(candidate.casefold())
    return candidate
