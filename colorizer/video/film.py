"""What is said of a film: its header, what a person knows of it, how it is written, how it goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import InvalidGuidance, InvalidSetting
from ..guidance import Hint, Reference, Words

if TYPE_CHECKING:
    from ..photo import Photo
    from ..photo.mount import Box

#: how a film is written: H.264, H.265, Apple ProRes 422 HQ, FFV1 (without loss)
Codec = Literal["h264", "h265", "prores", "ffv1"]
CODECS: tuple[Codec, ...] = get_args(Codec)
#: how its frames are written as pictures, without loss
PictureFormat = Literal["png", "tiff"]
PICTURE_FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)
#: hints of one film at the most
MOST_HINTS = 200
#: what is said of films with alpha
NO_OPACITY = "The film's opacity (alpha) is left out."
#: frames a second that a film has at most
FASTEST = 1000


@dataclass(frozen=True)
class FilmInfo:
    """What is known of a film, or of a folder of frames, before it is read.

    Attributes:
        width, height: px, the right way up.
        duration: seconds; None where the file does not say.
        rate: frames a second, on the average; None where the file does not say.
        frames: how many there are likely to be; None where that is not known.
        pixel_aspect: width of a pixel over its height.
        rotation: degrees by which the stored frames are turned to be upright, counter-clockwise.
        interlaced: whether its first frames are said to be.
        bits: of a luma sample, 8 to 16.
        codec, container: as FFmpeg calls them; of a folder the format of its first picture, and "".
        audio, subtitles, chapters: how many of them there are.
        alpha: whether its pixels have opacity.
    """

    width: int
    height: int
    duration: float | None
    rate: Fraction | None
    frames: int | None
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    interlaced: bool = False
    bits: int = 8
    codec: str = ""
    container: str = ""
    audio: int = 0
    subtitles: int = 0
    chapters: int = 0
    alpha: bool = False


@dataclass(frozen=True)
class Still:
    """One moment of a film.

    Attributes:
        time: seconds from the film's beginning.
        photo: grey, upright, with square pixels; its picture is what the bars leave.
    """

    time: float
    photo: Photo


def seconds_of(text: str) -> float | None:
    """Of a time as people write it: 90, 1:30, 0:01:30.5; None if it is none."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(parts) > 3 or not all(0 <= number < 1e9 for number in numbers):
        return None
    total = 0.0
    for number in numbers:
        total = total * 60 + number
    return total


@dataclass(frozen=True)
class FilmHint:
    """The colour of a place at a time; it goes with the motion, within its shot.

    Attributes:
        time: seconds from the film's beginning, 0 or more.
        hint: place and colour in the frame that is seen then.

    Raises:
        InvalidGuidance: if the time is none.
    """

    time: float
    hint: Hint

    def __post_init__(self) -> None:
        if not 0 <= self.time < float("inf"):
            raise InvalidGuidance(f"The time of a hint must be 0 or more, not {self.time:g}.")

    @classmethod
    def parse(cls, text: str) -> FilmHint:
        """A hint of its short form: ``TIME@X,Y,COLOUR[,REACH]``, TIME as in :func:`seconds_of`.

        Raises:
            InvalidGuidance: if it is none.
        """
        time, at, rest = text.partition("@")
        seconds = seconds_of(time)
        if not at or seconds is None:
            shown = repr(text if len(text) <= 60 else f"{text[:57]}...")
            raise InvalidGuidance(f"A hint of a film is written time@x,y,colour, not {shown}.")
        return cls(seconds, Hint.parse(rest))

    @property
    def text(self) -> str:
        """The short form; the time to a microsecond, so that it is in the same frame."""
        time = f"{self.time:.6f}".rstrip("0").rstrip(".")
        return f"{time}@{self.hint.text}"


@dataclass(frozen=True)
class FilmGuidance:
    """What a person knows of a film.

    Attributes:
        hints: at most 200.
        reference: a picture of like palette, for all of it, or None.
        words: said of all of it, or None.

    Raises:
        InvalidGuidance: if there are too many hints.
    """

    hints: tuple[FilmHint, ...] = ()
    reference: Reference | None = None
    words: Words | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        if len(self.hints) > MOST_HINTS:
            raise InvalidGuidance(
                f"A film takes {MOST_HINTS} hints at most, not {len(self.hints)}."
            )

    def as_note(self) -> dict[str, Any]:
        """Numbers and text, without the palette."""
        found: dict[str, Any] = {}
        if self.hints:
            found["hints"] = [hint.text for hint in self.hints]
        if self.reference is not None:
            found["reference"] = {"name": self.reference.name, "amount": self.reference.amount}
        if self.words is not None:
            found["words"] = asdict(self.words)
        return found


@dataclass(frozen=True)
class Output:
    """How the film is written.

    Attributes:
        codec: one of :data:`CODECS`.
        crf: of H.264 and H.265, 0 (nearly without loss) to 51; None is 18 and 20.
        bits: 8 or 10 (ProRes: 10); None keeps 8, and makes 10 of more.

    Raises:
        InvalidSetting: if one of them is not right.
    """

    codec: Codec = "h264"
    crf: int | None = None
    bits: int | None = None

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            raise InvalidSetting(
                f"There is no codec {self.codec!r} here; known are {', '.join(CODECS)}."
            )
        if self.crf is not None and not 0 <= self.crf <= 51:
            raise InvalidSetting(f"crf must be between 0 and 51, not {self.crf}.")
        if self.crf is not None and self.codec not in ("h264", "h265"):
            raise InvalidSetting("crf is for h264 and h265 only.")
        if self.bits not in (None, 8, 10):
            raise InvalidSetting(f"bits must be 8 or 10, not {self.bits}.")
        if self.bits == 8 and self.codec == "prores":
            raise InvalidSetting("ProRes has 10 bits.")


@dataclass(frozen=True)
class Pictures:
    """How a film is written as a folder of pictures, one for each frame.

    Attributes:
        format: one of :data:`PICTURE_FORMATS`; None is TIFF if the film's frames are, else PNG.
        bits: 8 or 16; None is what a frame has, and 16 of films with more than 8.

    Raises:
        InvalidSetting: if one of them is not right.
    """

    format: PictureFormat | None = None
    bits: int | None = None

    def __post_init__(self) -> None:
        if self.format not in (None, *PICTURE_FORMATS):
            raise InvalidSetting(
                f"Frames are not written as {self.format!r}, but as {' or '.join(PICTURE_FORMATS)}."
            )
        if self.bits not in (None, 8, 16):
            raise InvalidSetting(f"bits of pictures must be 8 or 16, not {self.bits}.")


@dataclass(frozen=True)
class Progress:
    """How far a film is.

    Attributes:
        frames: that are written, those of an earlier run included.
        total: how many it will be; None where that is not known.
        rate: frames a second, of this run.
        seconds_left: None where that is not known.
    """

    frames: int
    total: int | None
    rate: float
    seconds_left: float | None


@dataclass(frozen=True)
class Result:
    """What has become of a film.

    Attributes:
        target: the film or the folder; None if it was stopped before there was a frame.
        frames: in it.
        complete: False if it was stopped: then the target is playable (or has the first frames)
            and ends early, and the same call goes on from where it was.
        shots: that were found.
        key_frames: frames that the network has seen.
        seconds: that this run took.
        warnings: what could not be kept and what is odd, in plain sentences.
        picture: what of each frame was coloured; None: all of it.
    """

    target: Path | None
    frames: int
    complete: bool
    shots: int
    key_frames: int
    seconds: float
    warnings: tuple[str, ...] = field(default=())
    picture: Box | None = None
