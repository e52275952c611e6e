"""A film as a folder of pictures, one for each frame, as scanners of film make them.

The frames are the pictures of a folder that :mod:`colorizer.photo` reads, in the natural order of
their names ("9" before "10"), one after the other at a rate that somebody has to say. Numbers that
are missing take no time. A picture's grey is its luma, in the full range.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

from ..errors import CorruptFilm, ImageError, InvalidSetting, UnsupportedFilm
from ..folders import Walk
from ..photo import Photo, probe, read
from .container import UnreadableFilm
from .film import FASTEST, FilmInfo
from .luma import Levels, Matrix
from .reading import Frame

#: frames a second if nobody says otherwise: of sound film
USUAL_RATE = Fraction(24)
_SLOWEST = Fraction(1, 3600)
_MATRIX: Matrix = "bt709"
#: of what is told of single frames
_MOST_TOLD = 5


def rate_of(number: Fraction | float | str) -> Fraction:
    """Frames a second as a fraction: of 16, 23.976, "24000/1001".

    Raises:
        InvalidSetting: if it is none.
    """
    try:
        rate = Fraction(number).limit_denominator(1001)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise InvalidSetting(f"{number!r} is no number of frames a second.") from error
    if not _SLOWEST <= rate <= FASTEST:
        raise InvalidSetting(
            f"A film has at least one frame an hour and at most {FASTEST} frames a second, "
            f"not {number} a second."
        )
    return rate


class ImageSequence:
    """A folder of frames; to be read as :class:`.reading.Film` is. All headers are read at once.

    Args:
        folder: where the pictures are; folders in it, hidden files and other files are not looked
            at.
        rate: frames a second.
        max_pixels: of a frame.

    Attributes:
        files: the frames in their order.
        info, levels, first_pts, time_base, primaries, transfer, bottom_first, begins_again: as of a
            film; the units of time are frames.
        warnings: what is odd, in plain sentences; more of them as frames are read.

    Raises:
        UnreadableFilm: if the folder cannot be read.
        UnsupportedFilm: if there are no pictures in it, or not all are of one size.
        ImageError: of its kinds, see :func:`colorizer.photo.probe`; it names the frame.
        InvalidSetting: if there can be no such rate.
    """

    first_pts = 0
    bottom_first = begins_again = False
    #: of sRGB
    primaries, transfer = 1, 13

    def __init__(self, folder: Path, rate: Fraction | float | str | None, max_pixels: int) -> None:
        self.rate = USUAL_RATE if rate is None else rate_of(rate)
        self.time_base = 1 / self.rate
        self.files = _pictures(folder)
        self._max_pixels = max_pixels
        self._of_frames: dict[Path, tuple[str, ...]] = {}
        several, kind = self._require_one_size()
        self._said = [*_gaps(self.files), *_alike(self.files), *several]
        first = self._photo(self.files[0])
        self.levels = _levels(first)
        self.info = FilmInfo(
            width=first.width,
            height=first.height,
            duration=float(len(self.files) / self.rate),
            rate=self.rate,
            frames=len(self.files),
            bits=first.bit_depth,
            codec=kind,
            alpha=first.alpha is not None,
        )

    def _require_one_size(self) -> tuple[list[str], str]:
        """What is said of files with several pages, and the format of the first file."""
        headers = (probe(file, max_pixels=self._max_pixels) for file in self.files)
        first = next(headers)
        several = [self.files[0]] if first.pages > 1 else []
        for file, header in zip(self.files[1:], headers, strict=True):
            if (header.width, header.height) != (first.width, first.height):
                raise UnsupportedFilm(
                    f"{file.name} has {header.width} x {header.height} pixels, but "
                    f"{self.files[0].name} has {first.width} x {first.height}; "
                    "all frames of a film are of one size."
                )
            if header.pages > 1:
                several.append(file)
        if not several:
            return [], first.format
        count = f" and {len(several) - 1} more" if len(several) > 1 else ""
        text = f"{several[0].name}{count} with several pages: of each the first one was taken."
        return [text], first.format

    @property
    def warnings(self) -> list[str]:
        """See the class."""
        found = [text for texts in self._of_frames.values() for text in texts]
        more = len(found) - _MOST_TOLD
        rest = [f"{more} more are like that."] if more > 0 else []
        return [*self._said, *found[:_MOST_TOLD], *rest]

    def all_jumps(self) -> list[int]:
        """Its clock does not begin again."""
        return []

    def seconds(self, pts: int) -> float:
        """From the first frame."""
        return float(pts / self.rate)

    def pts(self, seconds: float) -> int:
        """Number of the frame that begins nearest to it, of two the first."""
        return math.ceil(Fraction(seconds) * self.rate - Fraction(1, 2))

    def frames(self, start: int | None = None) -> Iterator[Frame]:
        """All frames from number ``start`` on, counted from 0.

        Raises:
            ImageError: if one cannot be read; it names the file.
            CorruptFilm: if one has another size than its header said.
        """
        for number in range(start or 0, len(self.files)):
            file = self.files[number]
            photo = self._photo(file)
            if (photo.width, photo.height) != (self.info.width, self.info.height):
                raise CorruptFilm(f"{file.name} was changed while the film was read.")
            yield Frame(photo.pixels, _levels(photo), number, 1, photo=photo)

    def glimpses(self, count: int) -> Iterator[Frame]:
        """At most so many frames from all over it; what cannot be read is told in its turn."""
        total = len(self.files)
        for number in sorted({(2 * i + 1) * total // (2 * count) for i in range(count)}):
            with suppress(CorruptFilm, ImageError):
                yield from islice(self.frames(number), 1)

    def _photo(self, file: Path) -> Photo:
        photo = read(file, max_pixels=self._max_pixels)
        if photo.warnings:
            self._of_frames[file] = photo.warnings
        return photo

    @property
    def identity(self) -> str:
        """Another one if frames have come or gone, or have other names."""
        return _digest(file.name for file in self.files)

    def state(self, first: int, stop: int) -> str:
        """Another one if one of the frames from ``first`` to before ``stop`` was changed."""
        found = (file.stat() for file in self.files[first:stop])
        return _digest(f"{state.st_size} {state.st_mtime_ns}" for state in found)


def _levels(photo: Photo) -> Levels:
    return Levels(8 * photo.pixels.dtype.itemsize, True, _MATRIX)


def _digest(texts: Iterator[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()


def _pictures(folder: Path) -> list[Path]:
    walk = Walk(lambda left_out: None, recursive=False)
    found = sorted(walk(folder), key=lambda path: (natural(path.name), path.name))
    if walk.failed:
        raise UnreadableFilm(f"The folder {folder} cannot be read.")
    if not found:
        raise UnsupportedFilm(
            f"There are no frames in {folder}: pictures such as PNG, TIFF and JPEG "
            "(DPX and OpenEXR are to be made TIFF of 16 bits first)."
        )
    return found


def natural(name: str) -> tuple[str | int, ...]:
    """A key by which names are in their natural order: numbers in them by what they count."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts))


def _gaps(files: Sequence[Path]) -> list[str]:
    """Which numbers are missing, where the names differ in one number alone."""
    found = [re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", file.stem, re.DOTALL) for file in files]
    if len({match and (match[1], match[3]) for match in found}) != 1 or found[0] is None:
        return []
    numbers = [int(match[2]) for match in found if match]
    step = math.gcd(*(b - a for a, b in pairwise(numbers)))
    if step == 0:
        return []
    gaps = [(a + step, b - step) for a, b in pairwise(numbers) if b - a > step]
    if not gaps:
        return []
    missing = sum((last - first) // step + 1 for first, last in gaps)
    texts = [f"{a}" if a == b else f"{a} to {b}" for a, b in gaps[:_MOST_TOLD]]
    more = " and more" if len(gaps) > _MOST_TOLD else ""
    frames = "1 frame is" if missing == 1 else f"{missing} frames are"
    return [
        f"By the numbers {frames} missing ({', '.join(texts)}{more}); "
        "those that are there follow each other without a pause."
    ]


def _alike(files: Sequence[Path]) -> list[str]:
    """What is said of files that are called alike but for the suffix."""
    count = Counter(file.stem for file in files)
    alike = [file.name for file in files if count[file.stem] > 1]
    if not alike:
        return []
    more = f" and {len(alike) - 2} more" if len(alike) > 2 else ""
    return [
        f"{alike[0]}, {alike[1]}{more} differ in the suffix alone; "
        "each of them was taken as a frame of its own."
    ]
