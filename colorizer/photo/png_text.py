"""Text of PNGs: the chunks tEXt, zTXt and iTXt, and what their keywords mean.

Portable Network Graphics (Third Edition), 11.3.3: tEXt and zTXt are Latin-1 by the standard, iTXt
is UTF-8 with a language.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from .namespaces import PHOTOSHOP, PNG, XMP, XMP_RIGHTS
from .properties import CREATOR, DESCRIPTION, RIGHTS, TITLE, Captions, Property, decoded

COMMENT = "Comment"
MAX_INFLATED = 16 << 20

_KINDS = (b"tEXt", b"zTXt", b"iTXt")
_CAPTIONS = {
    "Title": TITLE,
    "Author": CREATOR,
    "Description": DESCRIPTION,
    "Copyright": RIGHTS,
    "Disclaimer": Property(XMP_RIGHTS, "UsageTerms", "Alt"),
    "Software": Property(XMP, "CreatorTool"),
}
_STANDARD = {p: k for k, p in _CAPTIONS.items() if p in (TITLE, CREATOR, DESCRIPTION, RIGHTS)}
_CREATION_TIME = "Creation Time"
_DATE_CREATED = Property(PHOTOSHOP, "DateCreated")
_ISO_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")


class Text(NamedTuple):
    """One text chunk; ``language`` and ``translated`` (the keyword) are empty except in iTXt."""

    keyword: str
    text: str
    language: str = ""
    translated: str = ""


class Chunk(NamedTuple):
    """A text chunk whose data are unpacked and not yet decoded."""

    keyword: bytes
    data: bytes
    language: bytes = b""
    translated: bytes = b""
    is_utf8: bool = False

    def text(self) -> Text:
        """The text; UTF-8 that was put into tEXt against the rule is recognised."""
        plain = self.data.decode("utf-8", "replace") if self.is_utf8 else decoded(self.data)
        return Text(
            self.keyword.decode("latin-1"),
            plain,
            self.language.decode("latin-1"),
            self.translated.decode("utf-8", "replace"),
        )


def parse(kind: bytes, body: memoryview) -> Chunk | None:
    """Unpack a chunk; None if it is of another kind, broken, or of more than 16 MiB."""
    if kind not in _KINDS:
        return None
    keyword, end, rest = bytes(body[:80]).partition(b"\0")
    if not end or not keyword:
        return None
    rest = bytes(body[len(keyword) + 1 :])
    if kind == b"tEXt":
        return Chunk(keyword, rest)
    if kind == b"zTXt":
        data = inflate(memoryview(rest)[1:])
        return None if data is None else Chunk(keyword, data)
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 4 or len(parts) < 3:
        return None
    text = inflate(memoryview(parts[2])) if rest[0] else parts[2]
    return None if text is None else Chunk(keyword, text, parts[0], parts[1], True)


def inflate(data: memoryview) -> bytes | None:
    """Decompress at most 16 MiB; None if the data are broken or larger."""
    engine = zlib.decompressobj()
    try:
        result = engine.decompress(data, MAX_INFLATED)
    except zlib.error:
        return None
    return result if engine.eof else None


def chunks(texts: Iterable[Text]) -> Iterator[tuple[bytes, bytes]]:
    """The kind and body of the chunk for each text."""
    for text in texts:
        keyword = text.keyword.encode("latin-1", "replace")[:79]
        plain = text.text.replace("\0", "")
        if plain.isascii() and not text.language and not text.translated:
            yield b"tEXt", keyword + b"\0" + plain.encode()
            continue
        yield (
            b"iTXt",
            b"\0".join(
                [
                    keyword,
                    b"\0\0" + text.language.encode("latin-1", "replace"),
                    text.translated.encode("utf-8", "replace"),
                    plain.encode("utf-8", "replace"),
                ]
            ),
        )


def profile(name: str, data: bytes) -> tuple[bytes, bytes]:
    """The kind and body of a raw profile as ImageMagick and Exiv2 write it, in hexadecimal."""
    digits = data.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    text = f"\n{name}\n{len(data):8}\n{lines}\n"
    return b"zTXt", f"Raw profile type {name}".encode() + b"\0\0" + zlib.compress(text.encode())


def profile_data(text: bytes) -> bytes | None:
    """The data of a raw profile: a name, a length, hexadecimal digits."""
    lines = text.strip().split(b"\n", 2)
    if len(lines) == 3:
        with suppress(ValueError):
            return bytes.fromhex(lines[2].decode("ascii", "replace"))
    return None


def captions(texts: Iterable[Text]) -> Captions:
    """What the texts say, as XMP properties; comments apart.

    Of two keywords that mean the same property the first counts; of one that stands there twice all
    is kept. Keywords with a colon are copies of other metadata that ImageMagick made, or of a
    thumbnail.
    """
    keywords: dict[Property, str] = {}
    found: dict[Property, list[str]] = {}
    for text in texts:
        value = text.text.strip()
        if value and text.keyword != COMMENT and ":" not in text.keyword:
            prop, value = _property(text.keyword, value)
            if prop is not None and keywords.setdefault(prop, text.keyword) == text.keyword:
                values = found.setdefault(prop, [])
                values += [value] if value not in values else []
    return {prop: _several(prop, values) for prop, values in found.items()}


def _several(prop: Property, values: list[str]) -> tuple[str, ...]:
    """Values as a property takes them: all of lists, lines of text, the first of what is one."""
    if prop.form in ("Seq", "Bag"):
        return tuple(values)
    return ("\n".join(values) if prop.form == "Alt" or prop.space == PNG else values[0],)


def _property(keyword: str, value: str) -> tuple[Property | None, str]:
    if keyword == _CREATION_TIME:
        date = _iso_date(value)
        if date:
            return _DATE_CREATED, date
    if keyword in _CAPTIONS:
        return _CAPTIONS[keyword], value
    name = re.sub(r"[^A-Za-z0-9]", "", keyword)
    return (Property(PNG, name) if name[:1].isalpha() else None), value


def _iso_date(value: str) -> str | None:
    from email.utils import parsedate_to_datetime  # slow to import, seldom needed

    if _ISO_DATE.fullmatch(value):
        return value
    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(value).isoformat()
    return None


def completed(texts: Iterable[Text], found: Captions, comments: Iterable[str]) -> tuple[Text, ...]:
    """The texts, with the standard keywords that they lack and the comments of other formats."""
    result = list(texts)
    there = {text.keyword for text in result if text.text.strip()}
    for prop, keyword in _STANDARD.items():
        if prop in found and keyword not in there:
            result.append(Text(keyword, "; ".join(found[prop])))
    return (*result, *(Text(COMMENT, comment) for comment in comments))


def comments(texts: Iterable[Text]) -> tuple[str, ...]:
    """The texts that are comments."""
    return tuple(text.text for text in texts if text.keyword == COMMENT and text.text.strip())


def packed(kind: bytes, body: bytes | memoryview) -> bytes:
    """A chunk of a PNG: length, kind, body, checksum."""
    content = b"".join([kind, body])
    return b"".join([struct.pack(">I", len(body)), content, struct.pack(">I", zlib.crc32(content))])
