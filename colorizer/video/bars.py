"""Bars beside a film's picture: of another shape of screen, or what lies around a scanned frame.

They stand still while the picture moves. So moments from all over the film are laid one on
another: the brightest that each pixel gets, and the darkest. On the first of these two pictures
dark bars are what :mod:`colorizer.photo.mount` finds around a photograph, on the second bright
ones. A film that fills its frame at any of these moments has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..photo.mount import Box, find_picture
from .container import opened
from .film import FilmGuidance
from .reading import Film, Frame
from .sequence import ImageSequence

#: that are looked at
MOMENTS = 24
#: px to which edges are moved outwards: chroma has half of luma's resolution
_GRID = 2


def picture_of(source: Film | ImageSequence, path: Path, max_pixels: int) -> Box | None:
    """Where the picture is in the frames; None if it fills them.

    Args:
        source: an open film; it stays where it is.
        path: of it.
        max_pixels: of a frame.
    """
    brightest = darkest = None
    for frame in _moments(source, path, max_pixels):
        grey = np.asarray(frame.grey >> 8, np.uint8)
        if brightest is None or darkest is None:
            brightest, darkest = grey, grey.copy()
        np.maximum(brightest, grey, out=brightest)
        np.minimum(darkest, grey, out=darkest)
    if brightest is None or darkest is None:
        return None
    for extreme, is_beyond in ((brightest, np.less), (darkest, np.greater)):
        found = find_picture(extreme)
        if found is not None and is_beyond(*_tones(extreme, found)):
            return _on_grid(found, *extreme.shape)
    return None


def _moments(source: Film | ImageSequence, path: Path, max_pixels: int) -> Iterator[Frame]:
    if isinstance(source, ImageSequence):
        yield from source.glimpses(MOMENTS)
        return
    with opened(path) as pair:  # decoders take memory: this one is gone before the work begins
        yield from Film(*pair, path, max_pixels).glimpses(MOMENTS)


def _tones(grey: NDArray[Any], box: Box) -> tuple[float, float]:
    """Means of the bars and of the picture."""
    inside = np.zeros(grey.shape, bool)
    inside[box.on(*grey.shape)] = True
    return float(grey[~inside].mean()), float(grey[inside].mean())


def _on_grid(box: Box, height: int, width: int) -> Box:
    rows, columns = box.on(height, width)
    (top, bottom), (left, right) = _outwards(rows, height), _outwards(columns, width)
    return Box(top / height, left / width, bottom / height, right / width)


def _outwards(span: slice, size: int) -> tuple[int, int]:
    return span.start // _GRID * _GRID, min(-(-span.stop // _GRID) * _GRID, size)


def inside(guidance: FilmGuidance, picture: Box | None) -> tuple[FilmGuidance, list[str]]:
    """The same hints as places of the picture; those beside it are left out, which is said."""
    if picture is None:
        return guidance, []
    kept, told = [], []
    for hint in guidance.hints:
        x, y = hint.hint.x, hint.hint.y
        if picture.holds(x, y):
            x, y = picture.inside(x, y)
            kept.append(replace(hint, hint=replace(hint.hint, x=x, y=y)))
        else:
            told.append(
                f"A hint at {hint.time:g} s is on a bar beside the picture, which stays grey; "
                "it is left out."
            )
    return replace(guidance, hints=tuple(kept)), told
