"""Metadata without what is private: nothing of it in the bytes of any result."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from colorizer.photo import WRITABLE_FORMATS, Metadata, Photo, ifd, private, rdf, read, write
from colorizer.photo.namespaces import DC
from colorizer.photo.png_text import Text
from colorizer.photo.properties import DESCRIPTION

from .pictures import (
    chunk,
    iim,
    noise,
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

SECRETS = [b"SERIAL-4711", b"LENS-0815", b"OWNER-Anna", b"MAKER-NOTE", b"HOST-anna", b"50,58.7N"]
KEPT = [b"Grandmother", b"A. Foto", b"Archive", b"Brownie"]
EXIF_EX, AUX, DRONE, GOOGLE = (
    "http://cipa.jp/exif/1.0/",
    "http://ns.adobe.com/exif/1.0/aux/",
    "http://www.dji.com/drone-dji/1.0/",
    "http://ns.google.com/photos/1.0/image/",
)
PACKET = xmp(
    f'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="50,58.7N" xmlns:aux="{AUX}"'
    f' aux:SerialNumber="SERIAL-4711" aux:OwnerName="OWNER-Anna" xmlns:exifEX="{EXIF_EX}"'
    f' xmlns:drone-dji="{DRONE}" drone-dji:GpsLongtitude="50,58.7N" xmp:CreatorTool="Brownie"'
    f' xmlns:GImage="{GOOGLE}" GImage:Data="MAKER-NOTE" dc:format="Archive"',
    "<dc:description><rdf:Alt><rdf:li>Grandmother</rdf:li></rdf:Alt></dc:description>"
    "<dc:creator><rdf:Seq><rdf:li>A. Foto</rdf:li></rdf:Seq></dc:creator>"
    "<exifEX:BodySerialNumber>SERIAL-4711</exifEX:BodySerialNumber>"
    "<exifEX:LensSerialNumber>LENS-0815</exifEX:LensSerialNumber>"
    "<exifEX:CameraOwnerName>OWNER-Anna</exifEX:CameraOwnerName>"
    "<Iptc4xmpExt:LocationCreated xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>"
    "<rdf:Bag><rdf:li exif:GPSLongitude='50,58.7N'><Iptc4xmpExt:City>Erfurt</Iptc4xmpExt:City>"
    "<exif:GPSAltitude>50,58.7N</exif:GPSAltitude></rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>",
)


def full_exif() -> bytes:
    block = Image.Exif()
    block[270], block[315], block[33432], block[0x0110] = (
        "Grandmother",
        "A. Foto",
        "Archive",
        "Brownie",
    )
    block[316], block[0xC62F] = "HOST-anna", "SERIAL-4711"
    block[34737] = "50,58.7N"  # GeoTIFF
    details = block.get_ifd(ExifTags.IFD.Exif)
    details[0x9003] = "1911:05:06 10:00:00"
    details[0xA430], details[0xA431], details[0xA435] = "OWNER-Anna", "SERIAL-4711", "LENS-0815"
    details[0x927C] = b"MAKER-NOTE"
    place = block.get_ifd(ExifTags.IFD.GPSInfo)
    place[1], place[2], place[0x1B] = "N", (50.0, 58.7, 0.0), b"50,58.7N"
    return block.tobytes()


def source(kind: str) -> bytes:
    block = full_exif()
    if kind == "JPEG":
        fields = iim((120, b"Grandmother"), (90, b"Erfurt"), (202, b"MAKER-NOTE" + bytes(99)))
        resources = resource(0x0404, fields) + resource(0x040C, b"MAKER-NOTE")
        data = saved(smooth(), "JPEG", exif=block, xmp=PACKET)
        return with_segments(data, segment(0xED, b"Photoshop 3.0\0" + resources))
    if kind == "PNG":
        return with_chunks(
            png(smooth()),
            chunk(b"eXIf", block[6:]),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET),
            chunk(b"tEXt", b"exif:GPSLatitude\x0050,58.7N"),
            chunk(b"tEXt", b"exif:BodySerialNumber\0SERIAL-4711"),
            chunk(b"tEXt", b"Thumb::URI\0file:///home/OWNER-Anna/a.jpg"),
            chunk(b"tEXt", b"Title\0Archive"),
        )
    if kind == "TIFF":
        exif = Image.Exif()
        exif.load(block)
        exif[700] = PACKET
        return saved(smooth(), kind, exif=exif)
    return saved(smooth(), kind, exif=block, xmp=PACKET)


def inside(data: bytes) -> bytes:
    """All metadata of a result, unpacked."""
    photo = read(data).metadata
    texts = "".join(text.keyword + text.text for text in photo.texts).encode()
    return (photo.exif or b"") + (photo.xmp or b"") + (photo.photoshop or b"") + texts + data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_private_data_are_left_out_if_asked_for(kind: str, target: str) -> None:
    photo = read(source(kind))
    results = []
    for strip in (False, True):
        buffer = io.BytesIO()
        write(photo, buffer, format=target, strip_private=strip)
        results.append(buffer.getvalue())
    whole, stripped = results
    assert [secret for secret in SECRETS if secret not in inside(whole)] == []
    assert [secret for secret in SECRETS if secret in inside(stripped)] == []
    assert [text for text in KEPT if text not in inside(stripped)] == []
    image = Image.open(io.BytesIO(stripped))
    exif = image.getexif()
    assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {}
    details = exif.get_ifd(ExifTags.IFD.Exif)
    assert details[0x9003] == "1911:05:06 10:00:00"
    assert not {0x927C, 0xA430, 0xA431, 0xA435} & details.keys()
    assert exif[0x0110] == "Brownie"
    document = rdf.parse(read(stripped).metadata.xmp)
    assert rdf.values(document, DESCRIPTION) == ("Grandmother",)
    assert rdf.get(document, "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "LocationCreated") == (
        "Erfurt"
    )
    if kind == "JPEG" and target != "webp":
        assert b"Erfurt" in (read(stripped).metadata.photoshop or b"")


@pytest.mark.parametrize("endian", ["<", ">"])
def test_owner_and_serial_number_of_raw_converters(endian: str) -> None:
    directory = ifd.Directory(endian)
    directory.main = {271: ifd.Entry(2, 6, b"Kodak\0"), 0xC634: ifd.Entry(1, 9, b"x" * 9)}
    directory.exif = {
        0xFDE8: ifd.Entry(2, 5, b"Anna\0"),
        0xFDE9: ifd.Entry(2, 5, b"4711\0"),
        0xA434: ifd.Entry(2, 5, b"Lens\0"),
    }
    found = private.without(Metadata(exif=ifd.write(directory))).exif
    assert found is not None
    assert b"Kodak" in found
    assert b"Lens" in found
    assert b"Anna" not in found
    assert b"4711" not in found
    assert b"xxx" not in found


def test_nothing_left_is_nothing() -> None:
    directory = ifd.Directory()
    directory.gps = {1: ifd.Entry(2, 2, b"N\0")}
    assert private.without(Metadata(exif=ifd.write(directory))) == Metadata()


def test_what_holds_nothing_private_is_left_alone() -> None:
    packet = xmp('xmp:Rating="5"', "<dc:title>Harbour</dc:title>")
    directory = ifd.Directory()
    directory.main = {271: ifd.Entry(2, 6, b"Kodak\0")}
    whole = Metadata(
        ifd.write(directory), packet, (300.0, 300.0), "PNG", resource(0x0404, iim((120, b"x"))),
        (Text("Title", "Harbour"),), ("a remark",),
    )  # fmt: skip
    assert private.without(whole) == whole


def test_broken_metadata_are_dropped() -> None:
    assert private.without(Metadata(exif=b"broken", xmp=b"<broken")) == Metadata()


def test_a_photograph_is_not_changed(tmp_path: Path) -> None:
    metadata: Any = read(source("JPEG")).metadata
    photo = Photo(noise(), metadata=metadata)
    write(photo, tmp_path / "a.png", strip_private=True)
    assert photo.metadata == metadata


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_thumbnails_are_never_kept(target: str) -> None:
    """They show the photograph without its colours; not even with a switch."""
    thumbnail = b"\xff\xd8THUMBNAIL\xff\xd9"
    second = struct.pack("<HHHII", 2, 0x0201, 4, 1, 44) + struct.pack("<HHIII", 0x0202, 4, 1, 13, 0)
    first = struct.pack("<HHHI4sI", 1, 271, 2, 4, b"Abc\0", 26)
    block = b"Exif\0\0II*\0\x08\0\0\0" + first + second[:18] + thumbnail
    fields = iim((120, b"Grandmother"), (202, thumbnail))
    resources = resource(0x0404, fields) + resource(0x040C, bytes(28) + thumbnail)
    packet = xmp("", f"<xmp:Thumbnails>{thumbnail[2:-2].decode()}</xmp:Thumbnails>")
    data = with_segments(
        saved(smooth(), "JPEG", exif=block, xmp=packet),
        segment(0xED, b"Photoshop 3.0\0" + resources),
    )
    assert data.count(b"THUMBNAIL") == 4
    photo = read(data)
    buffer = io.BytesIO()
    write(photo, buffer, format=target)
    assert b"THUMBNAIL" not in inside(buffer.getvalue())
    assert b"Grandmother" in inside(buffer.getvalue())


def test_geotiff_stays_unless_asked_for() -> None:
    scale = (33550, 12, 3, (1.0, 1.0, 0.0), True)
    photo = read(tiff(smooth(), extratags=[scale]))
    for strip in (False, True):
        buffer = io.BytesIO()
        write(photo, buffer, format="tiff", strip_private=strip)
        assert (33550 in Image.open(buffer).getexif()) is not strip


def test_a_namespace_called_gps_is_no_property() -> None:
    packet = xmp('xmlns:gps="http://example.org/"', "<dc:title>Harbour</dc:title>")
    found = private.without(Metadata(xmp=packet)).xmp
    assert rdf.get(rdf.parse(found), DC, "title") == "Harbour"
    assert found == packet
