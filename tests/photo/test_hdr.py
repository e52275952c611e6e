"""HDR pictures in AVIF and HEIC are refused by name; a box of another picture does not count."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from PIL import Image

from colorizer.errors import UnsupportedImage
from colorizer.photo import probe, read
from colorizer.photo.decoders.hdr import primary_properties

from .pictures import saved, smooth


def avif() -> bytes:
    return saved(smooth(3, 32, 48), "AVIF")


def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(smooth(3, 64, 64))).save(buffer)
    return buffer.getvalue()


def with_transfer(data: bytes, transfer: int) -> bytes:
    """The file with other transfer characteristics in its only box of the kind nclx."""
    assert data.count(b"colrnclx") == 1
    at = data.index(b"colrnclx") + 10
    return data[:at] + transfer.to_bytes(2, "big") + data[at + 2 :]


@pytest.mark.parametrize("make", [avif, heic])
@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_they_are_refused_by_name(make: Callable[[], bytes], transfer: int, name: str) -> None:
    data = with_transfer(make(), transfer)
    for look in (read, probe):
        with pytest.raises(UnsupportedImage, match=f"HDR picture .{name}."):
            look(data)


@pytest.mark.parametrize("make", [avif, heic])
@pytest.mark.parametrize("transfer", [1, 2, 13, 14, 15])
def test_others_are_read(make: Callable[[], bytes], transfer: int) -> None:
    data = make()
    assert read(with_transfer(data, transfer)).pixels.shape == read(data).pixels.shape


@pytest.mark.parametrize("make", [avif, heic])
def test_what_the_numbers_say_counts(make: Callable[[], bytes]) -> None:
    data = make()
    usual, linear = (read(with_transfer(data, transfer)).lightness() for transfer in (13, 8))
    assert linear.mean() > usual.mean() + 10


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def container(primary: int, *, wide: bool = False) -> bytes:
    """Two pictures, number 1 in sRGB and number 2 in PQ."""
    nclx = [box(b"colr", b"nclx", struct.pack(">HHHB", 9, t, 9, 128)) for t in (13, 16)]
    number = ">I" if wide else ">H"
    essential, place = (0x8000, ">H") if wide else (0x80, ">B")
    entries = [
        struct.pack(number, item) + b"\1" + struct.pack(place, essential | item) for item in (1, 2)
    ]
    version = bytes([int(wide), 0, 0, int(wide)])
    return box(
        b"meta", bytes(4),
        box(b"pitm", bytes([int(wide), 0, 0, 0]), struct.pack(number, primary)),
        box(b"iprp", box(b"ipco", *nclx), box(b"ipma", version, struct.pack(">I", 2), *entries)),
    )  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("primary", "transfer"), [(1, 13), (2, 16), (3, None)])
def test_only_the_primary_picture_counts(primary: int, transfer: int | None, wide: bool) -> None:
    found = primary_properties(container(primary, wide=wide))
    assert [int.from_bytes(body[6:8], "big") for _, body in found] == [transfer] * len(found)
    assert bool(found) == (transfer is not None)


def test_what_is_cut_off_says_nothing() -> None:
    data = container(2, wide=True)
    for end in range(len(data)):
        whole = struct.pack(">I", end) + data[4:end]
        assert len(primary_properties(whole)) <= 1
