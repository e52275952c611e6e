"""IPTC-IIM: captions of newspapers and archives since 1991, as binary data sets.

IPTC Information Interchange Model 4.2: a data set is the byte 28, a record number, a data set
number, a length of two bytes (or, with the highest bit set, the length of a longer one), data.
What the fields are called in XMP is in the IPTC Photo Metadata Standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .namespaces import IPTC_CORE, PHOTOSHOP
from .properties import CREATOR, DESCRIPTION, RIGHTS, SUBJECT, TITLE, Captions, Property, decoded

_MARK = 0x1C
_MAX_DATASETS = 10_000
_CHARACTER_SET = (1, 90)
_UTF_8 = b"\x1b%G"
_APPLICATION = 2  # the record of captions
_DATE, _TIME = 55, 60
_PREVIEWS = frozenset({(2, 200), (2, 201), (2, 202), (7, 10), (7, 20), (8, 10)})

_PROPERTIES = {
    5: TITLE,
    10: Property(PHOTOSHOP, "Urgency"),
    12: Property(IPTC_CORE, "SubjectCode", "Bag"),
    15: Property(PHOTOSHOP, "Category"),
    20: Property(PHOTOSHOP, "SupplementalCategories", "Bag"),
    25: SUBJECT,
    40: Property(PHOTOSHOP, "Instructions"),
    80: CREATOR,
    85: Property(PHOTOSHOP, "AuthorsPosition"),
    90: Property(PHOTOSHOP, "City"),
    92: Property(IPTC_CORE, "Location"),
    95: Property(PHOTOSHOP, "State"),
    100: Property(IPTC_CORE, "CountryCode"),
    101: Property(PHOTOSHOP, "Country"),
    103: Property(PHOTOSHOP, "TransmissionReference"),
    105: Property(PHOTOSHOP, "Headline"),
    110: Property(PHOTOSHOP, "Credit"),
    115: Property(PHOTOSHOP, "Source"),
    116: RIGHTS,
    120: DESCRIPTION,
    122: Property(PHOTOSHOP, "CaptionWriter"),
}
_DATE_CREATED = Property(PHOTOSHOP, "DateCreated")


class DataSet(NamedTuple):
    """One field."""

    record: int
    number: int
    data: bytes


def parse(block: bytes) -> list[DataSet]:
    """The data sets up to the end or to where the block is broken."""
    return [dataset for dataset, _ in _walk(block)]


def _walk(block: bytes) -> Iterator[tuple[DataSet, int]]:
    """The data sets, each with the place where it ends; no more than any caption has."""
    at = 0
    for _ in range(_MAX_DATASETS):
        if at + 5 > len(block) or block[at] != _MARK:
            return
        record, number = block[at + 1], block[at + 2]
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:
            width = size & 0x7FFF
            size = int.from_bytes(block[at : at + width], "big") if width <= 4 else len(block)
            at += width
        if at + size > len(block):
            return
        yield DataSet(record, number, block[at : at + size]), at + size
        at += size


def pack(datasets: Iterable[DataSet]) -> bytes:
    """The block of these data sets."""
    parts = []
    for record, number, data in datasets:
        size = len(data).to_bytes(2, "big")
        if len(data) > 0x7FFF:
            size = b"\x80\x04" + len(data).to_bytes(4, "big")
        parts.append(bytes([_MARK, record, number]) + size + data)
    return b"".join(parts)


def clean(block: bytes) -> bytes:
    """The block without pictures inside it and padding behind it; otherwise unchanged."""
    found = list(_walk(block))
    kept = [dataset for dataset, _ in found if dataset[:2] not in _PREVIEWS]
    if len(kept) < len(found):
        return pack(kept)
    end = found[-1][1] if found else 0
    return block[:end] if not block[end:].strip(b"\0") else block if found else b""


def captions(block: bytes) -> Captions:
    """What the block says, as XMP properties."""
    datasets = parse(block)
    declared = any(d[:2] == _CHARACTER_SET and d.data == _UTF_8 for d in datasets)
    result: dict[Property, tuple[str, ...]] = {}
    fields: dict[int, str] = {}
    for record, number, data in datasets:
        text = data.decode("utf-8", "replace") if declared else decoded(data)
        text = text.strip("\0 \t\r\n")
        if record != _APPLICATION or not text:
            continue
        fields.setdefault(number, text)
        prop = _PROPERTIES.get(number)
        if prop is not None and (prop.form in ("Seq", "Bag") or prop not in result):
            result[prop] = (*result.get(prop, ()), text)
    date = _iso_date(fields.get(_DATE, ""), fields.get(_TIME, ""))
    if date:
        result[_DATE_CREATED] = (date,)
    return result


def _iso_date(date: str, time: str) -> str:
    """``CCYYMMDD`` and ``HHMMSS±HHMM`` as ISO 8601; parts that are 00 are not known."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", date)
    if found is None or found[1] == "0000":
        return ""
    year, month, day = found.groups()
    if month == "00":
        return year
    if day == "00":
        return f"{year}-{month}"
    clock = re.fullmatch(r"(\d\d)(\d\d)(\d\d)(?:([+-]\d\d)(\d\d))?", time)
    if clock is None:
        return f"{year}-{month}-{day}"
    zone = f"{clock[4]}:{clock[5]}" if clock[4] else ""
    return f"{year}-{month}-{day}T{clock[1]}:{clock[2]}:{clock[3]}{zone}"
