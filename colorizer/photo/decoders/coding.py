"""Colours by their numbers in ITU-T H.273: what PNG's cICP and the boxes of AVIF and HEIC say.

The curve of BT.709 and of those that share it is a camera's. Pictures with it are shown as sRGB, as
browsers and players of films do.
"""

from __future__ import annotations

from ..icc import made_profile

#: transfer characteristics -> linear light is this power of the code; None is the curve of sRGB
_GAMMAS = {1: None, 4: 2.2, 5: 2.8, 6: None, 8: 1.0, 13: None, 14: None, 15: None}
_SMPTE = (0.63, 0.34, 0.31, 0.595, 0.155, 0.07)
#: colour primaries with white at D65 -> x and y of red, green and blue; None are those of sRGB
_PRIMARIES = {
    1: None,
    2: None,  # not said
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: _SMPTE,
    7: _SMPTE,
    9: (0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: (0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}


def is_known(primaries: int, transfer: int) -> bool:
    """Whether :func:`profile` knows what these mean."""
    return primaries in _PRIMARIES and transfer in _GAMMAS


def profile(primaries: int, transfer: int, *, colour: bool) -> bytes | None:
    """A profile that says the same, for a picture in colour or in grey; None is sRGB."""
    gamma, corners = _GAMMAS.get(transfer), _PRIMARIES.get(primaries) if colour else None
    if gamma is None and corners is None:
        return None
    return made_profile("rgb" if colour else "gray", gamma, corners)
