"""BMP through Pillow, after a look at run-length data that Pillow would clip without a word."""

from __future__ import annotations

import struct
from typing import BinaryIO

from ...errors import CorruptImage
from .base import Opened, Request
from .simple import opened_by_pillow

_RLE8, _RLE4 = 1, 2


def open_bmp(file: BinaryIO, name: str, request: Request) -> Opened:
    """Read the header of a BMP; see :class:`Opened`."""
    from PIL.BmpImagePlugin import BmpImageFile

    head = file.read(34)
    file.seek(0)
    opened = opened_by_pillow(BmpImageFile(file), name)
    if len(head) == 34 and struct.unpack_from("<I", head, 14)[0] >= 40:
        compression = struct.unpack_from("<I", head, 30)[0]
        if compression in (_RLE8, _RLE4):
            start = struct.unpack_from("<I", head, 10)[0]
            _check_runs(file, start, opened.width, four=compression == _RLE4, name=name)
    return opened


def _check_runs(file: BinaryIO, start: int, width: int, *, four: bool, name: str) -> None:
    """Raise CorruptImage if a run of run-length data leaves its row."""
    here = file.tell()
    file.seek(start)
    data = file.read()
    file.seek(here)
    at = column = 0
    while at + 1 < len(data):
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            column += count
        elif value == 0:
            column = 0
        elif value == 1:
            return
        elif value == 2:
            column += data[at] if at < len(data) else 0
            at += 2
        else:
            column += value
            size = (value + 1) // 2 if four else value
            at += size + size % 2
        if column > width:
            raise CorruptImage(f"{name} is damaged: its rows are longer than the picture is wide.")
