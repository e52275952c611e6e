"""What is coloured: a film in a file, or a folder of frames; what it is, and moments of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import CorruptFilm, InvalidSetting
from ..photo import Photo
from ..photo.srgb import to_depth
from .bars import picture_of
from .container import opened
from .film import FilmInfo, Still
from .reading import MAX_PIXELS, Film, Frame, Path_
from .sequence import ImageSequence

Source = Film | ImageSequence
Rate = Fraction | float | str


@contextmanager
def sources(
    path: Path,
    count: int,
    max_pixels: int = MAX_PIXELS,
    deinterlace: bool = False,
    frame_rate: Rate | None = None,
) -> Iterator[list[Source]]:
    """The same film, so many times, each to be read at its own place; closed at the end.

    Raises:
        FilmError, ImageError: as :class:`.reading.Film` and :class:`.sequence.ImageSequence`.
        InvalidSetting: if a film is given a frame rate, or a folder is to be deinterlaced.
    """
    if path.is_dir():
        if deinterlace:
            raise InvalidSetting(
                "Pictures in a folder are whole frames; they are not deinterlaced."
            )
        yield [ImageSequence(path, frame_rate, max_pixels)] * count
        return
    if frame_rate is not None:
        raise InvalidSetting("A film has its own frame rate; it is given for a folder of frames.")
    with ExitStack() as stack:
        found = [stack.enter_context(opened(path)) for _ in range(count)]
        yield [Film(*pair, path, max_pixels, deinterlace) for pair in found]


def probe(path: Path_, max_pixels: int = MAX_PIXELS, frame_rate: Rate | None = None) -> FilmInfo:
    """What a film is, or a folder of frames; the first frame is decoded.

    Args:
        frame_rate: frames a second of a folder, see :func:`.colorize`.

    Raises:
        UnreadableFilm: if the file cannot be opened.
        UnsupportedFilm: if it is not a film, or has no moving pictures; if there are no pictures
            in the folder, or not all are of one size.
        CorruptFilm: if no frame of it can be read.
        FilmTooLarge: if its frames have more than ``max_pixels``.
        ImageError: if a frame in a folder is no picture, damaged or too large.
        InvalidSetting: if a film is given a frame rate, or a folder an impossible one.
        PackageMissing: without PyAV.
    """
    with sources(Path(path), 1, max_pixels, frame_rate=frame_rate) as (source,):
        return source.info


def stills(
    path: Path_,
    count: int = 10,
    *,
    times: Sequence[float] | None = None,
    deinterlace: bool = False,
    frame_rate: Rate | None = None,
    whole: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> list[Still]:
    """Moments of a film as grey photographs, to choose settings by.

    Args:
        path: a film, or a folder of frames.
        count: how many, spread evenly over the film; it may have less frames.
        times: which ones, in seconds, in any order; then ``count`` is not looked at. One that is
            beyond the end is left out.
        deinterlace, frame_rate, whole: see :func:`.colorize`.
        max_pixels: as for :func:`probe`, and the same errors.

    Raises:
        InvalidSetting: if ``count`` is below 1 or a time below 0.
    """
    path = Path(path)
    if count < 1 or min(times or [0]) < 0:
        raise InvalidSetting("Stills are one or more, at times of 0 or later.")
    with sources(path, 1, max_pixels, deinterlace, frame_rate) as (source,):
        picture = None if whole else picture_of(source, path, max_pixels)
        if times is None:
            length = source.info.duration or count
            times = [length * (i + 0.5) / count for i in range(count)]
        found: dict[int, Still] = {}
        for time in times:
            frame = next(source.frames(source.pts(time)), None)
            if frame is not None:
                photo = replace(_still(frame, source.info), picture=picture)
                found[frame.pts] = Still(source.seconds(frame.pts), photo)
    if not found and not times:
        raise CorruptFilm(f"{path.name} holds no frame that can be read.")
    return [found[pts] for pts in sorted(found)]


def _still(frame: Frame, info: FilmInfo) -> Photo:
    """Grey, with square pixels."""
    if frame.photo is not None:
        return frame.photo
    grey = frame.grey
    if info.pixel_aspect != 1:
        from PIL import Image

        width = max(round(info.width * info.pixel_aspect), 1)
        image = Image.fromarray(grey.astype(np.float32))
        image = image.resize((width, info.height), Image.Resampling.BICUBIC)
        grey = np.clip(np.rint(np.asarray(image)), 0, 65535).astype(np.uint16)
    if frame.levels.bits == 8:
        return Photo(to_depth(grey, 8))
    return Photo(grey, bit_depth=16)
