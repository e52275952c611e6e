"""The luma of frames: code values, and the grey that they mean.

A film keeps luma Y' and chroma apart. Y' of a grey film is its grey value, and Y' is what stays as
it is. In 8 bits a code c means (c - 16) / 219, or c / 255 of "full range" (ITU-R BT.601, BT.709);
in more bits all but 255 is scaled by powers of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

#: the coefficients (K_R, K_B) of Y' = K_R R' + (1 - K_R - K_B) G' + K_B B'
Matrix = Literal["bt601", "bt709", "bt2020"]
COEFFICIENTS: dict[Matrix, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}
#: by the number that files have for it (ITU-T H.273)
_MATRICES: dict[int, Matrix] = {1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020"}
#: rows from which a film that does not say is taken as BT.709, as players do
_HIGH_DEFINITION = 720
_UNKNOWN_RANGE, _FULL_RANGE = 0, 2
_SAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (4, 1): "411", (1, 2): "440"}
_PIXELS = 64
_BITS_OF_RGB = {8: "yuv444p", 16: "yuv444p16le"}


@dataclass(frozen=True)
class Levels:
    """What luma codes mean.

    Attributes:
        bits: 8 to 16.
        full: whether the range is the full one.
        matrix: by which chroma is to be understood.
    """

    bits: int
    full: bool
    matrix: Matrix

    @property
    def black(self) -> int:
        """The code of black."""
        return 0 if self.full else 16 << (self.bits - 8)

    @property
    def span(self) -> int:
        """White's code less black's."""
        return (1 << self.bits) - 1 if self.full else 219 << (self.bits - 8)

    def grey(self, luma: NDArray[Any]) -> NDArray[np.uint16]:
        """16-bit sRGB grey of codes of any shape; what is beyond black and white is cut off."""
        return _grey_table(self.bits, self.full).take(luma, mode="clip")


@cache
def _grey_table(bits: int, full: bool) -> NDArray[np.uint16]:
    levels = Levels(bits, full, "bt709")
    grey = (np.arange(1 << bits) - levels.black) / levels.span
    table = np.rint(np.clip(grey, 0, 1) * 65535).astype(np.uint16)
    table.setflags(write=False)
    return table


def levels_of(frame: VideoFrame) -> Levels:
    """Of a frame as it is decoded."""
    twin = _twin(frame)
    if twin is None:
        return Levels(8 if _depth(frame) <= 8 else 16, False, "bt709")
    name = frame.format.name
    full = frame.color_range == _FULL_RANGE or name.startswith("yuvj")
    if frame.color_range == _UNKNOWN_RANGE and twin.startswith("gray"):
        full = True  # as FFmpeg shows them: there is no other use of them without chroma
    usual: Matrix = "bt709" if frame.height >= _HIGH_DEFINITION else "bt601"
    return Levels(_depth(frame), full, _MATRICES.get(frame.colorspace, usual))


def luma_of(frame: VideoFrame) -> NDArray[Any]:
    """Y' codes of a frame, (H, W) uint8 or uint16, as :func:`levels_of` says; a copy."""
    twin = _twin(frame)
    if twin is None:
        from av.video.reformatter import ColorRange, Colorspace

        frame = frame.reformat(
            format=_BITS_OF_RGB[8 if _depth(frame) <= 8 else 16],
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
    elif twin != frame.format.name:
        frame = frame.reformat(format=twin)  # the same numbers in another order
    return plane(frame, 0).copy()


def plane(frame: VideoFrame, index: int) -> NDArray[Any]:
    """A plane's samples, (H, W), as they lie in the frame: to read or, of a new one, to fill."""
    found = frame.planes[index]
    dtype = np.dtype(np.uint8 if _depth(frame) == 8 else np.uint16)
    samples: NDArray[Any] = np.frombuffer(memoryview(found), dtype)
    samples = samples.reshape(-1, found.line_size // dtype.itemsize)
    return samples[: found.height, : found.width]


def _depth(frame: VideoFrame) -> int:
    return max(component.bits for component in frame.format.components)


def _twin(frame: VideoFrame) -> str | None:
    """The format with the same samples and a plane of luma, in this machine's order.

    That is the frame's own, if it is so; None if there is no luma.
    """
    kind = frame.format
    if kind.is_rgb or kind.has_palette or kind.is_bayer or kind.name.startswith("xyz"):
        return None
    if _depth(frame) < 8:
        return None
    alone = sum(component.plane == 0 for component in kind.components) == 1
    native = not kind.is_big_endian or _depth(frame) == 8
    shifted = kind.name.startswith(("p0", "p2", "p4"))  # P010 and the like: in the upper bits
    if alone and native and not shifted:
        return str(kind.name)
    bits = "" if _depth(frame) == 8 else f"{_depth(frame)}le"
    if len(kind.components) <= 2:
        return f"gray{bits}"
    across, down = _PIXELS // kind.chroma_width(_PIXELS), _PIXELS // kind.chroma_height(_PIXELS)
    sampling = _SAMPLINGS.get((across, down))
    return None if sampling is None else f"yuv{sampling}p{bits}"
