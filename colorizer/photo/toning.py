"""Whether a picture is a colour photograph, or a grey one that is toned, tinted or aged.

A grey photograph that was toned (sepia, selenium, cyanotype), printed on tinted paper or scanned in
colour has one tone curve: its a* and b* are functions of its L*. What is left when that curve is
taken away is noise. A colour photograph, and a hand-tinted one, has different colours at the same
lightness.

Paper also yellows unevenly, has brown spots, and lies on brown mounts. All of that is on one line
in the a*b* plane, from neutral towards one hue between orange and greenish yellow. So a picture
counts as a colour photograph if both

- more than :data:`SHARE` of it is further than :data:`OFF_CURVE` from its own tone curve, and
- more than :data:`SHARE_ELSEWHERE` of it is further than :data:`OFF_LINE` from the best such line
  as well, and from the curve.

The limits lie between what was measured on 27 historic photographs (at most 0.9 % and 0.1 %) and on
915 colour photographs, of which 9 are taken for grey: hardly anything in them is not brown or grey.
A tint on less than :data:`SHARE` of a picture counts as grey.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import srgb_to_lab

#: Share of the picture, and the distance in Lab units, off the tone curve.
SHARE, OFF_CURVE = 0.03, 8.0
#: Share of the picture, and the distance in Lab units, off the line of aged paper.
SHARE_ELSEWHERE, OFF_LINE = 0.005, 6.0
#: Hues of aged paper, degrees in the a*b* plane.
PAPER_HUES = range(40, 111, 5)

#: Cells along the long side that are looked at, and pixels of each that are averaged, per side.
_CELLS, _AVERAGED = 128, 4
#: The curve: medians in bins of L*; a bin needs so many pixels, and such a share of them.
_BINS, _FEWEST, _RAREST = 16, 4, 0.003


def cells(samples: NDArray[Any]) -> NDArray[Any]:
    """A small picture of ``samples`` (H, W, C), uint8 or uint16: at most 128 cells a side.

    Each cell is the mean of up to 4 x 4 pixels, so that grain and the noise of a scanner do not
    look like colours. Same type as the samples.
    """
    step = -(-max(samples.shape[:2]) // _CELLS)
    rows, columns = (max(size // step, 1) for size in samples.shape[:2])
    side = min(step, _AVERAGED)
    total = np.zeros((rows, columns, samples.shape[2]), np.uint32)
    count = 0
    for y in range(min(side, samples.shape[0])):
        for x in range(min(side, samples.shape[1])):
            total += samples[y::step, x::step][:rows, :columns]
            count += 1
    mean: NDArray[Any] = (total // count).astype(samples.dtype)
    return mean


def is_colour(rgb: NDArray[Any]) -> bool:
    """Whether a small sRGB picture (see :func:`cells`) is that of a colour photograph.

    Args:
        rgb: (h, w, 3), uint8 or uint16.
    """
    lab = srgb_to_lab(rgb.astype(np.float32) / np.iinfo(rgb.dtype).max).reshape(-1, 3)
    lightness, ab = lab[:, 0], np.ascontiguousarray(lab[:, 1:])
    off_curve = _length(ab - _tone_curve(lightness, ab))
    if np.mean(off_curve > OFF_CURVE) <= SHARE:
        return False
    apart = ab[off_curve > OFF_LINE]
    on_paper = max(np.count_nonzero(_from_line(apart, hue) <= OFF_LINE) for hue in PAPER_HUES)
    return bool(len(apart) - on_paper > SHARE_ELSEWHERE * len(ab))


def _tone_curve(lightness: NDArray[np.float32], ab: NDArray[np.float32]) -> NDArray[np.float64]:
    """What a* and b* (n, 2) usually are at each lightness: medians, straight lines between."""
    bins = np.minimum(lightness * (_BINS / 100.0), _BINS - 1).astype(np.intp)
    fewest = max(_FEWEST, _RAREST * len(ab))
    at, usual = [], []
    for i in range(_BINS):
        inside = bins == i
        if np.count_nonzero(inside) >= fewest:
            at.append(lightness[inside].mean())
            usual.append(np.median(ab[inside], axis=0))
    if not at:
        at, usual = [np.float32(50)], [np.median(ab, axis=0)]
    curve = np.array(usual)
    return np.stack([np.interp(lightness, at, curve[:, i]) for i in range(2)], axis=-1)


def _from_line(ab: NDArray[np.float32], hue: float) -> NDArray[np.float32]:
    """Distance (n,) of colours (n, 2) from the half-line of a hue in degrees."""
    a, b = np.cos(np.deg2rad(hue)), np.sin(np.deg2rad(hue))
    along, aside = ab[:, 0] * a + ab[:, 1] * b, np.abs(ab[:, 0] * b - ab[:, 1] * a)
    distance: NDArray[np.float32] = np.where(along > 0, aside, _length(ab))
    return distance


def _length(ab: NDArray[Any]) -> NDArray[Any]:
    length: NDArray[Any] = np.sqrt(ab[:, 0] ** 2 + ab[:, 1] ** 2)  # hypot takes ten times as long
    return length
