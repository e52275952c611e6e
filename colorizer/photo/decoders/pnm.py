"""PNM: PBM, PGM, PPM, plain and raw, PAM, and PFM (Netpbm's format pages). Keeps 16 bits."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import CorruptImage
from .base import Opened, Raster, Request, raster_of
from .scale import from_float

_MAX_HEADER = 1 << 16
_TOKEN = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
_CHANNELS = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3, b"f": 1, b"F": 3}


class _Header:
    """The numbers of a header and where the samples begin."""

    def __init__(self, data: bytes, name: str) -> None:
        self.kind = data[1:2]
        self.name = name
        self._data, self._at = data, 2
        self.maximum: float = 1
        if self.kind == b"7":
            self._read_pam()
        else:
            self.width, self.height = int(self._next(b"size")), int(self._next(b"size"))
            self.channels = _CHANNELS[self.kind]
            if self.kind in (b"f", b"F"):
                self.maximum = float(self._next(b"scale"))
            elif self.kind not in (b"1", b"4"):
                self.maximum = int(self._next(b"maximum"))
        self.start = self._at + 1
        if self.width < 1 or self.height < 1 or not 1 <= self.channels <= 4:
            raise CorruptImage(f"{name} is damaged: its header gives no possible size.")
        if self.kind not in (b"f", b"F") and not 1 <= self.maximum <= 65535:
            raise CorruptImage(f"{name} is damaged: its header gives no possible white.")

    def _next(self, what: bytes) -> bytes:
        match = _TOKEN.match(self._data, self._at)
        if match is None or match.end() >= _MAX_HEADER:
            raise CorruptImage(f"{self.name} is damaged: its header has no {what.decode()}.")
        self._at = match.end()
        return match[1]

    def _read_pam(self) -> None:
        fields = {b"WIDTH": 0, b"HEIGHT": 0, b"DEPTH": 1, b"MAXVAL": 255}
        while (key := self._next(b"end")) != b"ENDHDR":
            value = self._next(key)
            if key in fields:
                fields[key] = int(value)
        self.width, self.height, self.channels, self.maximum = fields.values()


def open_pnm(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a PNM; see :class:`Opened`."""
    header = _Header(file.read(_MAX_HEADER), name)

    def load() -> Raster:
        file.seek(0 if header.kind in b"123" else header.start)
        if header.kind in (b"f", b"F"):
            return _load_float(file, header)
        if header.kind in (b"1", b"2", b"3"):
            values = _plain(file.read()[header.start :], header)
        elif header.kind == b"4":
            values = _bits(file, header)
        else:
            values = _raw(file, header)
        return raster_of(_full_range(values, int(header.maximum), name))

    return Opened(header.width, header.height, load)


def _read(file: BinaryIO, size: int, name: str) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise CorruptImage(f"{name} is incomplete: the file ends before the picture does.")
    return data


def _raw(file: BinaryIO, header: _Header) -> NDArray[Any]:
    kind = np.dtype(np.uint8 if header.maximum < 256 else ">u2")
    shape = (header.height, header.width, header.channels)
    data = _read(file, header.height * header.width * header.channels * kind.itemsize, header.name)
    return np.frombuffer(data, kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _bits(file: BinaryIO, header: _Header) -> NDArray[np.uint8]:
    """Raw PBM: rows padded to bytes, 1 is black."""
    row = (header.width + 7) // 8
    data = np.frombuffer(_read(file, row * header.height, header.name), np.uint8)
    bits = np.unpackbits(data.reshape(header.height, row), axis=1)[:, : header.width]
    return np.uint8(1) - bits[..., None]


def _plain(text: bytes, header: _Header) -> NDArray[Any]:
    """Decimal numbers (of PBM single digits, which need no space between them)."""
    shape = (header.height, header.width, header.channels)
    count = shape[0] * shape[1] * shape[2]
    values: NDArray[Any]
    text = re.sub(rb"#[^\n\r]*", b" ", text)
    if header.kind == b"1":
        digits = np.frombuffer(text, np.uint8)
        values = digits[(digits == 48) | (digits == 49)][:count] - np.uint8(48)
        values = np.uint8(1) - values
    else:
        words = map(_short, text.split(None, count)[:count])
        values = np.array(list(words), dtype="S6").astype(np.uint32)
    if len(values) < count:
        raise CorruptImage(f"{header.name} is incomplete: the file ends before the picture does.")
    return values.reshape(shape)


def _short(word: bytes) -> bytes:
    """A number in six digits at most, which are enough to tell that it is above 65535."""
    return word if len(word) < 6 else word.lstrip(b"0")[:6] or b"0"


def _full_range(values: NDArray[Any], maximum: int, name: str) -> NDArray[Any]:
    """Scale 0..maximum to 0..255 or 0..65535."""
    full = 255 if maximum < 256 else 65535
    kind = np.uint8 if full == 255 else np.uint16
    if int(values.max()) > maximum:
        raise CorruptImage(f"{name} is damaged: it has pixels brighter than its own white.")
    if maximum != full:
        table = (np.arange(maximum + 1, dtype=np.uint64) * full + maximum // 2) // maximum
        narrow: NDArray[Any] = table.astype(kind)
        return narrow.take(values)
    scaled: NDArray[Any] = values.astype(kind, copy=False)
    return scaled


def _load_float(file: BinaryIO, header: _Header) -> Raster:
    """PFM: linear light, rows from the bottom up; a negative scale means little-endian."""
    kind = "<f4" if header.maximum < 0 else ">f4"
    shape = (header.height, header.width, header.channels)
    data = _read(file, 4 * shape[0] * shape[1] * shape[2], header.name)
    values = np.frombuffer(data, kind).reshape(shape)[::-1]
    return raster_of(from_float(values, linear=True))
