"""EXIF and XMP: kept, cleaned, corrected; the note: written, merged, read back."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from colorizer.photo import (
    WRITABLE_FORMATS,
    Metadata,
    Photo,
    Provenance,
    ifd,
    namespaces,
    packets,
    provenance_of,
    rdf,
    read,
    write,
)
from colorizer.photo import exif as exif_block
from colorizer.photo import xmp as xmp_packet

from .pictures import chunk, exif, noise, png, saved, smooth, tiff, with_chunks, xmp

PRINT = "http://cv.iptc.org/newscodes/digitalsourcetype/print"
NOTE = Provenance(
    "eccv16-vgg16", "ab" * 32, {"temperature": 0.38, "name": "Jürgen & <Söhne>"}, "0.1.0"
)


def encoded(photo: Photo, **options: Any) -> bytes:
    buffer = io.BytesIO()
    write(photo, buffer, **options)
    return buffer.getvalue()


def pillow_exif(data: bytes) -> dict[str, dict[int, Any]]:
    image = Image.open(io.BytesIO(data))
    exif = image.getexif()
    return {
        "main": dict(exif),
        "exif": dict(exif.get_ifd(ExifTags.IFD.Exif)),
        "gps": dict(exif.get_ifd(ExifTags.IFD.GPSInfo)),
    }


def full_exif() -> bytes:
    """Orientation, a thumbnail, sizes, a camera, a maker note, a place."""
    block = Image.Exif()
    block[0x010F] = "Kodak"
    block[0x0110] = "Brownie"
    block[0x0112] = 6
    block[0x0132] = "1923:05:01 12:00:00"
    block[0x8298] = "Museum"
    details = block.get_ifd(ExifTags.IFD.Exif)
    details[0x9003] = "1923:05:01 12:00:00"
    details[0xA002], details[0xA003], details[0xA001] = 999, 888, 65535
    details[0x927C] = b"MAKER" * 20
    block.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    block.get_ifd(ExifTags.IFD.GPSInfo)[2] = (48.0, 12.0, 30.0)
    return block.tobytes()


def source(kind: str) -> bytes:
    return saved(smooth(3, 24, 40), kind, exif=full_exif())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_exif_goes_from_every_format_to_every_format(kind: str, target: str) -> None:
    photo = read(source(kind))
    assert (photo.height, photo.width) == (40, 24)  # turned
    found = pillow_exif(encoded(photo, format=target))
    main, details = found["main"], found["exif"]
    assert (main[0x010F], main[0x0110], main[0x8298]) == ("Kodak", "Brownie", "Museum")
    assert main.get(0x0112, 1) == 1
    assert details[0x9003] == "1923:05:01 12:00:00"
    assert (details[0xA002], details[0xA003], details[0xA001]) == (24, 40, 1)
    assert bytes(details[0x927C]) == b"MAKER" * 20
    assert found["gps"][2] == (48.0, 12.0, 30.0)
    if target == "tiff":
        assert (main[256], main[257]) == (24, 40)
    again = read(encoded(photo, format=target))
    assert again.pixels.shape == photo.pixels.shape  # not turned again


def test_metadata_exif_is_a_bare_block_without_orientation_and_thumbnail() -> None:
    image = Image.fromarray(smooth())
    thumbnail = saved(np.zeros((4, 4), np.uint8), "JPEG")
    first = struct.pack("<HHHII", 1, 0x0112, 3, 1, 6)
    second = struct.pack("<H", 2)
    start = 8 + len(first) + 4
    second += struct.pack("<HHII", 0x0201, 4, 1, start + 2 + 24 + 4)
    second += struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail))
    block = b"II*\0\x08\0\0\0" + first + struct.pack("<I", start) + second + bytes(4) + thumbnail
    photo = read(saved(image, "JPEG", exif=b"Exif\0\0" + block))
    assert (photo.height, photo.width) == (48, 32)
    assert photo.metadata.exif is None  # there was nothing but these
    photo = read(source("JPEG"))
    assert photo.metadata.exif is not None
    assert photo.metadata.exif[:2] in (b"II", b"MM")
    directory = exif_block.parse(photo.metadata.exif)
    assert directory is not None
    assert 0x0112 not in directory.main


def test_a_maker_note_keeps_its_place() -> None:
    block = source_block = full_exif()[6:]
    place = source_block.index(b"MAKER")
    cleaned = exif_block.clean(exif_block.parse(block))
    assert cleaned is not None
    assert cleaned.index(b"MAKER") == place


@pytest.mark.parametrize("endian", ["<", ">"])
def test_directories_survive_packing(endian: str) -> None:
    directory = ifd.Directory(endian)
    directory.main = {
        270: ifd.Entry(2, 6, b"hello\0"),
        296: ifd.Entry(3, 1, struct.pack(endian + "H", 2)),
    }
    directory.exif = {0x9003: ifd.Entry(2, 3, b"ab\0")}
    directory.gps = {1: ifd.Entry(2, 2, b"N\0")}
    directory.interop = {1: ifd.Entry(2, 4, b"R98\0")}
    again = exif_block.parse(ifd.write(directory))
    assert again is not None
    for name in ("main", "exif", "gps", "interop"):
        ours = {t: (e.type, e.count, e.data) for t, e in getattr(directory, name).items()}
        theirs = {t: (e.type, e.count, e.data) for t, e in getattr(again, name).items()}
        assert ours == theirs


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_exif_block_is_survived(block: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10" + bytes(7)):
        directory = exif_block.parse(start + block)
        exif_block.orientation(directory)
        exif_block.dpi(directory)
        cleaned = exif_block.clean(directory)
        exif_block.for_output(cleaned, 3, 4, (300, 300), NOTE, {})


def test_exif_too_large_for_jpeg_loses_the_maker_note_first() -> None:
    directory = ifd.Directory()
    directory.main = {270: ifd.Entry(2, 6, b"hello\0"), 50_000: ifd.Entry(7, 60_000, bytes(60_000))}
    directory.exif = {ifd.MAKER_NOTE: ifd.Entry(7, 50_000, bytes(50_000))}
    photo = Photo(noise(), metadata=Metadata(exif=ifd.write(directory)))
    assert len(photo.metadata.exif or b"") > 110_000
    found = pillow_exif(encoded(photo, format="jpeg"))
    assert found["main"][270] == "hello"
    assert len(found["main"][50_000]) == 60_000
    assert 0x927C not in found["exif"]
    assert len(pillow_exif(encoded(photo, format="png"))["exif"][0x927C]) == 50_000


def test_exif_too_large_for_jpeg_keeps_its_captions() -> None:
    directory = ifd.Directory()
    directory.main = {270: ifd.Entry(2, 6, b"hello\0"), 50_000: ifd.Entry(7, 70_000, bytes(70_000))}
    directory.exif = {0x9003: ifd.Entry(2, 20, b"1923:05:01 12:00:00\0")}
    photo = Photo(noise(), metadata=Metadata(exif=ifd.write(directory)))
    found = pillow_exif(encoded(photo, format="jpeg"))
    assert found["main"].keys() == {270, 34665}
    assert found["exif"][0x9003] == "1923:05:01 12:00:00"


# --- XMP ---------------------------------------------------------------------------------------


def packet_of(data: bytes) -> bytes:
    packet = read(data).metadata.xmp
    assert packet is not None
    return packet


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_xmp_is_kept(target: str) -> None:
    packet = xmp(
        'tiff:Orientation="6" tiff:ImageWidth="999" xmp:Rating="5"',
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Hafen &amp; Bär</rdf:li></rdf:Alt>"
        "</dc:title>",
    )
    data = saved(smooth(3, 24, 40), "JPEG", xmp=packet)
    photo = read(data)
    assert (photo.height, photo.width) == (24, 40)
    again = packet_of(encoded(photo, format=target)).decode()
    assert "Orientation" not in again
    assert "Hafen &amp; Bär" in again
    assert 'xmp:Rating="5"' in again
    assert "<tiff:ImageWidth>40</tiff:ImageWidth>" in again
    assert "colorizer" not in again


def test_untouched_xmp_is_kept_byte_for_byte() -> None:
    packet = xmp('xmp:Rating="5"')
    assert xmp_packet.clean(packet) == packet


def test_thumbnails_in_xmp_are_dropped() -> None:
    cleaned = xmp_packet.clean(xmp("", "<xmp:Thumbnails>big</xmp:Thumbnails>"))
    assert cleaned is not None
    assert b"Thumbnails" not in cleaned


BROKEN = [
    b"",
    b"<x",
    b"not xml",
    b"<a/>",
    b'<!DOCTYPE a [<!ENTITY b "c">]>' + xmp()[60:],
    b"<a>" * 3000 + b"</a>" * 3000,
    xmp("", "<dc:title/>" * 10_000),
    xmp().replace(b"</rdf:RDF>", b""),
    xmp().replace(b"Description", b"\xff\xfe"),
]


@pytest.mark.parametrize("packet", BROKEN)
def test_broken_xmp_is_replaced(packet: bytes) -> None:
    assert xmp_packet.clean(packet) is None
    assert xmp_packet.for_output(packet, 1, 1, None, None, {}) is None
    result = xmp_packet.for_output(packet, 1, 1, None, NOTE, {})
    assert xmp_packet.note(result) == NOTE


def test_entities_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
    packet = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode() + xmp("", "&l12;")[60:]
    assert xmp_packet.clean(packet) is None


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.floats(0, 1), max_size=3))
def test_any_note_comes_back(text: str, numbers: dict[str, float]) -> None:
    note = Provenance("model", "00" * 32, {"text": text, **numbers}, "1", "S")
    assert xmp_packet.note(xmp_packet.for_output(None, 1, 1, None, note, {})) == note


# --- The note ----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_the_note(target: str, tmp_path: Path) -> None:
    photo = Photo(noise(12, 17, 3))
    path = tmp_path / f"a.{target}"
    write(photo, path, provenance=NOTE)
    assert provenance_of(path) == NOTE
    assert read(path).metadata.provenance == NOTE
    document = rdf.parse(packet_of(path.read_bytes()))
    assert rdf.get(document, namespaces.IPTC_EXT, "DigitalSourceType") == xmp_packet.SOURCE_TYPE
    assert rdf.get(document, namespaces.XMP, "CreatorTool") == "Colorizer 0.1.0"
    assert history(path.read_bytes()) == [("edited", "Colorizer 0.1.0", NOTE.sentence)]
    main = pillow_exif(path.read_bytes())["main"]
    assert main[305] == "Colorizer 0.1.0"
    assert main[0x9213] == NOTE.sentence
    write(photo, path)
    assert provenance_of(path) is None
    assert read(path).metadata.xmp is None


def history(data: bytes) -> list[tuple[str, ...]]:
    """Of each event of the history in XMP the fields that we write."""
    node = rdf.find(rdf.parse(packet_of(data)), namespaces.XMP_MM, "History")
    return [tuple(rdf.text_of(field) for field in rdf.elements(event)) for event in rdf.items(node)]


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_the_note_is_nobodys_caption(target: str) -> None:
    data = encoded(Photo(noise(12, 17, 3)), format=target, provenance=NOTE)
    document = rdf.parse(packet_of(data))
    assert rdf.get(document, namespaces.DC, "description") is None
    assert not {270, 0x9C9B, 0x9C9C} & pillow_exif(data)["main"].keys()
    assert 0x9286 not in pillow_exif(data)["exif"]
    info = Image.open(io.BytesIO(data)).info
    assert not {"comment", "Comment", "Description", "Title"} & info.keys()


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_own_results_are_told_by_xmp_or_exif_alone(target: str) -> None:
    photo = Photo(noise(12, 17, 3))
    assert not read(encoded(photo, format=target)).metadata.is_own_result
    found = read(encoded(photo, format=target, provenance=NOTE)).metadata
    assert found.is_own_result
    assert replace(found, xmp=None).is_own_result
    assert replace(found, exif=None).is_own_result
    assert not replace(found, exif=None, xmp=None).is_own_result


def test_the_note_is_merged_and_what_was_there_stays() -> None:
    packet = xmp(
        'xmp:Rating="5" xmp:CreatorTool="Scanner"',
        "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Grandmother, 1923</rdf:li></rdf:Alt>"
        "</dc:description>"
        f"<e:DigitalSourceType xmlns:e='{namespaces.IPTC_EXT}'>{PRINT}</e:DigitalSourceType>"
        f"<m:History xmlns:m='{namespaces.XMP_MM}' xmlns:stEvt='{namespaces.EVENT}'><rdf:Seq>"
        "<rdf:li rdf:parseType='Resource'><stEvt:action>cropped</stEvt:action></rdf:li>"
        "</rdf:Seq></m:History>",
    )
    block = Image.Exif()
    block[270], block[305], block[0x9213] = "Grandmother", "EPSON Scan", "Cropped"
    data = saved(smooth(), "JPEG", xmp=packet, exif=block.tobytes(), comment=b"A remark")
    data = encoded(read(data), format="jpeg", provenance=NOTE)
    document = rdf.parse(packet_of(data))
    assert rdf.get(document, namespaces.XMP, "Rating") == "5"
    assert rdf.get(document, namespaces.DC, "description") == "Grandmother, 1923"
    assert rdf.get(document, namespaces.XMP, "CreatorTool") == "Scanner"
    assert rdf.get(document, namespaces.IPTC_EXT, "DigitalSourceType") == xmp_packet.SOURCE_TYPE
    first, second = history(data)
    assert first == ("cropped",)
    assert second[2] == f"{NOTE.sentence} Digital source type before: {PRINT}"
    assert provenance_of(data) == NOTE
    main = pillow_exif(data)["main"]
    assert main[270] == "Grandmother"
    assert main[305] == "EPSON Scan; Colorizer 0.1.0"
    assert main[0x9213] == f"Cropped; {NOTE.sentence}"
    assert Image.open(io.BytesIO(data)).info["comment"] == b"A remark"


def test_software_that_is_not_in_utf_8_is_kept() -> None:
    latin = "Numérisé par".encode("latin-1") + b"\0"
    block = ifd.write(ifd.Directory("<", main={305: ifd.Entry(ifd.ASCII, len(latin), latin)}))
    photo = Photo(noise(), metadata=Metadata(exif=block))
    directory = exif_block.parse(read(encoded(photo, format="tiff", provenance=NOTE)).metadata.exif)
    assert directory is not None
    assert directory.text(directory.main, 305) == "Numérisé par; Colorizer 0.1.0"


def test_a_second_note_takes_the_place_of_the_first() -> None:
    once = encoded(Photo(noise(12, 17, 3)), format="png", provenance=NOTE)
    other = Provenance("eccv16", "cd" * 32, {}, "0.1.0")
    twice = encoded(read(once), format="png", provenance=other)
    assert provenance_of(twice) == other
    assert packet_of(twice).count(b"weights_sha256>") == 2  # one element: opened and closed
    assert pillow_exif(twice)["main"][305] == "Colorizer 0.1.0"
    assert [event[2] for event in history(twice)] == [NOTE.sentence, other.sentence]
    assert pillow_exif(twice)["main"][0x9213] == f"{NOTE.sentence}; {other.sentence}"


def test_xmp_that_cannot_be_divided_is_reduced_to_the_note_in_jpeg() -> None:
    big = xmp('xmp:Rating="5"', f"<!--{'x' * 70_000}-->")
    photo = Photo(noise(12, 17, 3), metadata=Metadata(xmp=big))
    assert provenance_of(encoded(photo, format="jpeg", provenance=NOTE)) == NOTE
    assert read(encoded(photo, format="jpeg")).metadata.xmp is None
    assert len(packet_of(encoded(photo, format="png", provenance=NOTE))) > 70_000


def test_no_note_in_files_of_others() -> None:
    assert provenance_of(png(noise())) is None
    assert provenance_of(tiff(noise())) is None
    damaged = xmp().replace(b"<rdf:Description", b'<rdf:Description xmlns:colorizer="'
                            + namespaces.COLORIZER.encode() + b'" colorizer:model="m"')  # fmt: skip
    data = with_chunks(png(noise()), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + damaged))
    assert provenance_of(data) is None


def test_settings_are_json_in_the_file() -> None:
    packet = xmp_packet.for_output(None, 1, 1, None, NOTE, {})
    assert packet is not None
    document = rdf.parse(packet)
    assert json.loads(rdf.get(document, namespaces.COLORIZER, "settings") or "") == NOTE.settings


# --- Resolution --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_resolution_is_read(kind: str) -> None:
    assert read(saved(noise(), kind, dpi=(600, 600))).metadata.dpi == pytest.approx(
        (600, 600), rel=1e-3
    )


def test_resolution_in_centimetres() -> None:
    data = tiff(noise(), resolution=(100, 200), resolutionunit="CENTIMETER")
    assert read(data).metadata.dpi == pytest.approx((254, 508))


@pytest.mark.parametrize("target", WRITABLE_FORMATS)
def test_resolution_of_exif_wins_over_that_of_jfif(target: str) -> None:
    block = Image.Exif()
    block[282], block[283], block[296] = 600.5, 600.5, 2
    source = bytearray(saved(smooth(), "JPEG", dpi=(72, 72), exif=block.tobytes()))
    place = source.index(b"JFIF") + 8  # Pillow writes both from its one argument
    source[place : place + 4] = struct.pack(">HH", 72, 72)
    source[place - 1] = 1
    data = encoded(read(bytes(source)), format=target)
    main = pillow_exif(data)["main"]
    assert (main[282], main[283], main[296]) == (600.5, 600.5, 2)
    if target != "webp":  # which has no other place for it
        assert Image.open(io.BytesIO(data)).info["dpi"] == pytest.approx((600.5, 600.5), abs=0.51)
    if target == "jpeg":
        assert Image.open(io.BytesIO(data)).info["jfif_density"] == (600, 600)


def test_resolution_of_jfif_counts_where_exif_has_none() -> None:
    source = saved(smooth(), "JPEG", dpi=(300, 300), exif=exif(1))
    place = source.index(b"JFIF") + 7
    source = source[:place] + struct.pack(">BHH", 1, 300, 300) + source[place + 5 :]
    assert read(source).metadata.dpi == pytest.approx((300, 300))


def test_resolution_in_xmp_is_made_true() -> None:
    packet = xmp('tiff:XResolution="720000/10000" tiff:YResolution="72/1" tiff:ResolutionUnit="3"')
    photo = Photo(noise(), metadata=Metadata(xmp=packet, dpi=(600.5, 300.0)))
    document = rdf.parse(packet_of(encoded(photo, format="png")))
    names = ("XResolution", "YResolution", "ResolutionUnit")
    found = [rdf.get(document, namespaces.TIFF, name) for name in names]
    assert found == ["6005000/10000", "3000000/10000", "2"]


@pytest.mark.parametrize("value", [(0, 1), (1, 0), (1, 1)])
def test_senseless_resolution_is_none(value: tuple[int, int]) -> None:
    data = tiff(noise(), extratags=[(282, 5, 1, value, True), (283, 5, 1, value, True)])
    assert read(data).metadata.dpi is None


@pytest.mark.parametrize("kind", WRITABLE_FORMATS)
def test_any_resolution_that_is_read_can_be_written(kind: str) -> None:
    """Found by fuzzing: 845 320.4 px per inch has no fraction of 32 bits with a large divisor."""
    data = bytearray(saved(noise(), "BMP", dpi=(300, 300)))
    data[38:46] = struct.pack("<ii", 33_280_331, 3_937)  # px per metre, across and down
    photo = read(bytes(data))
    assert photo.metadata.dpi == pytest.approx((845_320.4, 99.9998), rel=1e-6)
    buffer = io.BytesIO()
    write(photo, buffer, format=kind)
    assert read(buffer.getvalue()).metadata.dpi == pytest.approx(photo.metadata.dpi, rel=1e-3)


@pytest.mark.parametrize("oriented", [False, True])
def test_line_breaks_and_tabs_of_xmp_are_kept(oriented: bool) -> None:
    more = ' tiff:Orientation="1"' if oriented else ""
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{namespaces.RDF}">'
        f'<rdf:Description rdf:about="" xmlns:photoshop="{namespaces.PHOTOSHOP}" '
        f'xmlns:tiff="{namespaces.TIFF}" photoshop:Headline="one&#10;two&#9;three"{more}>'
        "<photoshop:Instructions>one&#13;two&#13;&#10;three</photoshop:Instructions>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    for _ in range(2):
        cleaned = xmp_packet.clean(packet)
        assert cleaned is not None
        packet = cleaned
    document = rdf.parse(packet)
    assert rdf.get(document, namespaces.PHOTOSHOP, "Headline") == "one\ntwo\tthree"
    assert rdf.get(document, namespaces.PHOTOSHOP, "Instructions") == "one\rtwo\r\nthree"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff", '\ufeff<?xml version="1.0" encoding="UTF-16"?>\n'])
def test_xmp_of_sixteen_bits_is_read(encoding: str, mark: str) -> None:
    text = mark + xmp('xmp:Label="Größe"').decode()
    cleaned = xmp_packet.clean(text.encode(encoding))
    assert cleaned is not None
    assert rdf.get(rdf.parse(cleaned), namespaces.XMP, "Label") == "Größe"


def test_numbers_of_bigtiff_are_written_as_tiff_has_them() -> None:
    small, large = struct.pack("<2Q", 1, 2**32 - 1), struct.pack("<Q", 2**32)
    table = struct.pack("<Q", 3)
    table += struct.pack("<HHQQ", 65000, 16, 2, 200)
    table += struct.pack("<HHQ", 65001, 16, 1) + large
    table += struct.pack("<HHQ", 65002, 17, 1) + struct.pack("<q", -5)
    data = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + table
    data = data.ljust(200, b"\0") + small
    directory = ifd.read(lambda at, size: data[at : at + size])
    assert directory is not None
    assert directory.main[65000].type == ifd.LONG
    assert directory.main[65000].data == struct.pack("<2I", 1, 2**32 - 1)
    assert 65001 not in directory.main
    assert directory.main[65002].data == struct.pack("<i", -5)


def _listed(places: list[tuple[int, int]], length: int) -> bytes:
    """A TIFF structure whose values have these places and lengths."""
    table = b"".join(
        struct.pack("<HHII", 40_000 + i, 7, size, place) for i, (place, size) in enumerate(places)
    )
    data = struct.pack("<2sHIH", b"II", 42, 8, len(places)) + table + bytes(4)
    return data.ljust(length, b"\1")


def test_values_side_by_side_are_kept_whatever_their_length() -> None:
    places = [(4096, 3_000_000), (3_004_096, 8_000_000), (11_004_096, 20_000_000), (4096, 900_000)]
    data = _listed(places, 31_004_096)
    directory = ifd.read(lambda at, size: data[at : at + size], max_value=32 << 20)
    assert directory is not None
    assert [len(entry.data) for entry in directory.main.values()] == [s for _, s in places]


def test_values_at_one_place_take_no_more_than_the_file() -> None:
    data = _listed([(40_000, 300_000)] * 3000, 340_000)
    directory = ifd.read(lambda at, size: data[at : at + size])
    assert directory is not None
    assert 1 < len(directory.main) < 10


def _packet(inside: str) -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:a="a:"><rdf:RDF xmlns:rdf="{namespaces.RDF}">'
        f'<rdf:Description rdf:about="" a:is="there"><a:list><rdf:Bag>{inside}</rdf:Bag></a:list>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize(
    "inside",
    [
        "<rdf:li>xmp.did:0123456789abcdef</rdf:li>" * 20_000,  # ancestors
        '<rdf:li a:action="saved" a:when="now" a:what="/"/>' * 3000,  # a history
        f"<rdf:li>{'QUJD&#xA;' * 50_000}==</rdf:li>",  # a thumbnail
    ],
)
def test_long_packets_are_kept(inside: str) -> None:
    assert rdf.get(rdf.parse(_packet(inside)), "a:", "is") == "there"


@pytest.mark.parametrize(
    "inside",
    [
        "<a/>" * 200_000,
        "<a " + " ".join(f'b{i}=""' for i in range(200_000)) + "/>",
        "".join(f'<a xmlns:n{i}="u">' for i in range(20_000)) + "</a>" * 20_000,
    ],
)
def test_packets_of_which_a_document_would_be_huge_are_left_out(inside: str) -> None:
    for packet in (_packet(inside), _packet(inside).decode().encode("utf-16")):
        assert rdf.parse(packet) is None
        with pytest.raises(ValueError, match="too"):  # before it is built
            packets.checked(packet)


def test_xmp_of_a_gif_is_read() -> None:
    """It stands as it is, and ends with 258 bytes that lead readers to its end."""
    buffer = io.BytesIO()
    Image.fromarray(noise(20, 30)).save(buffer, "GIF")
    data, packet = buffer.getvalue(), xmp('xmp:Label="Größe"')
    trailer = bytes([1, *range(255, -1, -1), 0])
    block = b"!\xff\x0bXMP DataXMP" + packet + trailer
    for place in (data.index(b",", 13 + 3 * 256), len(data) - 1):  # before the picture, after it
        photo = read(data[:place] + block + data[place:])
        assert photo.metadata.xmp == packet
        assert photo.pixels.shape == (20, 30)
    assert read(data + block[:40]).metadata.xmp is None


@pytest.mark.parametrize("kind", [b"\xfe", b"\xff\x0bXMP DataXMP"])
def test_what_a_gif_has_too_much_of_is_not_kept(kind: bytes) -> None:
    buffer = io.BytesIO()
    Image.fromarray(noise(20, 30)).save(buffer, "GIF")
    data = buffer.getvalue()[:-1] + b"!" + kind + b"\1a" * 2_000_000 + b"\0;"
    tracemalloc.start()
    try:
        assert read(data).pixels.shape == (20, 30)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
