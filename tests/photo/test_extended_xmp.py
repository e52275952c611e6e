"""XMP of a JPEG in two parts."""

from __future__ import annotations

import hashlib
import io
import struct

import pytest
from PIL import Image

from colorizer.photo import Metadata, Photo, extended_xmp, rdf, read, write
from colorizer.photo.namespaces import DC, RDF, XMP, XMP_NOTE
from colorizer.photo.properties import DESCRIPTION, RIGHTS, SUBJECT, TITLE

from .pictures import noise, saved, segment, smooth, with_segments, xmp

PACKET = b"http://ns.adobe.com/xap/1.0/\0"
PART = b"http://ns.adobe.com/xmp/extension/\0"
LONG = "x" * 70_000


def listed(name: str, form: str, *items: str) -> str:
    inside = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<dc:{name}><rdf:{form}>{inside}</rdf:{form}></dc:{name}>"


MAIN = listed("subject", "Bag", "sea") + listed("title", "Alt", "Harbour")
SECOND = (
    listed("subject", "Bag", "sea", "ship")
    + listed("title", "Alt", "Another")
    + listed("rights", "Alt", LONG)
)


def two_parts(
    main: str, second: str, *, leave_out: int | None = None, size_off: int = 0, order: int = 1
) -> bytes:
    """A JPEG as Adobe's programs write it; tests damage it by the options."""
    whole = xmp('xmp:Rating="5" xmp:Label="second"', second)
    guid = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()
    pointer = f'xmlns:xmpNote="{XMP_NOTE}" xmpNote:HasExtendedXMP="{guid}" xmp:Label="main"'
    parts = [
        PART
        + guid.encode()
        + struct.pack(">II", len(whole) + size_off, at)
        + whole[at : at + 40_000]
        for at in range(0, len(whole), 40_000)
    ]
    segments = [segment(0xE1, part) for i, part in enumerate(parts) if i != leave_out][::order]
    head = segment(0xE1, PACKET + xmp(pointer, main))
    return with_segments(saved(smooth(), "JPEG"), head, *segments)


@pytest.mark.parametrize("order", [1, -1])
def test_both_parts_become_one(order: int) -> None:
    packet = read(two_parts(MAIN, SECOND, order=order)).metadata.xmp
    document = rdf.parse(packet)
    assert rdf.values(document, SUBJECT) == ("sea", "ship")  # united
    assert rdf.values(document, TITLE) == ("Harbour",)  # the first part is right
    assert rdf.values(document, RIGHTS) == (LONG,)
    assert rdf.get(document, XMP, "Rating") == "5"
    assert rdf.get(document, XMP, "Label") == "main"
    assert rdf.get(document, XMP_NOTE, "HasExtendedXMP") is None
    assert packet is not None
    assert packet.count(b"Label=") == 1


@pytest.mark.parametrize("damage", [{"leave_out": 0}, {"leave_out": 1}, {"size_off": 1}])
def test_of_a_damaged_second_part_only_the_pointer_is_dropped(damage: dict[str, int]) -> None:
    document = rdf.parse(read(two_parts(MAIN, SECOND, **damage)).metadata.xmp)
    assert rdf.values(document, TITLE) == ("Harbour",)
    assert rdf.values(document, RIGHTS) == ()
    assert rdf.get(document, XMP_NOTE, "HasExtendedXMP") is None


def test_entities_in_the_second_part_are_refused() -> None:
    whole = b'<!DOCTYPE x [<!ENTITY e "big">]>' + xmp("", listed("rights", "Alt", "&e;"))[60:]
    guid = b"A" * 32
    main = xmp(f'xmlns:n="{XMP_NOTE}" n:HasExtendedXMP="{guid.decode()}"', MAIN)
    packet = extended_xmp.merged(main, [guid + struct.pack(">II", len(whole), 0) + whole])
    assert packet == main


def test_a_second_part_that_claims_to_be_huge_costs_nothing() -> None:
    guid = b"A" * 32
    main = xmp(f'xmlns:n="{XMP_NOTE}" n:HasExtendedXMP="{guid.decode()}"', MAIN)
    body = guid + struct.pack(">II", 0xFFFFFFFF, 0) + b"<x/>"
    assert extended_xmp.merged(main, [body]) == main


def test_what_is_too_large_is_written_in_two_parts() -> None:
    large = xmp('xmp:Rating="5"', MAIN + listed("rights", "Alt", LONG + "ß" * 70_000))
    buffer = io.BytesIO()
    write(Photo(noise(), metadata=Metadata(xmp=large)), buffer, format="jpeg")
    image = Image.open(buffer)
    bodies = [body for name, body in image.applist if name == "APP1"]  # type: ignore[attr-defined]
    (main,) = (body[len(PACKET) :] for body in bodies if body.startswith(PACKET))
    parts = [body[len(PART) :] for body in bodies if body.startswith(PART)]
    guid = rdf.get(rdf.parse(main), XMP_NOTE, "HasExtendedXMP")
    assert rdf.values(rdf.parse(main), TITLE) == ("Harbour",)
    whole = b"".join(part[40:] for part in parts)
    assert len(parts) == 4
    assert guid == hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()
    places = [struct.unpack(">II", part[32:40]) for part in parts]
    assert [size for size, _ in places] == [len(whole)] * 4
    assert [at for _, at in places] == [0, 65_400, 130_800, 196_200]
    assert rdf.values(rdf.parse(whole), RIGHTS) == (LONG + "ß" * 70_000,)
    again = rdf.parse(read(buffer.getvalue()).metadata.xmp)
    assert rdf.values(again, RIGHTS) == (LONG + "ß" * 70_000,)
    assert rdf.get(again, XMP, "Rating") == "5"


def test_large_attributes_are_moved_as_well() -> None:
    first, second = extended_xmp.split(xmp(f'dc:source="{LONG}" dc:format="image/jpeg"'), 65_000)
    assert len(first) <= 65_000
    assert rdf.get(rdf.parse(second), DC, "source") == LONG
    assert rdf.get(rdf.parse(first), DC, "format") == "image/jpeg"


def test_what_fits_is_left_alone() -> None:
    packet = xmp("", MAIN)
    assert extended_xmp.split(packet, 65_000) == (packet, None)


def test_both_parts_are_about_the_same() -> None:
    second = xmp("", MAIN.replace("title", "type")).replace(b'rdf:about=""', b'about="other"')
    guid = b"A" * 32
    main = xmp(f'xmlns:n="{XMP_NOTE}" n:HasExtendedXMP="{guid.decode()}"', MAIN)
    main = main.replace(b'rdf:about=""', b'rdf:about="uuid:1"')
    merged = extended_xmp.merged(main, [guid + struct.pack(">II", len(second), 0) + second])
    found = rdf.descriptions(rdf.parse(merged))
    assert [d.getAttributeNS(RDF, "about") for d in found] == ["uuid:1", "uuid:1"]
    assert not found[1].hasAttribute("about")


def test_prefixes_declared_outside_come_along() -> None:
    space = "http://example.org/ns/"
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:my="{space}">'
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<r:Description r:about=''><my:field><my:part>{LONG}</my:part></my:field></r:Description>"
        "</r:RDF></x:xmpmeta>"
    ).encode()
    first, second = extended_xmp.split(packet, 65_000)
    assert len(first) < 1000
    assert rdf.get(rdf.parse(second), space, "field") == LONG
    assert second is not None
    bodies = [body[len(PART) :] for body in extended_xmp.segments(second)]
    merged = extended_xmp.merged(first, bodies)
    assert rdf.get(rdf.parse(merged), space, "field") == LONG


def test_the_captions_of_the_shared_file(shared: object) -> None:
    from .pictures import SHARED

    packet = read(SHARED / "data" / "field" / "a17_xmp_extended.jpg").metadata.xmp
    document = rdf.parse(packet)
    assert rdf.values(document, DESCRIPTION) == ("Caption in XMP",)
    assert rdf.values(document, SUBJECT)[0] == "harbour"
    assert len(rdf.values(document, SUBJECT)[1]) > 65_536
