"""The header of a JPEG XL codestream (ISO/IEC 18181-1, annexes D and E), bit by bit.

Size, orientation, kind of samples and colour encoding; imagecodecs tells none of them. The size is
that before the orientation is applied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .boxes import boxes

_START = b"\xff\x0a"
_CONTAINER = b"JXL "
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_MOST_EXTRA = 256
_ALPHA, _SPOT, _CFA = 0, 2, 5
_GREY, _XYB = 1, 2
_CUSTOM = 2
_PRIMARIES = {
    9: (0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_TRANSFER: dict[int, Transfer] = {
    1: "sRGB", 13: "sRGB", 8: "linear", 16: "PQ", 17: "DCI", 18: "HLG", 2: "unknown",
}  # fmt: skip

Transfer = Literal["sRGB", "linear", "PQ", "HLG", "DCI", "unknown"]


@dataclass(frozen=True)
class Header:
    """What the first bits of a codestream say.

    Attributes:
        bits: of each sample; ``floating`` says that they are floating point.
        extra: number of extra channels; ``alpha`` that one of them is opacity, ``premultiplied``
            that colours were multiplied by it.
        profile: whether colours are those of an ICC profile, which only a decoder can read.
        transfer: or else by which curve light became samples; ``gamma`` instead, if it is a power
            (linear light is the value to its 1/gamma-th power).
        primaries: x and y of red, green and blue; None is sRGB's.
    """

    width: int
    height: int
    orientation: int = 1
    bits: int = 8
    floating: bool = False
    extra: int = 0
    alpha: bool = False
    premultiplied: bool = False
    xyb: bool = True
    profile: bool = False
    grey: bool = False
    transfer: Transfer = "sRGB"
    gamma: float | None = None
    primaries: tuple[float, ...] | None = None


def codestream(data: bytes | memoryview) -> bytes | memoryview:
    """The codestream of a file, or of the beginning of one; itself if it is bare."""
    if bytes(data[4:8]) != _CONTAINER:
        return data
    parts = []
    for box in boxes(data):
        if box.kind == b"jxlc":
            return box.body
        if box.kind == b"jxlp":
            parts.append(box.body[4:])
    return b"".join(parts)


def read(data: bytes | memoryview) -> Header | None:
    """The header of a file or of a bare codestream; None if it has none or is cut off in it."""
    stream = bytes(codestream(data)[:4096])
    if not stream.startswith(_START):
        return None
    try:
        return _header(_Bits(stream[2:]))
    except EOFError:
        return None


class _Bits:
    """Reads numbers, the least significant bit first (annex B)."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "little")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise EOFError
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        return value

    def flag(self) -> bool:
        return bool(self.take(1))

    def choose(self, *choices: tuple[int, int]) -> int:
        """U32: one of four (bits, offset)."""
        bits, offset = choices[self.take(2)]
        return offset + self.take(bits)

    def enum(self) -> int:
        return self.choose((0, 0), (0, 1), (4, 2), (6, 18))


def _header(bits: _Bits) -> Header:
    width, height = _size(bits)
    if bits.flag():  # all else is usual
        return Header(width, height)
    orientation = 1
    if bits.flag():
        orientation = bits.take(3) + 1
        if bits.flag():
            _size(bits)
        if bits.flag():
            _preview(bits)
        if bits.flag():
            _animation(bits)
    depth, floating = _depth(bits)
    bits.flag()  # whether 16 bits are enough on the way
    extra = bits.choose((0, 0), (0, 1), (4, 2), (12, 1))
    if extra > _MOST_EXTRA:
        raise EOFError
    alphas = [_extra(bits) for _ in range(extra)]
    of_alpha = [premultiplied for is_alpha, premultiplied in alphas if is_alpha]
    found = Header(
        width, height, orientation, depth, floating, extra, bool(of_alpha), any(of_alpha[:1]),
        xyb=bits.flag(),
    )  # fmt: skip
    return _colours(bits, found)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio:
        above, below = _RATIOS[ratio - 1]
        return height * above // below, height
    return _side(bits, small), height


def _side(bits: _Bits, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.choose((9, 1), (13, 1), (18, 1), (30, 1))


def _preview(bits: _Bits) -> None:
    eights = bits.flag()
    sizes = (
        ((0, 16), (0, 32), (5, 1), (9, 33)) if eights else ((6, 1), (8, 65), (10, 321), (12, 1345))
    )
    bits.choose(*sizes)
    if not bits.take(3):
        bits.choose(*sizes)


def _animation(bits: _Bits) -> None:
    bits.choose((0, 100), (0, 1000), (10, 1), (30, 1))
    bits.choose((0, 1), (0, 1001), (8, 1), (10, 1))
    bits.choose((0, 0), (3, 0), (16, 0), (32, 0))
    bits.flag()


def _depth(bits: _Bits) -> tuple[int, bool]:
    if bits.flag():
        depth = bits.choose((0, 32), (0, 16), (0, 24), (6, 1))
        bits.take(4)
        return depth, True
    return bits.choose((0, 8), (0, 10), (0, 12), (6, 1)), False


def _extra(bits: _Bits) -> tuple[bool, bool]:
    """Whether an extra channel is opacity, and whether colours were multiplied by it."""
    if bits.flag():
        return True, False
    kind = bits.enum()
    _depth(bits)
    bits.choose((0, 0), (0, 3), (0, 4), (3, 1))
    for _ in range(bits.choose((0, 0), (4, 0), (5, 16), (10, 48))):
        bits.take(8)
    if kind == _ALPHA:
        return True, bits.flag()
    if kind == _SPOT:
        bits.take(64)
    elif kind == _CFA:
        bits.choose((0, 1), (2, 0), (4, 3), (8, 19))
    return False, False


def _colours(bits: _Bits, found: Header) -> Header:
    if bits.flag():
        return found
    profile = bits.flag()
    space = bits.enum()
    found = replace(found, profile=profile, grey=space == _GREY)
    if profile or space == _XYB:
        return found
    if bits.enum() == _CUSTOM:
        _xy(bits, 1)
    primaries: tuple[float, ...] | None = None
    if space != _GREY:
        kind = bits.enum()
        primaries = _xy(bits, 3) if kind == _CUSTOM else _PRIMARIES.get(kind)
    if bits.flag():
        return replace(found, primaries=primaries, gamma=bits.take(24) / 1e7)
    return replace(found, primaries=primaries, transfer=_TRANSFER.get(bits.enum(), "unknown"))


def _xy(bits: _Bits, count: int) -> tuple[float, ...]:
    """x and y of points, in millionths, with their sign in the lowest bit."""
    numbers = [
        bits.choose((19, 0), (19, 524288), (20, 1048576), (21, 2097152)) for _ in range(2 * count)
    ]
    return tuple((n >> 1 ^ -(n & 1)) / 1e6 for n in numbers)
