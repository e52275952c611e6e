"""Captions in one language: whatever container they come from, they are XMP properties here.

XMP can say all that the older containers can (Metadata Working Group, Guidelines for Handling
Image Metadata 2.0, chapter 3; IPTC Core for the fields of IPTC-IIM).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Literal, NamedTuple

from .namespaces import DC, EXIF


class Property(NamedTuple):
    """An XMP property; ``form`` is text, alternatives by language, a list, or a set."""

    space: str
    name: str
    form: Literal["text", "Alt", "Seq", "Bag"] = "text"


#: Values by property, none of them blank. Forms "text" and "Alt" have one value.
Captions = Mapping[Property, tuple[str, ...]]

TITLE = Property(DC, "title", "Alt")
DESCRIPTION = Property(DC, "description", "Alt")
CREATOR = Property(DC, "creator", "Seq")
RIGHTS = Property(DC, "rights", "Alt")
SUBJECT = Property(DC, "subject", "Bag")
COMMENT = Property(EXIF, "UserComment", "Alt")


_MAX_COMMENTS = 100


def decoded(data: bytes) -> str:
    """Text of undeclared encoding: UTF-8 where it is that, else Latin-1 with Windows' additions."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def comments_of(blocks: Iterable[bytes]) -> tuple[str, ...]:
    """Comments as JPEG and GIF have them, the first hundred, without those that are blank."""
    texts = (decoded(block).rstrip("\0") for block in islice(blocks, _MAX_COMMENTS))
    return tuple(text for text in texts if text.strip())
