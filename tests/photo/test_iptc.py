"""IPTC-IIM and the Photoshop image resources around it."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.photo import iptc, photoshop
from colorizer.photo.namespaces import DC, PHOTOSHOP, XMP_RIGHTS

from .pictures import iim, resource

UTF_8 = (90, b"\x1b%G")


def said(block: bytes) -> dict[str, tuple[str, ...]]:
    return {prop.name: values for prop, values in iptc.captions(block).items()}


def test_fields_are_named_as_in_xmp() -> None:
    found = iptc.captions(
        iim((5, b"Harbour"), (80, b"A. Foto"), (80, b"B. Foto"), (25, b"sea"), (105, b"News"))
    )
    names = {(prop.space, prop.name): (prop.form, values) for prop, values in found.items()}
    assert names == {
        (DC, "title"): ("Alt", ("Harbour",)),
        (DC, "creator"): ("Seq", ("A. Foto", "B. Foto")),
        (DC, "subject"): ("Bag", ("sea",)),
        (PHOTOSHOP, "Headline"): ("text", ("News",)),
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([UTF_8, (120, "Großmutter €".encode())], "Großmutter €"),
        ([(120, "Großmutter €".encode())], "Großmutter €"),  # undeclared, but it is UTF-8
        ([(120, "Großmutter".encode("latin-1"))], "Großmutter"),
        ([(120, "„Großmutter“".encode("cp1252"))], "„Großmutter“"),
        ([UTF_8, (120, b"Gro\xdfmutter")], "Gro\ufffdmutter"),  # declared, but it is not
    ],
)
def test_encodings(fields: list[tuple[int, bytes]], text: str) -> None:
    assert said(iim(*fields))["description"] == (text,)


@pytest.mark.parametrize(
    ("date", "time", "iso"),
    [
        (b"19110506", b"100000+0100", "1911-05-06T10:00:00+01:00"),
        (b"19110506", b"100000", "1911-05-06T10:00:00"),
        (b"19110506", b"late", "1911-05-06"),
        (b"19110500", b"", "1911-05"),
        (b"19110000", b"", "1911"),
        (b"00000000", b"", None),
        (b"May 1911", b"", None),
    ],
)
def test_dates(date: bytes, time: bytes, iso: str | None) -> None:
    assert said(iim((55, date), (60, time))).get("DateCreated") == (iso and (iso,))


def test_long_fields_are_read_and_packed() -> None:
    text = b"x" * 40_000
    block = iptc.pack([iptc.DataSet(2, 120, text), iptc.DataSet(2, 25, b"sea")])
    assert said(block) == {"description": (text.decode(),), "subject": ("sea",)}


@pytest.mark.parametrize("cut", [1, 4, 6, 12])
def test_what_is_whole_of_a_broken_block_is_read(cut: int) -> None:
    block = iim((25, b"sea"), (120, b"Harbour"))
    assert said(block[:-cut]) == {"subject": ("sea",)}
    assert iptc.clean(block[:-cut]) == block[:-cut]


def test_padding_and_previews_are_dropped() -> None:
    block = iim((120, b"Harbour"))
    assert iptc.clean(block + bytes(12)) == block
    preview = b"\xff\xd8" + bytes(500)
    assert iptc.clean(block + iim((200, b"\0\x0b"), (202, preview))) == block
    assert iptc.clean(b"nonsense") == b""


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_block_is_survived(block: bytes) -> None:
    for data in (block, b"\x1c\x02" + block, b"8BIM\x04\x04" + block):
        iptc.captions(iptc.clean(data))
        for cleaned in (photoshop.clean(data), photoshop.of_tiff(data, block)):
            assert photoshop.clean(cleaned) == cleaned
            photoshop.captions(cleaned)
            photoshop.for_tiff(cleaned)


def test_data_sets_beyond_reason_are_not_looked_at() -> None:
    block = iim(*[(25, b"")] * 10_000, (120, b"Harbour"))
    assert said(block) == {}
    assert iptc.clean(block) == block
    assert photoshop.clean(resource(1, b"") * 5000 + resource(0x0404, IIM)) is None


# --- The envelope ------------------------------------------------------------------------------


IIM = iim((120, b"Harbour"))
DIGEST = hashlib.md5(IIM, usedforsecurity=False).digest()


def test_only_captions_are_kept_of_image_resources() -> None:
    block = (
        resource(0x03ED, bytes(16))  # resolution
        + resource(0x0404, IIM, b"odd")
        + resource(0x0409, bytes(301))  # thumbnail
        + resource(0x040A, b"\x01")
        + resource(0x040B, b"https://archive.example")
        + resource(0x040C, bytes(400))  # thumbnail
        + resource(0x0425, DIGEST)
    )
    kept = photoshop.clean(block)
    assert kept == (
        resource(0x0404, IIM)
        + resource(0x040A, b"\x01")
        + resource(0x040B, b"https://archive.example")
        + resource(0x0425, DIGEST)
    )
    found = photoshop.captions(kept)
    rights = {p.name: values for p, values in found.items() if p.space == XMP_RIGHTS}
    assert rights == {"Marked": ("True",), "WebStatement": ("https://archive.example",)}
    assert photoshop.clean(resource(0x0409, bytes(300)) + resource(0x0425, DIGEST)) is None


def test_the_digest_follows_only_if_it_was_right() -> None:
    with_preview = IIM + iim((202, bytes(99)))
    digest = hashlib.md5(with_preview, usedforsecurity=False).digest()
    right = photoshop.clean(resource(0x0404, with_preview) + resource(0x0425, digest))
    assert right == resource(0x0404, IIM) + resource(0x0425, DIGEST)
    assert not photoshop.is_newer_than_xmp(right)
    wrong = photoshop.clean(resource(0x0404, with_preview) + resource(0x0425, bytes(16)))
    assert wrong == resource(0x0404, IIM) + resource(0x0425, bytes(16))
    assert photoshop.is_newer_than_xmp(wrong)
    assert not photoshop.is_newer_than_xmp(resource(0x0404, IIM))


def test_the_two_tags_of_tiff() -> None:
    whole = resource(0x0404, IIM) + resource(0x0425, DIGEST)
    assert photoshop.for_tiff(whole) == (IIM, resource(0x0425, DIGEST))
    assert photoshop.of_tiff(IIM + bytes(3), resource(0x0425, DIGEST)) == whole
    assert photoshop.of_tiff(None, whole) == whole
    assert photoshop.of_tiff(None, None) is None
    padded = IIM + bytes(-len(IIM) % 4)
    swapped = b"".join(padded[i : i + 4][::-1] for i in range(0, len(padded), 4))
    assert photoshop.of_tiff(swapped, None) == resource(0x0404, IIM)
