"""Captions: kept word for word where a format has their container, found in another where not.

Results are read back by Pillow and tifffile.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, IptcImagePlugin

from colorizer.photo import WRITABLE_FORMATS, Photo, Provenance, rdf, read, write
from colorizer.photo.properties import (
    COMMENT,
    CREATOR,
    DESCRIPTION,
    RIGHTS,
    SUBJECT,
    TITLE,
    Property,
)

from .pictures import (
    SHARED,
    chunk,
    iim,
    png,
    resource,
    saved,
    segment,
    smooth,
    tiff,
    with_chunks,
    with_segments,
    xmp,
)

NOTE = Provenance("eccv16-vgg16", "ab" * 32, {"temperature": 0.38}, "0.1.0")
USER_COMMENT = 0x9286
IIM = iim(
    (90, b"\x1b%G"),
    (5, b"Harbour"),
    (25, b"sea"),
    (25, b"ship"),
    (80, b"A. Foto"),
    (80, b"B. Foto"),
    (116, "© Archive".encode()),
    (120, "Großmutter am Hafen".encode()),
)
FIELDS = {
    (2, 5): b"Harbour",
    (2, 25): [b"sea", b"ship"],
    (2, 80): [b"A. Foto", b"B. Foto"],
    (2, 116): "© Archive".encode(),
    (2, 120): "Großmutter am Hafen".encode(),
}


class Result:
    """A result, as readers other than ours see it."""

    def __init__(self, photo: Photo, format: str, **options: Any) -> None:
        buffer = io.BytesIO()
        write(photo, buffer, format=format, provenance=NOTE, **options)
        self.data = buffer.getvalue()
        self.image = Image.open(buffer)
        self.image.load()
        self.info = self.image.info
        exif = self.image.getexif()
        self.exif = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
        self.document = rdf.parse(read(self.data).metadata.xmp)

    def xmp(self, prop: Property) -> tuple[str, ...]:
        return rdf.values(self.document, prop)

    def iptc(self) -> dict[tuple[int, int], bytes | list[bytes]]:
        if self.image.format == "PNG":
            digits = "".join(self.info["Raw profile type iptc"].split("\n")[3:])
            jpeg = saved(smooth(), "JPEG")
            body = b"Photoshop 3.0\0" + bytes.fromhex(digits)
            image = Image.open(io.BytesIO(with_segments(jpeg, segment(0xED, body))))
            return pillow_iptc(image)
        return pillow_iptc(self.image)

    def user_comment(self) -> str:
        value = bytes(self.exif.get(USER_COMMENT, b""))
        coding = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-le"}
        return value[8:].decode(coding[value[:8]]) if value else ""


def pillow_iptc(image: Any) -> dict[tuple[int, int], bytes | list[bytes]]:
    return IptcImagePlugin.getiptcinfo(image) or {}


def with_iptc(block: bytes = IIM, *more: bytes, **options: Any) -> bytes:
    body = b"Photoshop 3.0\0" + resource(0x0404, block) + b"".join(more)
    return with_segments(saved(smooth(), "JPEG", **options), segment(0xED, body))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_iptc_goes_from_every_format_to_every_format(kind: str, target: str) -> None:
    body = resource(0x0404, IIM).hex()
    source = {
        "JPEG": with_iptc(),
        "TIFF": tiff(smooth(), extratags=[(33723, 7, len(IIM), IIM, True)]),
        "PNG": with_chunks(
            png(smooth()),
            chunk(b"tEXt", f"Raw profile type iptc\0\niptc\n{len(body) // 2:8}\n{body}\n".encode()),
        ),
    }[kind]
    result = Result(read(source), target)
    if target != "webp":
        assert {key: value for key, value in result.iptc().items() if key in FIELDS} == FIELDS
    assert result.xmp(TITLE) == ("Harbour",)
    assert result.xmp(DESCRIPTION) == ("Großmutter am Hafen",)
    assert result.xmp(CREATOR) == ("A. Foto", "B. Foto")
    assert result.xmp(RIGHTS) == ("© Archive",)
    assert result.xmp(SUBJECT) == ("sea", "ship")
    found = [result.exif[tag].encode("latin-1").decode() for tag in (270, 315, 33432)]
    assert found == ["Großmutter am Hafen", "A. Foto; B. Foto", "© Archive"]
    if target == "png":
        assert result.info["Description"] == "Großmutter am Hafen"
        assert result.info["Author"] == "A. Foto; B. Foto"


def test_iptc_is_not_made_where_there_was_none() -> None:
    block = Image.Exif()
    block[270] = "Grandmother"
    photo = read(saved(smooth(), "JPEG", exif=block))
    assert Result(photo, "jpeg").iptc() == {}
    assert Result(photo, "tiff").iptc() == {}


def test_iptc_of_several_segments_is_one() -> None:
    whole = b"Photoshop 3.0\0" + resource(0x0404, iim((120, b"x" * 32_000), (122, b"y" * 32_000)))
    parts = [whole[:40_000], b"Photoshop 3.0\0" + whole[40_000:]]
    data = with_segments(saved(smooth(), "JPEG"), *(segment(0xED, part) for part in parts))
    assert Result(read(data), "tiff").iptc()[2, 122] == b"y" * 32_000
    long = iim(*((25, bytes([65 + i]) * 30_000) for i in range(4)))
    large = tiff(smooth(), extratags=[(33723, 7, len(long), long, True)])
    photo = read(Result(read(large), "jpeg").data)
    assert photo.metadata.photoshop == resource(0x0404, long)


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_text_of_png_goes_to_every_format(target: str) -> None:
    data = with_chunks(
        png(smooth()),
        chunk(b"tEXt", b"Title\0Harbour"),
        chunk(b"tEXt", b"Author\0A. Foto"),
        chunk(b"iTXt", b"Description\0\0\0de\0\0" + "Großmutter".encode()),
        chunk(b"tEXt", b"Copyright\0\xa9 Archive"),
        chunk(b"tEXt", b"Disclaimer\0for study"),
        chunk(b"tEXt", b"Comment\0a remark"),
    )
    result = Result(read(data), target)
    assert result.xmp(TITLE) == ("Harbour",)
    assert result.xmp(CREATOR) == ("A. Foto",)
    assert result.xmp(DESCRIPTION) == ("Großmutter",)
    assert result.xmp(RIGHTS) == ("© Archive",)
    assert rdf.get(result.document, "http://ns.adobe.com/xap/1.0/rights/", "UsageTerms")
    found = [result.exif[tag].encode("latin-1").decode() for tag in (270, 315, 33432)]
    assert found == ["Großmutter", "A. Foto", "© Archive"]
    if target == "png":
        names = ("Title", "Author", "Description", "Copyright", "Disclaimer", "Comment")
        assert [result.info[name] for name in names] == [
            "Harbour", "A. Foto", "Großmutter", "© Archive", "for study", "a remark",
        ]  # fmt: skip
        assert result.info["Description"].lang == "de"


@pytest.mark.parametrize("remark", ["A remark", "Eine Bemerkung für später"])
@pytest.mark.parametrize("kind", ["JPEG", "GIF", "PNG"])
@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_comments_go_to_every_format(kind: str, target: str, remark: str) -> None:
    if kind == "PNG":
        body = b"Comment\0\0\0\0\0" + remark.encode()
        data = with_chunks(png(smooth()), chunk(b"iTXt", body))
    else:
        data = saved(smooth(), kind, comment=remark.encode())
    result = Result(read(data), target)
    if target == "jpeg":
        assert result.info["comment"] == remark.encode()
    elif target == "png":
        assert result.info["Comment"] == remark
    else:
        assert result.user_comment() == remark
        assert result.xmp(COMMENT) == (remark,)
    if target in ("jpeg", "png"):
        assert USER_COMMENT not in result.exif


def test_several_and_long_comments() -> None:
    long = "ß" * 60_000
    comments = [
        segment(0xFE, text) for text in (b"one\0", b"t\xfcwo", b" ", long[:30_000].encode())
    ]
    photo = read(with_segments(saved(smooth(), "JPEG"), *comments))
    assert photo.metadata.comments == ("one", "tüwo", long[:30_000])
    assert Result(photo, "webp").user_comment() == f"one\ntüwo\n{long[:30_000]}"
    data = with_chunks(png(smooth()), chunk(b"iTXt", b"Comment\0\0\0\0\0" + long.encode()))
    parts = read(Result(read(data), "jpeg").data).metadata.comments
    assert len(parts) == 2
    assert "".join(parts) == long


def test_comments_beyond_reason_are_not_kept() -> None:
    data = with_segments(saved(smooth(), "JPEG"), *[segment(0xFE, b"x")] * 200)
    assert read(data).metadata.comments == ("x",) * 100


def test_a_comment_does_not_displace_one_in_exif() -> None:
    block = Image.Exif()
    block.get_ifd(ExifTags.IFD.Exif)[USER_COMMENT] = b"ASCII\0\0\0the first"
    photo = read(saved(smooth(), "JPEG", exif=block, comment=b"the second"))
    result = Result(photo, "tiff")
    assert result.user_comment() == "the first"
    assert result.xmp(COMMENT) == ("the second",)
    block.get_ifd(ExifTags.IFD.Exif)[USER_COMMENT] = b"ASCII\0\0\0" + bytes(20)
    photo = read(saved(smooth(), "JPEG", exif=block, comment=b"the second"))
    assert Result(photo, "tiff").user_comment() == "the second"


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_containers_that_disagree_keep_their_own(target: str) -> None:
    block = Image.Exif()
    block[270] = "of EXIF"
    description = "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>of XMP</rdf:li></rdf:Alt>"
    packet = xmp("", f"{description}</dc:description>")
    data = with_iptc(iim((120, b"of IPTC")), exif=block, xmp=packet, comment=b"of JPEG")
    result = Result(read(data), target)
    assert result.exif[270] == "of EXIF"
    assert result.xmp(DESCRIPTION) == ("of XMP",)
    if target != "webp":
        assert result.iptc()[2, 120] == b"of IPTC"
    if target == "png":
        assert result.info["Description"] == "of EXIF"


@pytest.mark.parametrize(("digest_of", "winner"), [(b"of IPTC", "of XMP"), (b"", "of IPTC")])
def test_iptc_changed_after_the_xmp_is_believed(digest_of: bytes, winner: str) -> None:
    block = iim((120, b"of IPTC"))
    known = iim((120, digest_of)) if digest_of else b"what it was before"
    digest = resource(0x0425, hashlib.md5(known, usedforsecurity=False).digest())
    packet = xmp("", "<dc:description><rdf:Alt><rdf:li>of XMP</rdf:li></rdf:Alt></dc:description>")
    result = Result(read(with_iptc(block, digest, xmp=packet)), "jpeg")
    assert result.exif[270] == winner
    assert result.xmp(DESCRIPTION) == ("of XMP",)
    assert digest in result.data  # so that the next reader finds the same


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_exif_and_xmp_complete_each_other(target: str) -> None:
    block = Image.Exif()
    block[315] = b"A. Foto; J\xf6rg"  # Latin-1, as many programs write it
    block[33432] = "Photographer\0Editor"
    creator = "<dc:description><rdf:Alt><rdf:li xml:lang='de'>Hafen</rdf:li>"
    creator += "<rdf:li xml:lang='x-default'>Harbour</rdf:li></rdf:Alt></dc:description>"
    result = Result(read(saved(smooth(), "JPEG", exif=block, xmp=xmp("", creator))), target)
    assert result.exif[270] == "Harbour"
    assert result.xmp(CREATOR) == ("A. Foto", "Jörg")
    assert result.xmp(RIGHTS) == ("Photographer; Editor",)
    assert result.exif[315] == "A. Foto; Jörg"
    assert result.exif[33432].split("\0") == ["Photographer", "Editor"]


def test_how_samples_lay_is_no_caption() -> None:
    for description in (
        '{"shape": [32, 48, 3]}',
        "ImageJ=1.53t\nimages=1\n",
        '<?xml version="1.0"?>',
    ):
        photo = read(tiff(smooth(), description=description))
        result = Result(photo, "tiff")
        assert 270 not in result.exif
        assert result.xmp(DESCRIPTION) == ()


def test_nothing_is_made_up() -> None:
    buffer = io.BytesIO()
    write(read(saved(smooth(), "JPEG")), buffer, format="png")
    assert set(Image.open(buffer).info) <= {"icc_profile"}


# --- Files from the field ----------------------------------------------------------------------


@pytest.fixture
def field(shared: Path) -> Path:
    folder = SHARED / "data" / "field"
    if not folder.is_dir():
        pytest.skip("the files from the field are not here")
    return folder


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_files_from_the_field_keep_their_captions(field: Path, target: str) -> None:
    text = Result(read(field / "p32_text.png"), target)
    captions = (TITLE, CREATOR, DESCRIPTION, RIGHTS)
    values = ["Marktplatz", "A. Foto", "Großmutter", "(c) Archive"]
    assert [text.xmp(prop)[0] for prop in captions] == values
    if target == "png":
        names = ("Title", "Author", "Description", "Copyright")
        assert [text.info[name] for name in names] == values
    caption = Result(read(field / "a15_desc_exif.jpg"), target)
    assert caption.exif[270] == "Grandmother 1911"
    assert caption.exif[33432] == "(c) Archive"
    assert caption.xmp(DESCRIPTION) == ("Grandmother 1911",)
    extended = Result(read(field / "a17_xmp_extended.jpg"), target)
    assert extended.xmp(DESCRIPTION) == ("Caption in XMP",)
    assert sum(map(len, extended.xmp(SUBJECT))) > 65_536
    newspaper = Result(read(field / "j25_iptc_com.jpg"), target)
    assert newspaper.xmp(DESCRIPTION) == ("IPTCcaption",)
    assert newspaper.xmp(SUBJECT) == ("keyword",)
    assert newspaper.exif[270] == "IPTCcaption"
    if target == "jpeg":
        assert newspaper.info["comment"] == b"A comment"
    if target != "webp":
        assert newspaper.iptc() == {(2, 120): b"IPTCcaption", (2, 25): b"keyword"}
    archive = Result(read(field / "t65_meta.tif"), target)
    assert archive.exif[270].rstrip("\0").encode("latin-1").decode() == "Großmutter, Erfurt 1911"
    assert (archive.exif[315], archive.exif[33432]) == ("A. Foto", "(c) Archive")
    assert archive.xmp(DESCRIPTION) == ("IPTCcaption",)
    assert archive.exif[282] == 600
    if target != "webp":
        assert archive.iptc() == {(2, 120): b"IPTCcaption", (2, 25): b"keyword"}


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_a_file_from_the_field_keeps_its_resolution(field: Path, target: str) -> None:
    result = Result(read(field / "a40_dpi_conflict.jpg"), target)
    assert (result.exif[282], result.exif[283], result.exif[296]) == (600, 600, 2)
    if target != "webp":
        assert result.info["dpi"] == pytest.approx((600, 600), rel=1e-3)
