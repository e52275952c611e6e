"""Text chunks of PNG."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from colorizer.photo import Metadata, Photo, png_text, read, write
from colorizer.photo.namespaces import PNG
from colorizer.photo.png_text import Text

from .pictures import chunk, iim, noise, png, resource, saved, with_chunks


def texts(*chunks: bytes) -> tuple[Text, ...]:
    return read(with_chunks(png(noise()), *chunks)).metadata.texts


def written(photo: Photo) -> PngImagePlugin.PngImageFile:
    buffer = io.BytesIO()
    write(photo, buffer, format="png")
    image = Image.open(buffer)
    assert isinstance(image, PngImagePlugin.PngImageFile)
    image.load()  # also what stands behind the picture
    return image


def test_every_kind_of_chunk_is_read() -> None:
    packed = zlib.compress("Größe".encode("latin-1"))
    assert texts(
        chunk(b"tEXt", b"Title\0Gr\xf6\xdfe"),
        chunk(b"tEXt", b"Author\0" + "Größe".encode()),  # against the rule
        chunk(b"zTXt", b"Source\0\0" + packed),
        chunk(b"iTXt", b"Description\0\0\0de\0Beschreibung\0" + "Größe".encode()),
        chunk(b"iTXt", b"Warning\0\x01\0\0\0" + zlib.compress("Größe".encode())),
    ) == (
        Text("Title", "Größe"),
        Text("Author", "Größe"),
        Text("Source", "Größe"),
        Text("Description", "Größe", "de", "Beschreibung"),
        Text("Warning", "Größe"),
    )


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"tEXt", b"no end"),
        chunk(b"tEXt", b"\0no keyword"),
        chunk(b"zTXt", b"Title\0\0nonsense"),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(17 << 20))),
        chunk(b"iTXt", b"Title\0\0"),
        chunk(b"iTXt", b"Title\0\x01\0\0\0nonsense"),
    ],
)
def test_broken_chunks_are_left_out(broken: bytes) -> None:
    whole = chunk(b"tEXt", b"Author\0A. Foto")
    assert texts(broken, whole) == (Text("Author", "A. Foto"),)


def test_all_texts_together_are_limited() -> None:
    bomb = chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(15 << 20)))
    found = texts(*[bomb] * 20)
    assert sum(len(text.text) for text in found) <= 32 << 20
    assert len(texts(*[chunk(b"tEXt", b"Title\0x")] * 1500)) == 1000


def test_chunks_that_cannot_be_unpacked_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    unpack, seen = png_text.inflate, list[memoryview]()

    def inflate(data: memoryview) -> bytes | None:
        seen.append(data)
        return unpack(data)

    monkeypatch.setattr(png_text, "inflate", inflate)
    profile = chunk(b"iCCP", b"p\0\0" + b"broken")
    text = chunk(b"zTXt", b"Title\0\0" + b"broken")
    whole = chunk(b"iTXt", b"Source\0\1\0\0\0" + zlib.compress(b"a"))
    assert texts(profile, *[text] * 6, whole) == (Text("Source", "a"),)
    seen.clear()
    assert texts(*[profile, text] * 20, whole, chunk(b"tEXt", b"Title\0a")) == (Text("Title", "a"),)
    assert len(seen) == 8


def test_the_copy_of_the_orientation_is_left_out() -> None:
    found = texts(
        chunk(b"tEXt", b"exif:Orientation\x006"), chunk(b"tEXt", b"exif:DateTime\x001911")
    )
    assert found == (Text("exif:DateTime", "1911"),)


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(ANY_TEXT, st.sampled_from(["", "de", "pt-BR"]))
def test_any_text_comes_back(text: str, language: str) -> None:
    one = Text("Title", text, language, "Título" if language else "")
    ((kind, body),) = png_text.chunks([one])
    found = png_text.parse(kind, memoryview(body))
    assert found is not None
    assert found.text() == one


def test_pillow_reads_what_is_written() -> None:
    source = (
        Text("Title", "Marktplatz"),
        Text("Description", "Großmutter", "de", "Beschreibung"),
        Text("Inventory no.", "1911/7"),
        Text("Comment", "one"),
    )
    image = written(Photo(noise(), metadata=Metadata(texts=source, comments=("two",))))
    assert image.text["Title"] == "Marktplatz"
    assert image.text["Inventory no."] == "1911/7"
    description = image.text["Description"]
    assert isinstance(description, PngImagePlugin.iTXt)
    assert (description, description.lang) == ("Großmutter", "de")
    assert description.tkey == "Beschreibung"
    data = io.BytesIO()
    write(Photo(noise(), metadata=Metadata(texts=source, comments=("two",))), data, format="png")
    assert png_text.comments(read(data.getvalue()).metadata.texts) == ("one", "two")


def test_keywords_are_named_as_in_xmp() -> None:
    found = png_text.captions(
        [
            Text("Title", "Marktplatz"),
            Text("Title", "Platz", "de"),
            Text("Creation Time", "Sat, 06 May 1911 10:00:00 +0100"),
            Text("Creation Time", "1911-05-07"),
            Text("Inventory no.", "1911/7"),
            Text("exif:Make", "Kodak"),
            Text("Comment", "a remark"),
            Text("Author", "  "),
            Text("°", "no name is left"),
        ]
    )
    assert {prop.name: values for prop, values in found.items()} == {
        "title": ("Marktplatz\nPlatz",),
        "DateCreated": ("1911-05-06T10:00:00+01:00",),
        "Inventoryno": ("1911/7",),
    }
    assert {prop.space for prop in found if prop.name == "Inventoryno"} == {PNG}


@pytest.mark.parametrize(
    ("time", "name"),
    [
        ("1911", "DateCreated"),
        ("1911-05-06", "DateCreated"),
        ("in May", "CreationTime"),
        ("Sat, 06 May 1911 99999999999:00:00", "CreationTime"),
        ("Sat, 06 May 1911 10:00:00 +99999999999999999999", "CreationTime"),
    ],
)
def test_dates(time: str, name: str) -> None:
    (prop,) = png_text.captions([Text("Creation Time", time)])
    assert prop.name == name


@pytest.mark.parametrize("name", [b"iptc", b"8bim"])
@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("kind", [b"zTXt", b"tEXt"])
def test_raw_profiles_with_iptc_are_read(name: bytes, bare: bool, kind: bytes) -> None:
    block = iim((120, b"Harbour"))
    data = (block if bare else resource(0x0404, block)).hex().encode()
    text = b"\n%s\n%8d\n%s\n%s\n" % (name, len(data) // 2, data[:72], data[72:])
    body = b"Raw profile type " + name + b"\0"
    body += b"\0" + zlib.compress(text) if kind == b"zTXt" else text
    photo = read(with_chunks(png(noise()), chunk(kind, body)))
    assert photo.metadata.photoshop == resource(0x0404, block)
    assert photo.metadata.texts == ()


def test_a_raw_profile_is_written_as_others_do() -> None:
    block = resource(0x0404, iim((120, b"x" * 99)))
    text = written(Photo(noise(), metadata=Metadata(photoshop=block))).text["Raw profile type iptc"]
    name, length, *digits = text.strip().split("\n")
    assert (name, int(length)) == ("iptc", len(block))
    assert {len(line) for line in digits[:-1]} == {72}
    assert bytes.fromhex("".join(digits)) == block


def test_texts_behind_the_picture_are_read() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Marktplatz", zip=True)
    data = saved(np.zeros((4, 4), np.uint8), "PNG", pnginfo=info)
    body = chunk(b"tEXt", b"Author\0A. Foto")
    photo = read(data[:-12] + body + data[-12:])
    assert photo.metadata.texts == (Text("Title", "Marktplatz"), Text("Author", "A. Foto"))


def test_two_texts_of_one_keyword_are_both_kept_in_other_formats() -> None:
    photo = read(
        with_chunks(
            png(noise()),
            chunk(b"iTXt", b"Title\0\0\0\0\0English title"),
            chunk(b"iTXt", b"Title\0\0\0de\0\0Deutscher Titel"),
            chunk(b"tEXt", b"Note\0first"),
            chunk(b"tEXt", b"Note\0second"),
            chunk(b"tEXt", b"Note\0first"),
        )
    )
    for format in ("jpeg", "webp", "tiff"):
        buffer = io.BytesIO()
        write(photo, buffer, format=format)
        packet = read(buffer.getvalue()).metadata.xmp or b""
        assert b"English title\nDeutscher Titel" in packet
        assert b"first\nsecond<" in packet
