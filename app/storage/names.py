"""Names of files as people gave them: cleaned for showing, and for what they download."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 120
_LONGEST_OF_A_FILE = 107  # leaves room for its page
_MOST_BYTES = 255  # of a file's name, on most disks
_DEFAULT = "photograph"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_PAGE = re.compile(r" \(page [0-9]+\)$")
_JOINERS = "\u200c\u200d"  # in Persian, and in pictographs of families
_STRAY_JOINERS = re.compile(rf"(?<!\S)[{_JOINERS}]+|[{_JOINERS}]+(?!\S)")
_NOT_IN_FILES = re.compile(r'[<>:"/\\|?*]')


def clean(name: str) -> str:
    """A name to show: the last part of a path, without control and direction characters.

    1..120 characters; "photograph" if nothing is left. It is shown, and never used as a path.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = (c if c in _JOINERS or unicodedata.category(c)[0] != "C" else " " for c in last)
    words = " ".join("".join(visible).split())[:_LONGEST]
    return " ".join(_STRAY_JOINERS.sub("", words).split()) or _DEFAULT


def of_page(name: str, page: int) -> str:
    """``"scan.tif", 2`` -> ``"scan.tif (page 2)"``, at most 120 characters for all pages."""
    return f"{name[:_LONGEST_OF_A_FILE].strip()} (page {page})"


def of_file(name: str, page: int) -> str:
    """What a page's file is called, as far as the names of all its pages say it."""
    return name.removesuffix(f" (page {page})")[:_LONGEST_OF_A_FILE].strip()


def for_download(name: str, ending: str) -> str:
    """``"Grandma.tif", "-colour.png"`` -> ``"Grandma-colour.png"``, fit for any file system.

    A page stays one: ``"scan.tif (page 2)"`` -> ``"scan (page 2)-colour.png"``. What is too long is
    cut before that.
    """
    page = _PAGE.search(name)
    whole = name[: page.start()] if page else name
    stem = _NOT_IN_FILES.sub("_", _SUFFIX.sub("", whole)).strip(". ")
    return _fitting(stem or _DEFAULT, f"{page[0] if page else ''}{ending}")


def numbered(name: str, taken: set[str]) -> str:
    """``name``, or with a number before its ending if ``taken`` has it; noted in ``taken``."""
    stem, dot, suffix = name.rpartition(".")
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = _fitting(stem, f"-{number}{dot}{suffix}"), number + 1
    taken.add(candidate.casefold())
    return candidate


def _fitting(stem: str, ending: str) -> str:
    """A name of at most 255 bytes: the stem is cut, at a character."""
    room = max(_MOST_BYTES - len(ending.encode()), 0)
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + ending
