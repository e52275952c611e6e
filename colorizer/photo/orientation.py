"""The eight EXIF orientations (EXIF 2.32, tag 0x0112), undone on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

SWAPS_SIDES = frozenset({5, 6, 7, 8})

#: degrees by which a picture may be turned
TURNS = (0, 90, 180, 270)
#: what the orientations become, one after the other, as the picture is turned by 90 degrees
_QUARTERS = ((1, 6, 3, 8), (2, 7, 4, 5))


def turned(orientation: int, degrees: int) -> int:
    """The orientation of a picture that is turned clockwise once it is upright.

    Args:
        orientation: EXIF's, 1..8.
        degrees: one of :data:`TURNS`.
    """
    quarters = next(row for row in _QUARTERS if orientation in row)
    return quarters[(quarters.index(orientation) + degrees // 90) % 4]


def upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn ``values`` (H, W, ...) stored with the given EXIF orientation (1..8) the right way up.

    The result is contiguous; orientation 1 returns the array itself if it already is.
    """
    import numpy as np

    if orientation in SWAPS_SIDES:
        values = values.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    if flip_rows:
        values = values[::-1]
    if flip_columns:
        values = values[:, ::-1]
    return np.ascontiguousarray(values)
